/* Shim programs. See shim.h. */
#include "containerd/shim.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/file.h"
#include "containerd/bundle.h"
#include "containerd/reaper.h"
#include "oci/digest.h"
#include "rpc/rpc.h"

#define START_TIMEOUT_MS  60000
#define DELETE_TIMEOUT_MS 120000

extern char **environ;

/* ---- names ---- */

static const char *own_directory(struct arena *a)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	exe[MAX(n, 0)] = '\0';
	slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	return arena_strdup(a, exe);
}

/* PATH first, then the directory of the daemon. */
static const char *find_program(struct arena *a, const char *name, struct err *e)
{
	const char *path = proc_find(a, name);

	if (!path && !strchr(name, '/'))
		path = proc_find(a, arena_printf(a, "%s/%s", own_directory(a), name));
	if (!path)
		err_set(e, ERR_NOT_FOUND,
		        "failed to start shim: failed to resolve runtime path: runtime \"%s\" "
		        "binary "
		        "not installed: file does not exist",
		        name);
	return path;
}

const char *shim_binary(struct arena *a, const char *runtime, struct err *e)
{
	const char *version = strrchr(runtime, '.'), *name;
	char *program;

	if (runtime[0] == '/')
		return find_program(a, runtime, e);
	for (name = version; name && name > runtime && name[-1] != '.'; name--)
		;
	if (!name || name == version || !version[1]) {
		err_set(e, ERR_INVALID,
		        "invalid runtime name %s, correct runtime name should be "
		        "either format like `io.containerd.runc.v2` or a full path to "
		        "the binary: invalid argument",
		        runtime);
		return NULL;
	}
	program = arena_printf(a, "containerd-shim-%.*s-%s", (int)(version - name), name,
	                       version + 1);
	return find_program(a, program, e);
}

/* ---- running ---- */

static int memory_file(struct slice content, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("shim", MFD_CLOEXEC);

	if (fd < 0)
		return err_errno(e, errno, "memfd");
	if (fd_write_all(fd, content.data, content.len, e) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(e, errno, "memfd");
	return take_fd(&fd);
}

static struct slice read_back(struct arena *a, int fd)
{
	char *text = arena_alloc(a, LIMIT_SMALL_FILE + 1);
	ssize_t n = pread(fd, text, LIMIT_SMALL_FILE, 0);

	text[MAX(n, 0)] = '\0';
	return (struct slice){ text, (size_t)MAX(n, 0) };
}

/* Ours, and what the contract adds. */
static const char *const *environment(const struct shim_command *c, struct arena *a)
{
	struct strs env = { 0 };

	for (char **p = environ; *p; p++)
		if (!str_starts(*p, "NOTIFY_SOCKET=")) /* ours: runc would pass it on */
			arena_push(a, &env, *p);
	arena_push(a, &env, "GOMAXPROCS=2");
	arena_push(a, &env, "MAX_SHIM_VERSION=2");
	arena_push(a, &env, arena_printf(a, "TTRPC_ADDRESS=%s", c->d->config->ttrpc_address));
	arena_push(a, &env, arena_printf(a, "GRPC_ADDRESS=%s", c->d->config->grpc_address));
	arena_push(a, &env, arena_printf(a, "NAMESPACE=%s", c->ns));
	arena_push(a, &env, NULL);
	return env.v;
}

static const char *const *arguments(const struct shim_command *c, struct arena *a,
                                    const char *action)
{
	const char *self = arena_printf(a, "%s/containerd", own_directory(a));
	const char *const fixed[] = {
		c->binary,         "-namespace", c->ns, "-address", c->d->config->grpc_address,
		"-publish-binary", self,         "-id", c->id
	};
	struct strs args = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		arena_push(a, &args, fixed[i]);
	if (str_eq(action, "delete")) {
		arena_push(a, &args, "-bundle");
		arena_push(a, &args, c->bundle);
	}
	if (log_enabled(LOG_DEBUG))
		arena_push(a, &args, "-debug");
	arena_push(a, &args, action);
	arena_push(a, &args, NULL);
	return args.v;
}

/*
 * Runs the binary in the bundle. Its output goes to a memory file: the shim that `start` leaves
 * behind inherits it, and a pipe would have no end while that lives.
 */
static int run(const struct shim_command *c, struct arena *a, const char *action, struct slice in,
               int timeout_ms, struct slice *out, struct slice *log, struct err *e)
{
	struct slice none = { "", 0 };
	_cleanup_close_ int in_fd = memory_file(in, e);
	_cleanup_close_ int out_fd = memory_file(none, e);
	_cleanup_close_ int log_fd = memory_file(none, e);
	struct proc_spawn s = { .file = c->binary,
		                .argv = arguments(c, a, action),
		                .env = environment(c, a),
		                .cwd = c->bundle };
	int code;

	if (in_fd < 0 || out_fd < 0 || log_fd < 0)
		return -1;
	s.fd[0] = in_fd;
	s.fd[1] = out_fd;
	s.fd[2] = log_fd;
	code = reaper_run(&s, timeout_ms, e);
	if (code < 0)
		return -1;
	*out = read_back(a, out_fd);
	*log = read_back(a, log_fd);
	return code;
}

static const char *trim(struct arena *a, struct slice s)
{
	while (s.len > 0 && (s.data[s.len - 1] == '\n' || s.data[s.len - 1] == ' '))
		s.len--;
	return arena_strndup(a, s.data, s.len);
}

static int failed(const struct shim_command *c, struct arena *a, const char *action, int code,
                  struct slice out, struct slice log, struct err *e)
{
	const char *text = trim(a, log.len ? log : out);

	return err_set(e, ERR_UNKNOWN, "%s %s: exit status %d: %s", c->binary, action, code, text);
}

/* ---- start ---- */

const char *shim_default_address(const struct shim_command *c, struct arena *a)
{
	const char *path = arena_printf(a, "%s/%s/%s", c->d->config->grpc_address, c->ns, c->id);
	char hex[DIGEST_HEX + 1];

	sha256_hex(path, strlen(path), hex);
	return arena_printf(a, "unix:///run/containerd/s/%s", hex);
}

/* The shim's own end removes it, unless that was SIGKILL. Others of a group may still be served. */
void shim_remove_socket(const struct shim_command *c)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *address = bundle_read(&a, c->bundle, "address");
	const char *path = str_after(address ? address : shim_default_address(c, &a), "unix://");

	if (path && path_exists(path) && !unix_is_served(path))
		unlink(path);
}

