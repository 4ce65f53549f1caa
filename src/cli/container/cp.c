/*
 * docker cp: GET and PUT /containers/ID/archive. The rules of names are in cp_paths.c, the archives in
 * cp_pack.c and cp_unpack.c.
 */
#include <stdio.h>
#include <unistd.h>

#include "api/archive.h"
#include "base/base64.h"
#include "base/fd.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/container/cp_pack.h"
#include "cli/container/cp_unpack.h"
#include "cli/format/units.h"

struct cp_options {
	bool archive, follow_link, quiet;
};
static const struct flag cp_rows[] = {
	FLAG(cp_options, BOOL, archive, "archive", 'a', "Keep user and group"),
	FLAG(cp_options, BOOL, follow_link, "follow-link", 'L', "Follow a link that is the source"),
	FLAG(cp_options, BOOL, quiet, "quiet", 'q',
	     "No progress; there is none either where stdout is no terminal"),
};
const struct flags cp_flags = FLAGS(cp_options, cp_rows);

struct copy {
	struct cli *cli;
	bool keep_ids, follow, quiet;
	const char *container, *inside, *outside;
	int64_t bytes; /* of the archive that went over the wire */
};

/* The archive that comes out of a container. */
struct incoming {
	struct copy *c;
	struct http_conn *conn;
};
/* ... and the one that goes into it. */
struct outgoing {
	struct copy *c;
	struct api_upload *u;
};

/* --- the daemon's side --- */

static void archive_path(struct api_path *path, const struct copy *c, const char *inside)
{
	api_path_start(path, "/containers/", c->container, "/archive");
	api_query(path, "path", inside);
}

/* The answer's header about the path. */
static int read_stat(struct arena *a, const struct http_response *rs, struct api_path_stat *out,
                     struct err *e)
{
	const char *text = http_header_get(&rs->headers, "X-Docker-Container-Path-Stat");
	struct slice json;

	if (!text || !base64_decode(a, text, &json))
		return err_set(e, ERR_INTERNAL, "unable to decode container path stat header");
	return json_decode(a, &api_path_stat_type, json, out, e);
}

static int stat_inside(const struct copy *c, const char *inside, struct api_path_stat *out,
                       struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct http_response rs;
	struct http_conn *conn;
	int r;

	archive_path(&path, c, inside);
	conn = api_open(c->cli,
	                &(struct api_request){ .method = "HEAD", .path = buf_cstr(&path.b) }, &rs,
	                e);
	if (!conn)
		return -1;
	r = read_stat(&c->cli->arena, &rs, out, e);
	http_conn_free(conn);
	return r;
}

/* Where a link in the container leads. */
static const char *link_target(struct arena *a, const char *path, const char *target)
{
	const char *dir, *base;

	if (*target == '/')
		return target;
	cp_split(a, path, &dir, &base);
	return path_clean(a, path_join(a, dir, target));
}

/* --- progress --- */

static void announce(const struct copy *c)
{
	if (!c->quiet && isatty(STDERR_FILENO))
		fputs("\x1b[s"
		      "Preparing to copy...",
		      stderr);
}

static void report(const struct copy *c, const char *to)
{
	char size[UNITS_TEXT];

	if (c->quiet)
		return;
	if (isatty(STDERR_FILENO))
		fputs("\x1b[u\x1b[2K", stderr);
	fprintf(stderr, "Successfully copied %s to %s\n", size_format(size, (double)c->bytes, 3),
	        to);
}

/* --- out of a container --- */

static ssize_t read_body(void *arg, void *p, size_t n, struct err *e)
{
	struct incoming *in = arg;
	ssize_t got = http_body_read(in->conn, p, n, e);

	in->c->bytes += MAX(got, 0);
	return got;
}

static int unpack(struct copy *c, struct http_conn *conn, const struct cp_info *from,
                  const char *to, struct err *e)
{
	struct arena *a = &c->cli->arena;
	struct incoming in = { c, conn };
	struct tar_source source = { read_body, &in, 0, 0 };
	char rest[4096];
	ssize_t n;
	struct cp_plan rebase = { 0 }, plan;
	const char *dir, *base;
	struct cp_info target;

	cp_split(a, from->path, &dir, &base);
	if (from->rebase)
		rebase = (struct cp_plan){ .from = base, .to = from->rebase };
	if (cp_target_info(a, to, &target, e) < 0 || cp_plan(a, from, &target, &plan, e) < 0)
		return -1;
	if (cp_unpack(&source, &rebase, &plan, e) < 0)
		return -1;
	while ((n = read_body(&in, rest, sizeof(rest), e)) > 0)
		;
	return (int)n;
}

/* With -L a source that is a link stands for what it leads to, under its own name. */
static void follow_source(struct copy *c, struct cp_info *from)
{
	struct api_path_stat st;
	struct err ignored = { 0 };

	if (!c->follow || stat_inside(c, from->path, &st, &ignored) < 0 ||
	    !(st.mode & GO_MODE_SYMLINK))
		return;
	from->path =
	        cp_rebase(&c->cli->arena, from->path,
	                  link_target(&c->cli->arena, from->path, st.link_target), &from->rebase);
}

static int receive(struct copy *c, struct cp_info *from, const char *to, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct api_path_stat st;
	struct http_response rs;
	struct http_conn *conn;
	int r;

	archive_path(&path, c, from->path);
	conn = api_open(c->cli, &(struct api_request){ .method = "GET", .path = buf_cstr(&path.b) },
	                &rs, e);
	if (!conn)
		return -1;
	r = read_stat(&c->cli->arena, &rs, &st, e);
	if (r == 0 && str_eq(to, "-")) {
		r = api_body_to_fd(conn, STDOUT_FILENO, e);
	} else if (r == 0) {
		from->is_dir = st.mode & GO_MODE_DIR;
		announce(c);
		r = unpack(c, conn, from, to, e);
		report(c, to);
	}
	http_conn_free(conn);
	return r;
}

