/* See io.h. */
#include "engine/container/io.h"

#include <fcntl.h>
#include "base/file.h"
#include "base/log.h"
#include "engine/container/log_config.h"

#define DRAIN_MS 10000

char *container_io_dir(struct engine *g, struct arena *a, const char *id, const char *exec)
{
	return engine_exec_path(g, a, "containerd/%s/%s", id, exec ? exec : "init");
}

struct ctrd_io container_io_paths(struct engine *g, struct arena *a, const char *id,
                                  const char *exec, bool in, bool terminal)
{
	const char *dir = container_io_dir(g, a, id, exec);

	return (struct ctrd_io){ .in = in ? path_join(a, dir, "stdin") : NULL,
		                 .out = path_join(a, dir, "stdout"),
		                 .err = terminal ? NULL : path_join(a, dir, "stderr"),
		                 .terminal = terminal };
}

/* StdinOnce: the first client's end of input is the program's. */
static void *close_stdin(void *arg)
{
	_cleanup_container_ struct container *c = arg;
	struct err e = { 0 };

	if (ctrd_task_close_stdin(c->engine, c->id, NULL, &e) < 0)
		log_debug("container %s: close stdin: %s", c->id, e.text);
	return NULL;
}

/* From the pump's thread. */
static void on_stdin_closed(void *arg)
{
	engine_thread(close_stdin, container_ref(arg));
}

static int config_of(struct container *c, const struct container_record *r, struct arena *a,
                     const struct ctrd_io *io, struct stdio_config *out, struct err *e)
{
	*out = (struct stdio_config){
		.in = io->in,
		.out = io->out,
		.err = io->err,
		.state_dir = path_join(a, container_io_dir(c->engine, a, c->id, NULL), "log"),
		.on_stdin_closed = on_stdin_closed,
		.arg = c,
	};
	log_config_apply(c->engine, a, r, out);
	if (!out->log_path)
		return 0;
	return dir_make(arena_strndup(a, out->log_path,
	                              (size_t)(strrchr(out->log_path, '/') - out->log_path)),
	                0700, e);
}

/* With io_lock held. */
static int open_locked(struct container *c, const struct container_record *r, struct arena *a,
                       struct ctrd_io *io, struct err *e)
{
	struct engine *g = c->engine;
	struct stdio_config config;

	*io = container_io_paths(g, a, c->id, NULL, r->config->open_stdin, r->config->tty);
	if (c->io)
		return 0;
	if (dir_make(container_io_dir(g, a, c->id, NULL), 0700, e) < 0)
		return -1;
	if (config_of(c, r, a, io, &config, e) < 0)
		return -1;
	c->io = stdio_open(g->pump, &config, e);
	return c->io ? 0 : -1;
}

int container_io_open(struct container *c, const struct container_record *r, struct arena *a,
                      struct ctrd_io *io, struct err *e)
{
	int ret;

	pthread_mutex_lock(&c->io_lock);
	ret = open_locked(c, r, a, io, e);
	pthread_mutex_unlock(&c->io_lock);
	return ret < 0 ? err_wrap(e, "open the streams of the container") : 0;
}

int container_io_attach(struct container *c, const struct stdio_client *client, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_view_ struct container_view v;
	struct ctrd_io io;
	int ret;

	container_view(c, &v);
	pthread_mutex_lock(&c->io_lock);
	ret = open_locked(c, &v.desc->r, &a, &io, e);
	if (ret == 0)
		ret = stdio_attach(c->io, client, e);
	pthread_mutex_unlock(&c->io_lock);
	return ret;
}

void container_io_started(struct container *c)
{
	pthread_mutex_lock(&c->io_lock);
	if (c->io)
		stdio_started(c->io);
	pthread_mutex_unlock(&c->io_lock);
}

void container_io_close(struct container *c)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct err e = { 0 };
	struct stdio *s;

	pthread_mutex_lock(&c->io_lock);
	s = c->io;
	c->io = NULL;
	pthread_mutex_unlock(&c->io_lock);
	if (!s)
		return;
	stdio_exited(s);
	if (stdio_wait(s, DRAIN_MS, &e) < 0)
		log_warn_of(&e, "container %s: its last output is lost", c->id);
	stdio_close(s);
	if (tree_remove(AT_FDCWD, container_io_dir(c->engine, &a, c->id, NULL), &e) < 0)
		log_warn_of(&e, "container %s", c->id);
}
