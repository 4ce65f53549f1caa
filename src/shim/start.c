/*
 * The `start` action. It reads from stdin what containerd has to say, finds the socket of the group
 * that the container belongs to, and prints where a shim listens: one that serves the group already,
 * or a new one, which it forks (the server needs nothing that exec would bring).
 *
 * What containerd writes and expects differs by its version. Up to 2.2: options (an Any) or nothing,
 * and the bare address; from 2.3 on: BootstrapParams, which carry our own id, and a BootstrapResult.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "oci/digest.h"
#include "proto/bootstrap.pb-c.h"
#include "rpc/rpc.h"
#include "rpc/wkt.h"
#include "shim/record.h"
#include "shim/shim.h"

#define SOCKET_DIR "/run/containerd/s"

struct start {
	const struct shim_args *args;
	struct arena *a;
	const Bootstrap__BootstrapParams *params; /* NULL: an older containerd */
	const char *shim_cgroup;
	const char *dir;    /* where sockets are made */
	const char *socket; /* below it */
	int lock;           /* on it, while a group's socket is looked for and made */
};

/* ---- what comes in ---- */

int shim_read_stdin(struct buf *b, struct err *e)
{
	ssize_t n;

	do {
		buf_reserve(b, 4096);
		n = read(STDIN_FILENO, b->data + b->len, 4096);
		if (n > 0)
			b->len += (size_t)n;
		if (b->len > LIMIT_TTRPC_MESSAGE)
			return err_set(e, ERR_EXHAUSTED, "stdin: too long");
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? err_errno(e, errno, "stdin") : 0;
}

/* Both are protobuf messages whose first field is a string; ours holds our own id. */
static int read_parameters(struct start *s, struct err *e)
{
	_cleanup_buf_ struct buf in = { 0 };
	Bootstrap__BootstrapParams *params;
	struct runc_options o;
	Google__Any *any;

	if (shim_read_stdin(&in, e) < 0)
		return -1;
	params = rpc_unpack(s->a, &bootstrap__bootstrap_params__descriptor, in.data, in.len, NULL);
	if (params && str_eq(params->instance_id, s->args->id)) {
		s->params = params;
		return 0;
	}
	any = rpc_unpack(s->a, &google__any__descriptor, in.data, in.len, e);
	/* Options of another type are for Create to refuse. */
	if (any && options_from_any(s->a, any, &o, NULL) == 0)
		s->shim_cgroup = o.shim_cgroup;
	return any ? 0 : err_wrap(e, "options on stdin");
}

/* ---- where to listen ---- */

#define SPEC(F) F(MAP, annotations, "annotations", 0)
JSON_STRUCT(spec, SPEC)
JSON_TYPE(spec, SPEC)

/* Containers of one group share a shim: those of a Kubernetes pod, or what an annotation says. */
static int find_group(struct start *s, const char **group, struct err *e)
{
	static const char *const names[] = {
		"io.containerd.runc.v2.group",
		"io.kubernetes.cri.sandbox-id",
	};
	struct slice text;
	struct spec spec;

	*group = s->args->id;
	if (file_read(s->a, AT_FDCWD, "config.json", LIMIT_CONFIG_FILE, &text, e) < 0 ||
	    json_decode(s->a, &spec_type, text, &spec, e) < 0)
		return err_wrap(e, "config.json");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = json_map_get(&spec.annotations, names[i]);

		if (!str_empty(value)) {
			*group = value;
			break;
		}
	}
	return 0;
}

static int find_socket(struct start *s, struct err *e)
{
	const char *group, *name;
	char hash[DIGEST_HEX + 1];

	s->dir =
	        s->params && !str_empty(s->params->socket_dir) ? s->params->socket_dir : SOCKET_DIR;
	if (find_group(s, &group, e) < 0 || dir_make(s->dir, 0700, e) < 0)
		return -1;
	name = path_clean(s->a,
	                  arena_printf(s->a, "%s/%s/%s", s->args->address, s->args->ns, group));
	sha256_hex(name, strlen(name), hash);
	s->socket = path_join(s->a, s->dir, hash);
	return 0;
}

/* Two containers of a new group may start at once: one makes the shim, the other finds it. */
static int lock_sockets(struct start *s, struct err *e)
{
	s->lock = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->lock < 0 || flock(s->lock, LOCK_EX) < 0)
		return err_errno(e, errno, "lock %s", s->dir);
	return 0;
}

