/* runc exec: runs a further process in a running container. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "runc/command.h"
#include "runc/foreground.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"

struct options {
	const char *process, *cwd, *user, *console_socket, *pidfd_socket, *pid_file;
	const char *process_label, *apparmor;
	struct strs env, gids, caps, cgroups;
	bool tty, detach, no_new_privs, ignore_paused;
	int64_t preserve_fds;
};

static bool id_parse(const char *text, size_t n, struct arena *a, uint64_t *out)
{
	return str_u64(arena_strndup(a, text, n), out) && *out < UINT32_MAX;
}

/* "uid[:gid]", numbers only: a name would be looked up in a file of the container's. */
static int set_user(struct arena *a, struct oci_process *p, const char *text, struct err *e)
{
	const char *colon = strchr(text, ':');

	if (!p->user)
		p->user = arena_new(a, struct oci_user);
	if (colon && !id_parse(colon + 1, strlen(colon + 1), a, &p->user->gid))
		return err_set(e, ERR_INVALID, "parsing %s as int for gid failed", colon + 1);
	if (!id_parse(text, strcspn(text, ":"), a, &p->user->uid))
		return err_set(e, ERR_INVALID, "parsing %s as int for uid failed", text);
	return 0;
}

static int add_gids(struct arena *a, struct oci_process *p, const struct strs *gids, struct err *e)
{
	for (size_t i = 0; i < gids->n; i++) {
		uint64_t gid;

		if (!id_parse(gids->v[i], strlen(gids->v[i]), a, &gid))
			return err_set(e, ERR_INVALID, "parsing %s as int for gid failed",
			               gids->v[i]);
		if (!p->user)
			p->user = arena_new(a, struct oci_user);
		arena_push(a, &p->user->additional_gids, gid);
	}
	return 0;
}

static bool contains(const struct strs *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i], s))
			return true;
	return false;
}

/* Never inheritable (CVE-2022-29162); ambient where the configuration had it inheritable. */
static void add_caps(struct arena *a, struct oci_process *p, const struct strs *caps)
{
	if (caps->n && !p->capabilities)
		p->capabilities = arena_new(a, struct oci_capabilities);
	for (size_t i = 0; i < caps->n; i++) {
		arena_push(a, &p->capabilities->bounding, caps->v[i]);
		arena_push(a, &p->capabilities->effective, caps->v[i]);
		arena_push(a, &p->capabilities->permitted, caps->v[i]);
		if (contains(&p->capabilities->inheritable, caps->v[i]))
			arena_push(a, &p->capabilities->ambient, caps->v[i]);
	}
}

static int read_process(struct arena *a, const char *path, struct oci_process *out, struct err *e)
{
	struct slice text;

	if (file_read(a, AT_FDCWD, path, LIMIT_CONFIG_FILE, &text, e) < 0)
		return -1;
	return json_decode(a, &oci_process_type, text, out, e);
}

/* The container's own process with what the flags say instead. */
static int make_process(const struct call *call, const struct container *c, struct oci_process *out,
                        struct err *e)
{
	const struct options *o = call->options;
	struct oci_spec spec;

	if (container_spec(c, &spec, e) < 0)
		return -1;
	*out = *spec.process;
	out->terminal = o->tty;
	out->console_size = NULL;
	out->args = (struct strs){ call->args.n - 1, call->args.v + 1 };
	if (o->cwd)
		out->cwd = o->cwd;
	if (o->process_label)
		out->selinux_label = o->process_label;
	if (o->apparmor)
		out->apparmor_profile = o->apparmor;
	if (o->no_new_privs)
		out->no_new_privileges = true;
	for (size_t i = 0; i < o->env.n; i++)
		arena_push(call->a, &out->env, o->env.v[i]);
	add_caps(call->a, out, &o->caps);
	if (!str_empty(o->user) && set_user(call->a, out, o->user, e) < 0)
		return -1;
	return add_gids(call->a, out, &o->gids, e);
}

static int attend(struct foreground *f, pid_t pid, bool terminal, struct err *e)
{
	if (terminal && foreground_take_terminal(f, e) < 0)
		return -1;
	return foreground_attend(f, pid, e);
}

