/* The pump's thread and the life of a `struct stdio`. See pump.h. */
#include "engine/stdio/stdio_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"

#define STACK_BYTES (256 * 1024)

/* ---- the thread ---- */

static void *run(void *arg)
{
	struct pump *p = arg;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	if (loop_run(p->loop, NULL) < 0)
		abort();
	return NULL;
}

struct pump *pump_start(struct err *e)
{
	struct pump *p = xalloc(sizeof(*p));
	pthread_attr_t attr;
	int r;

	p->loop = loop_new(e);
	if (!p->loop) {
		free(p);
		return NULL;
	}
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	r = pthread_create(&p->thread, &attr, run, p);
	pthread_attr_destroy(&attr);
	if (r != 0) {
		err_errno(e, r, "start the pump");
		loop_free(p->loop);
		free(p);
		return NULL;
	}
	return p;
}

static void stop(void *arg)
{
	loop_stop(((struct pump *)arg)->loop);
}

void pump_stop(struct pump *p)
{
	log_compress_settle();
	loop_post(p->loop, stop, p);
	pthread_join(p->thread, NULL);
	loop_free(p->loop);
	buf_free(&p->text);
	free(p);
}

struct call {
	void (*fn)(void *);
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool done;
};

static void run_call(void *arg)
{
	struct call *c = arg;

	c->fn(c->arg);
	pthread_mutex_lock(&c->lock);
	c->done = true;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

void pump_call(struct pump *p, void (*fn)(void *), void *arg)
{
	struct call c = { fn, arg, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };

	loop_post(p->loop, run_call, &c);
	pthread_mutex_lock(&c.lock);
	while (!c.done)
		pthread_cond_wait(&c.changed, &c.lock);
	pthread_mutex_unlock(&c.lock);
	pthread_mutex_destroy(&c.lock);
	pthread_cond_destroy(&c.changed);
}

/* ---- a stdio: opening ---- */

static void copy_config(struct stdio *s, const struct stdio_config *c)
{
	s->config = *c;
	s->config.in = xstrdup(c->in);
	s->config.out = xstrdup(c->out);
	s->config.err = xstrdup(c->err);
	s->config.log_path = xstrdup(c->log_path);
	s->config.state_dir = xstrdup(c->state_dir);
	s->config.attrs = NULL; /* log_file.c has its own */
}

static int open_log(struct stdio *s, const struct stdio_config *c, struct err *e)
{
	bool fresh;

	if (!c->log_path)
		return 0;
	if (dir_make(c->state_dir, 0700, e) < 0)
		return -1;
	s->state_dir = open(c->state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->state_dir < 0)
		return err_errno(e, errno, "open %s", c->state_dir);
	if (record_open(&s->record, s->state_dir, &fresh, e) < 0 ||
	    log_file_open(&s->log, s->pump->loop, c, fresh, &s->record.now.log_len, e) < 0)
		return -1;
	s->logged = true;
	return 0;
}

static int open_streams(struct stdio *s, const struct stdio_config *c, struct err *e)
{
	const char *paths[OUTPUTS] = { c->out, c->err };

	for (int i = 0; i < OUTPUTS; i++)
		if (stream_open(&s->stream[i], s, (enum output)i, paths[i], e) < 0)
			return -1;
	if (s->logged)
		record_commit(&s->record);
	if (c->in && mkfifo(c->in, 0700) < 0 && errno != EEXIST)
		return err_errno(e, errno, "make fifo %s", c->in);
	return 0;
}

static void stdio_free(struct stdio *s)
{
	for (int i = 0; i < OUTPUTS; i++)
		stream_close(&s->stream[i]);
	input_free(&s->in);
	loop_remove(s->retry);
	log_file_close(&s->log);
	record_close(&s->record);
	fd_close(&s->state_dir);
	free((char *)s->config.in);
	free((char *)s->config.out);
	free((char *)s->config.err);
	free((char *)s->config.log_path);
	free((char *)s->config.state_dir);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	free(s);
}

struct open_call {
	struct pump *pump;
	const struct stdio_config *config;
	struct err *e;
	struct stdio *s;
};

static void open_in_pump(void *arg)
{
	struct open_call *call = arg;
	struct stdio *s = xalloc(sizeof(*s));
	pthread_condattr_t attr;

	s->pump = call->pump;
	s->state_dir = s->log.fd = -1;
	for (int i = 0; i < OUTPUTS; i++)
		s->stream[i] = (struct stream){ .io = s, .fifo = -1, .pending = -1 };
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &attr);
	pthread_condattr_destroy(&attr);
	copy_config(s, call->config);
	input_init(&s->in, s, call->config->in);
	if (open_log(s, call->config, call->e) < 0 || open_streams(s, call->config, call->e) < 0) {
		stdio_free(s);
		return;
	}
	call->s = s;
	for (int i = 0; i < OUTPUTS; i++)
		stream_pump(&s->stream[i]); /* what a killed engine had left */
}

struct stdio *stdio_open(struct pump *p, const struct stdio_config *c, struct err *e)
{
	struct open_call call = { p, c, e, NULL };

	pump_call(p, open_in_pump, &call);
	return call.s;
}

/* ---- what the parts tell ---- */