#define SHIM_PARAMS(F)                \
	F(I64, version, "version", 0) \
	F(STR, address, "address", 0) \
	F(STR, protocol, "protocol", 0)
JSON_STRUCT(shim_params, SHIM_PARAMS)
JSON_TYPE(shim_params, SHIM_PARAMS)

/* A bare address, or JSON that says more. */
static const char *parse_address(struct arena *a, const char *text, struct err *e)
{
	struct shim_params p;

	if (text[0] == '{') {
		if (json_decode(a, &shim_params_type, slice_of(text), &p, e) < 0)
			return NULL;
		if (p.version > 2 || (p.protocol && *p.protocol && !str_eq(p.protocol, "ttrpc"))) {
			err_set(e, ERR_UNIMPLEMENTED,
			        "shim speaks version %lld over %s: not implemented",
			        (long long)p.version, p.protocol ? p.protocol : "");
			return NULL;
		}
		text = p.address ? p.address : "";
	}
	if (!str_starts(text, "unix://") && text[0] != '/') {
		err_set(e, ERR_UNKNOWN, "unexpected output of the shim: %.200s", text);
		return NULL;
	}
	return text;
}

const char *shim_start(const struct shim_command *c, struct arena *a, struct slice options,
                       struct err *e)
{
	struct slice out, log;
	int code = run(c, a, "start", options, START_TIMEOUT_MS, &out, &log, e);

	if (code > 0)
		code = failed(c, a, "start", code, out, log, e);
	if (code < 0) {
		err_wrap(e, "start shim");
		return NULL;
	}
	return parse_address(a, trim(a, out), e);
}

/* ---- delete ---- */

static Shim__DeleteResponse *delete_once(const struct shim_command *c, struct arena *a,
                                         struct err *e)
{
	struct slice out, log, none = { "", 0 };
	int code = run(c, a, "delete", none, DELETE_TIMEOUT_MS, &out, &log, e);

	if (code == 0)
		return rpc_unpack(a, &shim__delete_response__descriptor, out.data, out.len, e);
	if (code > 0)
		failed(c, a, "delete", code, out, log, e);
	return NULL;
}

/* It may be killed like anybody, and nobody else would do its work. */
Shim__DeleteResponse *shim_delete(const struct shim_command *c, struct arena *a, struct err *e)
{
	Shim__DeleteResponse *end = delete_once(c, a, e);

	return end || e->kind == ERR_DEADLINE ? end : delete_once(c, a, e);
}
