/*
 * The `delete` action: containerd calls it when a shim is gone, after a normal end as well as after
 * a crash. Whatever is left of the container is removed; stdout gets a DeleteResponse.
 */
#include <fcntl.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "proto/shim.pb-c.h"
#include "rpc/wkt.h"
#include "shim/record.h"
#include "shim/rootfs.h"
#include "shim/runc.h"
#include "shim/shim.h"

#define KILLED (128 + 9)

static int force_delete(struct arena *a, const struct shim_args *args, const char *bundle,
                        struct err *e)
{
	const char *const delete_args[] = { "delete", "--force", args->id, NULL };
	struct runc_command c = {
		.args = delete_args,
		.what = "OCI runtime delete failed",
		.fd = { PROC_NULL, PROC_NULL, PROC_INHERIT },
	};
	struct runc_options o;
	struct runc r = { .bundle = bundle, .hold = -1 };
	int tries = 0;

	if (options_load(a, bundle, &o, e) < 0)
		return -1;
	r.binary = options_binary(&o);
	r.root = options_root(a, &o, args->ns);
	r.systemd_cgroup = o.systemd_cgroup;
	while (runc_wait(&r, &c, e) < 0)
		if (++tries == RUNC_DELETE_TRIES)
			return -1;
	return 0;
}

/* How the container ended: as the shim recorded it, or killed by us. */
static struct exit_record find_end(struct arena *a, const char *bundle)
{
	struct exit_record r;
	pid_t pid;

	if (exit_record_load(a, bundle, &r, NULL) == 0)
		return r;
	r = (struct exit_record){ .exit_status = KILLED, .exited_at = clock_now_ns() };
	if (pid_file_read(path_join(a, bundle, "init.pid"), &pid, NULL) == 0)
		r.pid = pid;
	return r;
}

static int print_response(struct arena *a, const struct exit_record *r, struct err *e)
{
	Shim__DeleteResponse *resp = pb_new(a, shim__delete_response, Shim__DeleteResponse);
	struct slice out;

	pb_set(resp, pid, (uint32_t)r->pid);
	pb_set(resp, exit_status, (uint32_t)r->exit_status);
	resp->exited_at = wkt_timestamp(a, r->exited_at);
	out = pb_pack(a, resp);
	return fd_write_all(STDOUT_FILENO, out.data, out.len, e);
}

/* A socket that nobody listens on any more; other containers of a group may still be served. */
static void remove_socket(struct arena *a, const char *bundle)
{
	const char *path;
	struct slice text;

	if (file_read(a, AT_FDCWD, path_join(a, bundle, "address"), 4096, &text, NULL) < 0)
		return;
	path = str_after(arena_strndup(a, text.data, text.len), "unix://");
	if (path && !unix_is_served(path))
		unlink(path);
}

int shim_delete(const struct shim_args *args, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *bundle = args->bundle ? args->bundle : getcwd(arena_alloc(&a, 4096), 4096);
	struct exit_record r;

	if (!bundle)
		return err_set(e, ERR_INVALID, "no bundle");
	bundle_await(bundle);
	r = find_end(&a, bundle);
	/* The runtime may know nothing of it: a shim can die before it creates. */
	if (!r.deleted && force_delete(&a, args, bundle, e) < 0)
		log_warn_of(e, "delete container %s", args->id);
	if (rootfs_unmount(bundle, e) < 0)
		return -1;
	remove_socket(&a, bundle);
	return print_response(&a, &r, e);
}
