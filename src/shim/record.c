/* What the shim leaves in the bundle. See record.h. */
#include "shim/record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "proto/runc.pb-c.h"
#include "rpc/wkt.h"

#define RUNC_ROOT "/run/containerd/runc"

JSON_TYPE(runc_options, RUNC_OPTIONS)
JSON_TYPE(exit_record, EXIT_RECORD)

int options_from_any(struct arena *a, const Google__Any *any, struct runc_options *o, struct err *e)
{
	const Runc__Options *p;

	*o = (struct runc_options){ 0 };
	if (!any || str_empty(any->type_url))
		return 0;
	p = wkt_any_unpack(a, &runc__options__descriptor, any, e);
	if (!p)
		return err_wrap(e, "options");
	*o = (struct runc_options){
		.no_pivot_root = p->no_pivot_root,
		.no_new_keyring = p->no_new_keyring,
		.shim_cgroup = p->shim_cgroup,
		.io_uid = p->io_uid,
		.io_gid = p->io_gid,
		.binary_name = p->binary_name,
		.root = p->root,
		.systemd_cgroup = p->systemd_cgroup,
		.criu_image_path = p->criu_image_path,
		.criu_work_path = p->criu_work_path,
	};
	return 0;
}

static int save(const char *bundle, const char *name, const char *text, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	return file_replace(AT_FDCWD, path_join(&a, bundle, name), text, strlen(text), 0600,
	                    FILE_VOLATILE, e);
}

static int load(struct arena *a, const char *bundle, const char *name, const struct json_table *t,
                void *out, struct err *e)
{
	struct slice text;

	if (file_read(a, AT_FDCWD, path_join(a, bundle, name), LIMIT_SMALL_FILE, &text, e) < 0)
		return -1;
	return json_decode(a, t, text, out, e) < 0 ? err_wrap(e, "%s/%s", bundle, name) : 0;
}

int options_save(const char *bundle, const struct runc_options *o, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	if (save(bundle, "options.json", json_text(&a, &runc_options_type, o), e) < 0)
		return -1;
	return save(bundle, "runtime", o->binary_name ? o->binary_name : "", e);
}

int options_load(struct arena *a, const char *bundle, struct runc_options *o, struct err *e)
{
	struct err problem = { 0 };

	if (load(a, bundle, "options.json", &runc_options_type, o, &problem) == 0)
		return 0;
	*o = (struct runc_options){ 0 };
	if (problem.kind == ERR_NOT_FOUND)
		return 0;
	*e = problem;
	return -1;
}

const char *options_binary(const struct runc_options *o)
{
	return str_empty(o->binary_name) ? "runc" : o->binary_name;
}

const char *options_root(struct arena *a, const struct runc_options *o, const char *ns)
{
	return path_join(a, str_empty(o->root) ? RUNC_ROOT : o->root, ns);
}

int exit_record_save(const char *bundle, const struct exit_record *r, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	return save(bundle, "exit.json", json_text(&a, &exit_record_type, r), e);
}

int exit_record_load(struct arena *a, const char *bundle, struct exit_record *r, struct err *e)
{
	return load(a, bundle, "exit.json", &exit_record_type, r, e);
}

/* ---- who works on the bundle ---- */

#define HOLD_FILE     "busy"
#define AWAIT_MS      10000
#define AWAIT_STEP_US 1000

int bundle_hold(const char *bundle, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = path_join(&a, bundle, HOLD_FILE);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_SH) < 0)
		return err_errno(e, errno, "lock %s", path);
	return take_fd(&fd);
}

/* A bundle without the file was never worked on. What hangs is not waited for for ever. */
void bundle_await(const char *bundle)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = path_join(&a, bundle, HOLD_FILE);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	int64_t until = clock_mono_ms() + AWAIT_MS;

	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (clock_mono_ms() > until) {
			log_warn("%s: somebody still works on it", bundle);
			return;
		}
		usleep(AWAIT_STEP_US);
	}
}

/* ---- */

int pid_file_read(const char *path, pid_t *pid, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct slice text;
	int64_t n;

	if (file_read(&a, AT_FDCWD, path, LIMIT_SMALL_FILE, &text, e) < 0)
		return -1;
	if (!str_i64(arena_strndup(&a, text.data, strcspn(text.data, "\n")), &n) || n <= 0 ||
	    n > INT_MAX)
		return err_set(e, ERR_INTERNAL, "%s: not a pid", path);
	*pid = (pid_t)n;
	return 0;
}
