/*
 * containerd.services.diff.v1.Diff: Apply turns a layer into files, by the `unpack` helper, which
 * reads the blob on its stdin and is the only one that looks at what is in it. Diff: diff_make.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "containerd/blobs.h"
#include "containerd/content.h"
#include "containerd/diff.h"
#include "containerd/helper.h"
#include "containerd/reaper.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "oci/image.h"
#include "proto/diff.pb-c.h"
#include "rpc/wkt.h"

/* A layer that takes longer than this is stuck. */
#define UNPACK_TIMEOUT_MS (3600 * 1000)

/* ---- where to ---- */

struct target {
	const char *path;
	struct strs parents; /* nearest first */
};

static void split_lower(struct arena *a, const char *list, struct strs *out)
{
	while (*list) {
		size_t n = strcspn(list, ":");

		arena_push(a, out, arena_strndup(a, list, n));
		list += n + (list[n] == ':');
	}
}

/* Files of an overlay go to its upper directory; a writable bind mount's to its source. */
static int target_of(struct arena *a, const Diff__ApplyRequest *req, struct target *t,
                     struct err *e)
{
	const Types__Mount *m = req->n_mounts == 1 ? req->mounts[0] : NULL;

	*t = (struct target){ 0 };
	for (size_t i = 0; m && i < m->n_options; i++) {
		const char *option = m->options[i];
		bool overlay = str_eq(m->type, "overlay");

		if (overlay && str_starts(option, "upperdir="))
			t->path = str_after(option, "upperdir=");
		else if (overlay && str_starts(option, "lowerdir="))
			split_lower(a, str_after(option, "lowerdir="), &t->parents);
		else if (str_eq(m->type, "bind") && str_eq(option, "rw"))
			t->path = m->source;
	}
	if (t->path)
		return 0;
	return err_set(e, ERR_UNIMPLEMENTED,
	               "apply to these mounts is not there yet: a writable overlayfs snapshot is "
	               "needed: not implemented");
}

/* ---- the helper ---- */

static const char *const *helper_args(struct arena *a, const char *path, const char *compression,
                                      const struct target *t)
{
	struct strs args = { 0 };

	arena_push(a, &args, path);
	arena_push(a, &args, "--compression");
	arena_push(a, &args, compression);
	for (size_t i = 0; i < t->parents.n; i++) {
		arena_push(a, &args, "--parent");
		arena_push(a, &args, t->parents.v[i]);
	}
	if (t->parents.n == 0)
		arena_push(a, &args, "--lowest");
	arena_push(a, &args, "--target");
	arena_push(a, &args, t->path);
	arena_push(a, &args, NULL);
	return args.v;
}

/* The line that the helper printed, or NULL. */
static const char *run_helper(struct arena *a, const char *compression, const struct target *t,
                              int blob, struct err *e)
{
	_cleanup_close_ int out_fd = helper_output(e);
	_cleanup_close_ int err_fd = helper_output(e);
	const char *path = helper_path(a, "unpack");
	struct proc_spawn s = { .file = path,
		                .argv = helper_args(a, path, compression, t),
		                .fd = { blob, out_fd, err_fd },
		                .die_with_parent = true };
	int code;

	if (out_fd < 0 || err_fd < 0)
		return NULL;
	code = reaper_run(&s, UNPACK_TIMEOUT_MS, e);
	if (code == 0)
		return helper_text(a, out_fd);
	if (code > 0)
		err_set(e, ERR_UNKNOWN, "%s", helper_text(a, err_fd));
	return NULL;
}

/* "sha256:... SIZE" */
static Types__Descriptor *parse_result(struct arena *a, const char *text, struct err *e)
{
	Types__Descriptor *d = pb_new(a, types__descriptor, Types__Descriptor);
	const char *blank = strchr(text, ' ');
	int64_t size;

	d->media_type = MEDIA_OCI_LAYER;
	d->digest = blank ? arena_strndup(a, text, (size_t)(blank - text)) : "";
	if (!digest_is_sha256(d->digest) || !str_i64(blank + 1, &size)) {
		err_set(e, ERR_INTERNAL, "unexpected output of unpack: %s", text);
		return NULL;
	}
	pb_set(d, size, size);
	return d;
}

/* ---- the service ---- */

static int check_access(struct rpc_call *call, const char *digest, struct err *e)
{
	const char *ns = request_namespace(call, e);
	_cleanup_tx_ struct tx tx = { 0 };

	if (!ns || tx_begin(&tx, request_daemon(call)->db, DB_READ, e) < 0)
		return -1;
	return content_find(&tx, rpc_call_arena(call), ns, digest, e) ? 0 : -1;
}

static int diff_apply(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Diff__ApplyRequest *req = reqp;
	Diff__ApplyResponse *resp = respp;
	struct arena *a = rpc_call_arena(call);
	const char *digest = req->diff ? field_text(req->diff->digest) : "";
	const char *compression = req->diff ? media_layer_compression(req->diff->media_type) : NULL;
	_cleanup_close_ int blob = -1;
	struct target target;
	const char *out;
	int64_t size;

	if (target_of(a, req, &target, e) < 0 || check_access(call, digest, e) < 0)
		return -1;
	blob = blobs_read(request_daemon(call)->blobs, digest, &size, e);
	if (blob < 0)
		return -1;
	out = run_helper(a, compression ? compression : "auto", &target, blob, e);
	if (!out)
		return err_wrap(e, "failed to extract layer %s", digest);
	resp->applied = parse_result(a, out, e);
	return resp->applied ? 0 : -1;
}

SERVICE_ROUTES(diff, { RPC_DIFF_APPLY, diff_apply }, { RPC_DIFF_DIFF, diff_make })