void stdio_check_drained(struct stdio *s)
{
	if (s->drained || s->stream[OUTPUT_STDOUT].fifo >= 0 ||
	    s->stream[OUTPUT_STDERR].fifo >= 0 || !s->exited)
		return;
	pthread_mutex_lock(&s->lock);
	s->drained = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	for (struct client *c = s->clients, *next; c; c = next) {
		next = client_next(c);
		client_finish(c);
	}
	stdio_logged(s, false);
	if (s->config.on_drained)
		s->config.on_drained(s->config.arg);
}

void stdio_logged(struct stdio *s, bool rotated)
{
	for (struct follower *f = s->followers, *next; f; f = next) {
		next = follower_next(f);
		if (rotated)
			follower_moved(f);
		follower_poke(f);
	}
}

static void on_retry(void *arg)
{
	struct stdio *s = arg;

	s->retry = NULL;
	for (int i = 0; i < OUTPUTS; i++)
		stream_pump(&s->stream[i]);
}

void stdio_retry_later(struct stdio *s)
{
	if (!s->retry)
		s->retry = loop_timer(s->pump->loop, RETRY_MS, on_retry, s);
}

static void started_in_pump(void *arg)
{
	struct stdio *s = arg;

	s->started = true;
	input_finish(&s->in);
}

void stdio_started(struct stdio *s)
{
	pump_call(s->pump, started_in_pump, s);
}

/* ---- the end ---- */

static void exited_in_pump(void *arg)
{
	struct stdio *s = arg;

	s->exited = true;
	for (int i = 0; i < OUTPUTS; i++)
		stream_pump(&s->stream[i]);
	stdio_check_drained(s); /* a process without outputs */
}

void stdio_exited(struct stdio *s)
{
	pump_call(s->pump, exited_in_pump, s);
}

int stdio_wait(struct stdio *s, int timeout_ms, struct err *e)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (timeout_ms % 1000) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&s->lock);
	while (!s->drained && r == 0)
		r = timeout_ms < 0 ? pthread_cond_wait(&s->changed, &s->lock)
		                   : pthread_cond_timedwait(&s->changed, &s->lock, &until);
	pthread_mutex_unlock(&s->lock);
	return r == 0 ? 0 : err_set(e, ERR_DEADLINE, "output still flows after %d ms", timeout_ms);
}

static void remove_files(struct stdio *s)
{
	const char *fifos[] = { s->config.in, s->config.out, s->config.err };

	for (size_t i = 0; i < ARRAY_LEN(fifos); i++)
		if (fifos[i])
			unlink(fifos[i]);
	if (s->logged && s->drained)
		(void)!tree_remove(AT_FDCWD, s->config.state_dir, NULL);
}

static void reap(void *arg)
{
	struct stdio *s = arg;

	s->reaping = NULL;
	if (!s->clients && !s->followers)
		stdio_free(s);
}

/* From a timer: who tells us may still look at the stdio. */
void stdio_check_gone(struct stdio *s)
{
	if (s->closed && !s->clients && !s->followers && !s->reaping)
		s->reaping = loop_timer(s->pump->loop, 0, reap, s);
}

static void close_in_pump(void *arg)
{
	struct stdio *s = arg;

	s->closed = true;
	s->config.on_stdin_closed = NULL;
	while (s->clients && !s->drained)
		client_end(s->clients, STDIO_END_CLOSED);
	while (s->followers && !s->drained)
		follower_end(s->followers, STDIO_END_CLOSED);
	remove_files(s);
	for (int i = 0; i < OUTPUTS; i++)
		stream_close(&s->stream[i]);
	input_free(&s->in);
	stdio_check_gone(s);
}

void stdio_close(struct stdio *s)
{
	if (s)
		pump_call(s->pump, close_in_pump, s);
}

/* ---- clients ---- */

struct attach_call {
	struct stdio *s;
	const struct stdio_client *want;
	struct log_reader *replay; /* what is in the log goes before what comes; or NULL */
	unsigned tries;
	struct err *e;
	int result; /* 1: the log was rotated since the reader was opened */
};

static void attach_in_pump(void *arg)
{
	struct attach_call *call = arg;
	const struct stdio_client *want = call->want;
	struct stdio *s = call->s;
	struct client *c;

	call->result = 1;
	if (call->replay && call->tries > 0 && !log_reader_is_current(call->replay, s->log.fd))
		return;
	c = client_new(s, want, call->e);
	call->result = c ? 0 : -1;
	if (!c)
		return;
	if (call->replay)
		client_replay(c, call->replay);
	if (want->early_len && !client_hear(c, want->early, want->early_len))
		return;
	if (s->drained || want->only_replay)
		client_finish(c);
	else
		client_begin(c);
}

/* The reader is opened here, not in the pump: compressed parts take their time. */
static int try_to_attach(struct attach_call *call)
{
	const struct stdio_client *want = call->want;
	struct log_query q = {
		.out = want->out, .err = want->err, .tail = -1, .mux = want->wire == STDIO_MUX
	};
	struct stdio *s = call->s;
	struct log_reader r;

	/* An unreadable log is no reason not to attach. */
	if (want->replay && s->logged &&
	    log_reader_open(&r, s->config.driver, s->config.log_path, &q, NULL) == 0)
		call->replay = &r;
	pump_call(s->pump, attach_in_pump, call);
	if (call->replay)
		log_reader_close(&r);
	call->replay = NULL;
	return call->result;
}

int stdio_attach(struct stdio *s, const struct stdio_client *c, struct err *e)
{
	struct attach_call call = { .s = s, .want = c, .tries = LOG_READER_TRIES, .e = e };
	int r;

	while ((r = try_to_attach(&call)) > 0)
		call.tries--;
	return r;
}