static int enter(const struct call *call, struct container *c, const struct oci_process *p,
                 struct err *e)
{
	const struct options *o = call->options;
	bool proxy = p->terminal && !o->detach && str_empty(o->console_socket);
	_cleanup_foreground_ struct foreground f;
	_cleanup_close_ int pidfd = -1;
	struct exec_options x = {
		.process = p,
		.console_socket = o->console_socket,
		.console_fd = -1,
		.pidfd_socket = o->pidfd_socket,
		.pid_file = o->pid_file,
		.ignore_paused = o->ignore_paused,
		.cgroups = &o->cgroups,
	};
	pid_t pid;

	if (foreground_begin(&f, proxy, false, e) < 0 ||
	    call_keep_fds(o->preserve_fds, &x.keep_fds, e) < 0)
		return -1;
	x.console_fd = f.console[0];
	pid = container_exec(c, &x, &pidfd, e);
	if (pid < 0)
		return -1;
	return o->detach ? 0 : attend(&f, pid, proxy, e);
}

static int load_and_enter(const struct call *call, struct err *e)
{
	_cleanup_container_ struct container c = { .dir = -1 };
	const struct options *o = call->options;
	struct oci_process p;

	if (call_load(call, &c, e) < 0)
		return -1;
	if (!o->process && call->args.n < 2)
		return err_set(e, ERR_INVALID, "process args cannot be empty");
	if ((o->process ? read_process(call->a, o->process, &p, e)
	                : make_process(call, &c, &p, e)) < 0)
		return -1;
	return enter(call, &c, &p, e);
}

static int run(const struct call *call, struct err *e)
{
	int code = load_and_enter(call, e);

	return code < 0 ? err_wrap(e, "exec failed") : code;
}

#define FLAG(name, alias, kind, member, help)                                           \
	{                                                                               \
		name, alias, FLAG_##kind, offsetof(struct options, member), help, false \
	}
static const struct flag flags[] = {
	FLAG("console-socket", "", STRING, console_socket,
	     "path to an AF_UNIX socket which will receive the console's master"),
	FLAG("pidfd-socket", "", STRING, pidfd_socket,
	     "path to an AF_UNIX socket which will receive the pidfd of the process"),
	FLAG("cwd", "", STRING, cwd, "current working directory in the container"),
	FLAG("env", "e", LIST, env, "set environment variables"),
	FLAG("tty", "t", BOOL, tty, "allocate a pseudo-TTY"),
	FLAG("user", "u", STRING, user, "UID (format: <uid>[:<gid>])"),
	FLAG("additional-gids", "g", LIST, gids, "additional gids"),
	FLAG("process", "p", STRING, process, "path to the process.json"),
	FLAG("detach", "d", BOOL, detach, "detach from the container's process"),
	FLAG("pid-file", "", STRING, pid_file, "specify the file to write the process id to"),
	FLAG("process-label", "", STRING, process_label,
	     "set the asm process label for the process"),
	FLAG("apparmor", "", STRING, apparmor, "set the apparmor profile for the process"),
	FLAG("no-new-privs", "", BOOL, no_new_privs,
	     "set the no new privileges value for the process"),
	FLAG("cap", "c", LIST, caps, "add a capability to the bounding set for the process"),
	FLAG("preserve-fds", "", INT, preserve_fds,
	     "pass N additional file descriptors to the process (stdio + $LISTEN_FDS + N)"),
	FLAG("cgroup", "", LIST, cgroups,
	     "run the process in an (existing) sub-cgroup. Format is [<controller>:]<cgroup>"),
	FLAG("ignore-paused", "", BOOL, ignore_paused, "allow exec in a paused container"),
};

const struct command cmd_exec = {
	.name = "exec",
	.args = "<container-id> <command> [command options]  || -p process.json <container-id>",
	.summary = "execute new process inside the container",
	.flags = FLAGS(flags),
	.options_size = sizeof(struct options),
	.min_args = 1,
	.max_args = -1,
	.stop = true,
	.enters = true,
	.failure = 255,
	.run = run,
};