static int copy_out(struct copy *c, struct err *e)
{
	struct cp_info from = { .path = c->inside, .exists = true };
	const char *to = c->outside;

	if (!str_eq(to, "-") && cp_local_path(&c->cli->arena, to, &to, e) < 0)
		return -1;
	if (cp_check_output(&c->cli->arena, to, e) < 0)
		return -1;
	follow_source(c, &from);
	return receive(c, &from, to, e);
}

/* --- into a container --- */

static int write_upload(void *arg, const void *p, size_t n, struct err *e)
{
	struct outgoing *out = arg;

	api_upload_write(out->u, p, n);
	out->c->bytes += (int64_t)n;
	return out->u->stopped ? err_set(e, ERR_CANCELED, "the daemon takes no more") : 0;
}

/* What is below a path of ours; "-" is an archive from stdin. */
static int send_content(struct copy *c, struct api_upload *u, const char *path, const char *name,
                        struct err *e)
{
	struct outgoing out = { c, u };
	struct tar_sink sink = { write_upload, &out };

	if (!path)
		return api_upload_fd(u, STDIN_FILENO, e);
	if (cp_pack(&sink, path, name, e) < 0 && !u->stopped)
		return -1;
	err_clear(e); /* the daemon's answer says why it stopped */
	return 0;
}

static int put(struct copy *c, const char *dir, const char *path, const char *name, struct err *e)
{
	_cleanup_upload_ struct api_upload u = { 0 };
	_cleanup_path_ struct api_path query = { 0 };
	struct api_request rq = { .method = "PUT", .upload = true };
	struct http_response rs;

	archive_path(&query, c, dir);
	api_query(&query, "noOverwriteDirNonDir", "true");
	if (c->keep_ids)
		api_query(&query, "copyUIDGID", "true");
	rq.path = buf_cstr(&query.b);
	if (api_upload_start(c->cli, &rq, &u, e) < 0 || send_content(c, &u, path, name, e) < 0)
		return -1;
	return api_upload_end(c->cli, &u, &rs, e);
}

/* The place in the container, one link followed. Only what is a file or a folder can be written. */
static int target_inside(struct copy *c, struct cp_info *out, struct err *e)
{
	struct api_path_stat st = { 0 };
	struct err missing = { 0 };
	int r = stat_inside(c, c->inside, &st, &missing);

	*out = (struct cp_info){ .path = c->inside };
	if (r == 0 && st.mode & GO_MODE_SYMLINK) {
		out->path = link_target(&c->cli->arena, c->inside, st.link_target);
		st = (struct api_path_stat){ 0 };
		err_clear(&missing);
		r = stat_inside(c, out->path, &st, &missing);
	}
	if (st.mode & GO_MODE_DEVICE)
		return err_set(e, ERR_INVALID,
		               "destination \"%s:%s\" must be a directory or a regular file: got a "
		               "device",
		               c->container, c->inside);
	if (r < 0 && missing.kind == ERR_UNAVAILABLE) {
		*e = missing;
		return -1;
	}
	out->exists = r == 0;
	out->is_dir = r == 0 && st.mode & GO_MODE_DIR;
	return 0;
}

static int copy_in(struct copy *c, struct err *e)
{
	struct arena *a = &c->cli->arena;
	const char *path = c->outside, *dir, *base;
	struct cp_info from, to;
	struct cp_plan plan;
	int r;

	if (!str_eq(path, "-") && cp_local_path(a, path, &path, e) < 0)
		return -1;
	if (target_inside(c, &to, e) < 0)
		return -1;
	if (str_eq(path, "-")) {
		if (!to.is_dir)
			return err_set(e, ERR_INVALID, "destination \"%s:%s\" must be a directory",
			               c->container, c->inside);
		return put(c, to.path, NULL, NULL, e);
	}
	if (cp_source_info(a, path, c->follow, &from, e) < 0 ||
	    cp_plan(a, &from, &to, &plan, e) < 0)
		return -1;
	cp_split(a, from.path, &dir, &base);
	announce(c);
	r = put(c, plan.dir, from.path, plan.to ? plan.to : from.rebase ? from.rebase : base, e);
	report(c, arena_printf(a, "%s:%s", c->container, to.path));
	return r;
}

int container_cp(struct cli *cli, struct call *call, struct err *e)
{
	const struct cp_options *o = call->options;
	const char *from = call->args.v[0], *to = call->args.v[1], *from_path, *to_path;
	const char *from_container, *to_container;
	struct copy c = { .cli = cli, .keep_ids = o->archive, .follow = o->follow_link };

	if (!*from || !*to)
		return err_set(e, ERR_INVALID, "%s can not be empty",
		               *from ? "destination" : "source");
	c.quiet = GIVEN(call, cp_options, quiet) ? o->quiet : !isatty(STDOUT_FILENO);
	cp_split_arg(&cli->arena, from, &from_container, &from_path);
	cp_split_arg(&cli->arena, to, &to_container, &to_path);
	if (from_container && to_container)
		return err_set(e, ERR_INVALID, "copying between containers is not supported");
	if (!from_container && !to_container)
		return err_set(e, ERR_INVALID, "must specify at least one container source");
	c.container = from_container ? from_container : to_container;
	c.inside = from_container ? from_path : to_path;
	c.outside = from_container ? to_path : from_path;
	return from_container ? copy_out(&c, e) : copy_in(&c, e);
}
