/* Starting and ending execs. See exec.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/container/io.h"
#include "engine/container/exec.h"
#include "engine/container/rootfs.h"
#include "engine/spec/spec.h"

#define DRAIN_MS 10000
/* How long a new size waits for the process to start, as in Docker. */
#define RESIZE_WAIT_MS 10000
#define RESIZE_POLL_US 5000

/* ---- events ---- */

static const char *command_line(struct arena *a, const struct exec *x)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < x->config.cmd.n; i++)
		buf_printf(&b, "%s%s", i ? " " : "", x->config.cmd.v[i]);
	return arena_strdup(a, buf_cstr(&b));
}

static void publish(const struct exec *x, const char *action, bool with_command, const char *code)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct json_map more = { 0 };

	json_map_set(&a, &more, "execID", x->id);
	if (code)
		json_map_set(&a, &more, "exitCode", code);
	if (with_command)
		action = arena_printf(&a, "%s: %s", action, command_line(&a, x));
	container_event(x->container, action, &more);
}

void exec_created(struct exec *x)
{
	publish(x, "exec_create", true, NULL);
}

/* ---- stdin ---- */

static void *close_stdin(void *arg)
{
	_cleanup_exec_ struct exec *x = arg;
	struct err e = { 0 };

	if (ctrd_task_close_stdin(x->container->engine, x->container->id, x->id, &e) < 0)
		log_debug("exec %s: close stdin: %s", x->id, e.text);
	return NULL;
}

/* From the pump's thread. */
static void on_stdin_closed(void *arg)
{
	struct exec *x = arg;

	atomic_fetch_add(&x->refs, 1);
	engine_thread(close_stdin, x);
}

/* ---- a listener ---- */

static void on_output(void *arg, const void *p, size_t n)
{
	struct exec *x = arg;

	x->listener.on_output(x->listener.arg, p, n);
}

/* It has no client who could ask for it later. */
static void tell_listener(struct exec *x, int code, const struct err *why)
{
	if (!x->listener.on_end)
		return;
	exec_forget(x);
	x->listener.on_end(x->listener.arg, code, why);
}

/* ---- starting ---- */

int exec_claim(struct exec *x, const struct api_exec_start *how, struct err *e)
{
	const struct json_i64s *size =
	        how->console_size.n ? &how->console_size : &x->config.console_size;
	int r = 0;

	pthread_mutex_lock(&x->lock);
	if (x->status == EXEC_CREATED)
		x->status = EXEC_STARTING;
	else
		r = err_set(e, ERR_PRECONDITION, "Error: Exec command %s %s", x->id,
		            x->status == EXEC_EXITED ? "has already run" : "is already running");
	pthread_mutex_unlock(&x->lock);
	if (r == 0 && x->config.tty && size->n == 2 && size->v[0] > 0 && size->v[1] > 0)
		x->window = (struct oci_box){ (uint64_t)size->v[0], (uint64_t)size->v[1] };
	return r;
}

static struct oci_process *make_process(struct exec *x, struct arena *a, struct err *e)
{
	struct container *c = x->container;
	_cleanup_view_ struct container_view v = { 0 };
	_cleanup_close_ int rootfs = -1;
	struct oci_process *p;
	struct oci_spec spec;

	container_view(c, &v);
	if (!container_is_running(&v.state)) {
		err_set(e, ERR_PRECONDITION, "container %s is not running", c->id);
		return NULL;
	}
	rootfs = rootfs_open_pid(v.state.pid, e);
	if (rootfs < 0 || ctrd_container_spec(c->engine, c->id, a, &spec, e) < 0)
		return NULL;
	p = spec_exec_process(a, &spec, rootfs, v.desc->r.host, &x->config, e);
	if (p && x->window.height > 0)
		p->console_size = &x->window;
	return p;
}

static int open_streams(struct exec *x, struct arena *a, struct ctrd_io *io,
                        const struct stdio_client *client, struct err *e)
{
	struct engine *g = x->container->engine;
	const char *dir = container_io_dir(g, a, x->container->id, x->id);
	struct stdio_config config = { .on_output = x->listener.on_output ? on_output : NULL,
		                       .on_stdin_closed = on_stdin_closed,
		                       .arg = x };

	*io = container_io_paths(g, a, x->container->id, x->id, x->config.attach_stdin,
	                         x->config.tty);
	config.in = io->in;
	config.out = io->out;
	config.err = io->err;
	if (dir_make(dir, 0700, e) < 0)
		return -1;
	config.state_dir = path_join(a, dir, "log");
	x->io = stdio_open(g->pump, &config, e);
	if (!x->io)
		return -1;
	return client ? stdio_attach(x->io, client, e) : 0;
}

/*
 * The exec is over. The state says so first, so that who sees his stream end also sees the exit
 * code; the first who says so is right, and *first. Returns the streams that are left to be drained.
 */
static struct stdio *mark_exited(struct exec *x, int code, bool *first)
{
	struct stdio *io;

	pthread_mutex_lock(&x->lock);
	*first = x->status != EXEC_EXITED;
	if (*first) {
		x->status = EXEC_EXITED;
		x->exit_code = code;
		x->pid = 0;
		x->ended_ms = clock_mono_ms();
	}
	io = x->io;
	x->io = NULL;
	pthread_mutex_unlock(&x->lock);
	return io;
}