static bool somebody_listens(const char *socket)
{
	_cleanup_close_ int fd = unix_connect(socket, NULL);

	return fd >= 0;
}

/* ---- the server ---- */

static int write_text(const char *path, const char *text, struct err *e)
{
	return file_write(AT_FDCWD, path, text, strlen(text), 0644, e);
}

/* One more than containerd's: when memory runs out a shim goes before containerd, not after. */
static void adjust_oom_score(void)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct slice text;
	int64_t score;

	if (file_read(&a, AT_FDCWD, "/proc/self/oom_score_adj", LIMIT_SMALL_FILE, &text, NULL) <
	            0 ||
	    !str_i64(arena_strndup(&a, text.data, strcspn(text.data, "\n")), &score) ||
	    score >= 1000)
		return;
	if (write_text("/proc/self/oom_score_adj", arena_printf(&a, "%d", (int)score + 1), NULL) <
	    0)
		log_warn("cannot adjust the OOM score");
}

/* In every v1 hierarchy that has such a group, or in the v2 one. */
static int join_cgroup(void *path, int dirfd, const char *name)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *file = arena_printf(&a, "%s%s/cgroup.procs", name, (const char *)path);

	if (faccessat(dirfd, file, W_OK, 0) == 0 && file_write(dirfd, file, "0", 1, 0, NULL) < 0)
		log_warn("cannot join control group %s", file);
	return 0;
}

static void enter_cgroup(struct start *s)
{
	const char *path = s->shim_cgroup;

	if (str_empty(path))
		return;
	path = path_clean(s->a, arena_printf(s->a, "/%s", path));
	join_cgroup((void *)path, AT_FDCWD, "/sys/fs/cgroup");
	(void)!dir_each(AT_FDCWD, "/sys/fs/cgroup", join_cgroup, (void *)path, NULL);
}

/*
 * Leaves containerd's session and pipes. stderr becomes the bundle's fifo `log`, which containerd
 * reads; it is opened for both directions, so that a containerd that is away does no harm.
 */
static int detach(struct err *e)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	_cleanup_close_ int log = open("log", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (null < 0)
		return err_errno(e, errno, "open /dev/null");
	setsid();
	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log < 0 ? null : log, 2) < 0)
		return err_errno(e, errno, "redirect");
	if (chdir("/") < 0)
		return err_errno(e, errno, "change to /");
	return 0;
}

static int serve(struct start *s, int listen_fd, struct err *e)
{
	unsetenv("LISTEN_FDS"); /* of containerd; a runtime would take what it inherits for them */
	adjust_oom_score();
	enter_cgroup(s);
	if (detach(e) < 0)
		return -1;
	return shim_serve(s->args, listen_fd, s->socket, e);
}

/* The child lives as the server and does not return. */
static int fork_server(struct start *s, struct err *e)
{
	_cleanup_close_ int listen_fd = unix_listen(s->socket, 0600, e);
	pid_t pid = listen_fd < 0 ? -1 : fork();

	if (listen_fd < 0)
		return -1;
	if (pid < 0)
		return err_errno(e, errno, "fork");
	if (pid > 0)
		return 0;
	fd_close(&s->lock);
	if (serve(s, take_fd(&listen_fd), e) < 0) {
		log_error_of(e, "shim %s ends", s->args->id);
		exit(1);
	}
	exit(0);
}

/* ---- what goes out ---- */

static int print_result(struct start *s, struct err *e)
{
	const char *address = arena_printf(s->a, "unix://%s", s->socket);
	Bootstrap__BootstrapResult r = BOOTSTRAP__BOOTSTRAP_RESULT__INIT;
	struct slice out = slice_of(address);

	if (write_text("address", address, e) < 0)
		return -1;
	if (s->params) {
		pb_set(&r, version, 3);
		r.address = address;
		r.protocol = "ttrpc";
		out = pb_pack(s->a, &r);
	}
	return fd_write_all(STDOUT_FILENO, out.data, out.len, e);
}

int shim_start(const struct shim_args *args, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct start s = { .args = args, .a = &a };

	if (read_parameters(&s, e) < 0 || find_socket(&s, e) < 0 || lock_sockets(&s, e) < 0)
		return -1;
	if (!somebody_listens(s.socket) && fork_server(&s, e) < 0)
		return -1;
	return print_result(&s, e);
}
