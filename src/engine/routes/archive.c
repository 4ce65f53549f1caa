/* HEAD, GET and PUT /containers/{id}/archive (docker cp), GET /containers/{id}/export and changes. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "api/archive.h"
#include "base/base64.h"
#include "base/fd.h"
#include "base/limits.h"
#include "engine/routes/container.h"
#include "engine/container/changes.h"
#include "engine/container/files.h"
#include "engine/ctrd/ctrd.h"
#include "engine/container/rootfs.h"
#include "engine/spec/spec.h"

#define PIECE (64 * KIB)

static int path_query(struct api_call *c, const char **path, struct err *e)
{
	*path = api_query(c, "path");
	return **path ? 0 : err_set(e, ERR_INVALID, "bad parameter: path cannot be empty");
}

/* Docker's words for what is not there. */
static int failed(struct api_call *c, const char *path, struct err *e)
{
	if (e->kind == ERR_NOT_FOUND)
		return err_set(e, ERR_NOT_FOUND,
		               "Could not find the file %.200s in container %.64s", path,
		               api_param(c, "id"));
	return -1;
}

static void stat_header(struct api_call *c, const struct files_result *r)
{
	struct api_path_stat st = { .name = r->name,
		                    .size = r->size,
		                    .mode = api_go_mode((unsigned)r->mode),
		                    .mtime = r->mtime,
		                    .link_target = r->link };
	const char *text = json_text(c->arena, &api_path_stat_type, &st);

	http_reply_header(c->reply, "X-Docker-Container-Path-Stat",
	                  base64_encode(c->arena, slice_of(text), BASE64_STANDARD));
}

/* ---- reading ---- */

/* The helper's tar to the client. A client that goes away is no error; the helper is ended then. */
static int relay(struct api_call *c, struct files_call *x, struct err *e)
{
	char *piece = arena_alloc(c->arena, PIECE);
	struct err gone = { 0 };
	ssize_t n;

	if (http_reply_begin(c->reply, 200, "application/x-tar", &gone) < 0)
		return 0;
	while ((n = read(x->out, piece, PIECE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, errno, "read from the files helper");
		if (http_reply_write(c->reply, piece, (size_t)n, &gone) < 0)
			return 0;
	}
	if (files_finish(x, e) < 0)
		return -1;
	(void)!http_reply_end(c->reply, &gone);
	return 0;
}

int api_archive_stat(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	_cleanup_files_ struct files_call x = { 0 };
	struct files_job job = { .what = FILES_STAT };
	struct files_result r;

	if (!box || path_query(c, &job.path, e) < 0)
		return -1;
	if (files_open(&x, box, &job, c->arena, e) < 0 || files_answer(&x, c->arena, &r, e) < 0)
		return failed(c, job.path, e);
	stat_header(c, &r);
	return api_answer_nothing(c, 200);
}

int api_archive_get(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	_cleanup_files_ struct files_call x = { 0 };
	struct files_job job = { .what = FILES_READ };
	struct files_result r;

	if (!box || path_query(c, &job.path, e) < 0)
		return -1;
	if (files_open(&x, box, &job, c->arena, e) < 0 || files_answer(&x, c->arena, &r, e) < 0)
		return failed(c, job.path, e);
	container_event(box, "archive-path", NULL);
	stat_header(c, &r);
	return relay(c, &x, e);
}

int api_container_export(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	_cleanup_files_ struct files_call x = { 0 };
	struct files_job job = { .what = FILES_EXPORT, .path = "/" };
	struct files_result r;

	if (!box || files_open(&x, box, &job, c->arena, e) < 0 ||
	    files_answer(&x, c->arena, &r, e) < 0)
		return -1;
	container_event(box, "export", NULL);
	return relay(c, &x, e);
}

/* ---- writing ---- */

/* copyUIDGID: everything belongs to the container's user. */
static int add_owner(struct api_call *c, struct container *box, struct files_job *job,
                     struct err *e)
{
	_cleanup_view_ struct container_view v = { 0 };
	struct strs none = { 0 };
	struct ctrd_mounts mounts;
	struct spec_user user;
	int rootfs, r;

	container_view(box, &v);
	if (ctrd_snapshot_mounts(c->engine, v.desc->r.snapshotter, box->id, c->arena, &mounts, e) <
	    0)
		return -1;
	rootfs = container_is_running(&v.state) ? rootfs_open_pid(v.state.pid, e)
	                                        : rootfs_open(&mounts, e);
	if (rootfs < 0)
		return -1;
	r = spec_user_lookup(c->arena, rootfs, v.desc->r.config->user, &none, &user, e);
	fd_close(&rootfs);
	if (r < 0)
		return -1;
	job->uid = (struct json_opt_i64){ true, (int64_t)user.uid };
	job->gid = (struct json_opt_i64){ true, (int64_t)user.gid };
	return 0;
}

/* The body to the helper, which may have seen enough before its end. */
static int feed(struct api_call *c, struct files_call *x, struct err *e)
{
	char *piece = arena_alloc(c->arena, PIECE);
	struct err full = { 0 };
	ssize_t n = 0;

	while (c->req->has_body && (n = http_body_read(c->reply->conn, piece, PIECE, e)) > 0)
		if (fd_write_all(x->in, piece, (size_t)n, &full) < 0)
			break;
	fd_close(&x->in);
	return n < 0 ? -1 : 0;
}

int api_archive_put(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	_cleanup_files_ struct files_call x = { 0 };
	struct files_job job = { .what = FILES_WRITE,
		                 .keep_kinds = api_query_flag(c, "noOverwriteDirNonDir") };
	struct files_result r;

	if (!box || path_query(c, &job.path, e) < 0 ||
	    (api_query_flag(c, "copyUIDGID") && add_owner(c, box, &job, e) < 0))
		return -1;
	if (files_open(&x, box, &job, c->arena, e) < 0 || feed(c, &x, e) < 0 ||
	    files_answer(&x, c->arena, &r, e) < 0)
		return failed(c, job.path, e);
	container_event(box, "extract-to-dir", NULL);
	return api_answer_nothing(c, 200);
}

/* ---- what it changed ---- */

int api_container_changes(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	_cleanup_view_ struct container_view v = { 0 };
	struct change_list changes;
	struct ctrd_mounts mounts;

	if (!box)
		return -1;
	container_view(box, &v);
	if (ctrd_snapshot_mounts(c->engine, v.desc->r.snapshotter, box->id, c->arena, &mounts, e) <
	            0 ||
	    changes_read(&mounts, c->arena, &changes, e) < 0)
		return -1;
	return api_answer_list(c, &api_change_type, changes.v, changes.n);
}