static void drain(struct exec *x, struct stdio *io)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct engine *g = x->container->engine;
	struct err e = { 0 };

	if (!io)
		return;
	stdio_exited(io);
	if (stdio_wait(io, DRAIN_MS, &e) < 0)
		log_warn_of(&e, "exec %s: its last output is lost", x->id);
	stdio_close(io);
	if (tree_remove(AT_FDCWD, container_io_dir(g, &a, x->container->id, x->id), &e) < 0)
		log_warn_of(&e, "exec %s", x->id);
}

/* As the CLI maps a failed start; "126: found but cannot run". */
static int code_of_failure(const struct err *e)
{
	if (strcasestr(e->text, "executable file not found") ||
	    strcasestr(e->text, "no such file or directory"))
		return 127;
	return 126;
}

/* The client's stream is the pump's by now: what it shall read goes through the process's pipe. */
static void tell_client(const struct ctrd_io *io, const struct err *e)
{
	_cleanup_close_ int fd = open(io->out, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	char line[sizeof(e->text) + 3];
	int n = snprintf(line, sizeof(line), "%s\r\n", e->text);

	if (fd < 0 || write(fd, line, (size_t)n) < 0)
		log_debug("tell a client of an exec: %s", strerror(errno));
}

static int start_process(struct exec *x, const struct ctrd_io *io, const struct oci_process *p,
                         struct err *e)
{
	struct engine *g = x->container->engine;
	int pid;

	if (ctrd_task_exec(g, x->container->id, x->id, p, io, e) < 0)
		return -1;
	if (ctrd_task_start(g, x->container->id, x->id, &pid, e) < 0) {
		struct err ignored = { 0 };

		if (ctrd_task_delete(g, x->container->id, x->id, NULL, &ignored) < 0)
			log_debug("exec %s: %s", x->id, ignored.text);
		return -1;
	}
	pthread_mutex_lock(&x->lock);
	if (x->status == EXEC_STARTING) { /* else its exit was faster */
		x->status = EXEC_RUNNING;
		x->pid = pid;
	}
	if (x->io)
		stdio_started(x->io);
	pthread_mutex_unlock(&x->lock);
	return 0;
}

int exec_run(struct exec *x, const struct stdio_client *client, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct oci_process *p = make_process(x, &a, e);
	struct ctrd_io io;
	bool attached = false, first;

	if (p && open_streams(x, &a, &io, client, e) == 0) {
		attached = client != NULL;
		publish(x, "exec_start", true, NULL);
		if (start_process(x, &io, p, e) == 0)
			return 0;
	}
	if (attached)
		tell_client(&io, e);
	drain(x, mark_exited(x, code_of_failure(e), &first));
	if (first)
		tell_listener(x, -1, e);
	return attached ? 0 : -1;
}

void exec_run_heard(struct exec *x, const struct exec_listener *l)
{
	struct api_exec_start how = { 0 };
	struct err e = { 0 };

	x->listener = *l;
	if (exec_claim(x, &how, &e) < 0) /* it is new: nobody else can have claimed it */
		log_error_of(&e, "exec %s", x->id);
	else if (exec_run(x, NULL, &e) < 0)
		log_debug("exec %s: %s", x->id, e.text);
}

static enum exec_status status_now(struct exec *x)
{
	enum exec_status status;

	pthread_mutex_lock(&x->lock);
	status = x->status;
	pthread_mutex_unlock(&x->lock);
	return status;
}

/* Clients tell the size of their terminal while the process starts, and give up soon. */
int exec_resize(struct exec *x, unsigned w, unsigned h, struct err *e)
{
	int64_t end = clock_mono_ms() + RESIZE_WAIT_MS;
	enum exec_status status;

	while ((status = status_now(x)) < EXEC_RUNNING && clock_mono_ms() < end)
		usleep(RESIZE_POLL_US);
	if (status != EXEC_RUNNING)
		return err_set(e, ERR_PRECONDITION, "exec process is not started");
	return ctrd_task_resize(x->container->engine, x->container->id, x->id, w, h, e);
}

/* ---- ending ---- */

struct ended {
	struct exec *x;
	struct stdio *io;
	int code;
	bool first;
};

static void *exit_thread(void *arg)
{
	struct ended *end = arg;
	struct exec *x = end->x;
	struct err e = { 0 };
	char code[12];

	snprintf(code, sizeof(code), "%d", end->code);
	drain(x, end->io);
	if (ctrd_task_delete(x->container->engine, x->container->id, x->id, NULL, &e) < 0)
		log_debug("exec %s: %s", x->id, e.text);
	publish(x, "exec_die", false, code);
	if (end->first)
		tell_listener(x, end->code, NULL);
	exec_unref(x);
	free(end);
	return NULL;
}

void exec_exited(struct exec *x, const struct ctrd_exit *exit)
{
	struct ended *end = malloc(sizeof(*end));

	if (!end)
		abort();
	atomic_fetch_add(&x->refs, 1);
	end->x = x;
	end->code = exit->code;
	end->io = mark_exited(x, exit->code, &end->first);
	engine_thread(exit_thread, end);
}
