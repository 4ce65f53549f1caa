/* Logs, resize, and what hijacked connections share: handing a client's connection to the pump (engine/stdio). */
#include <unistd.h>
#include "base/fd.h"
#include "base/log.h"
#include "engine/routes/container.h"
#include "engine/container/create.h"
#include "engine/container/io.h"
#include "engine/ctrd/ctrd.h"
#include "engine/container/log_config.h"
#include "engine/stdio/logs.h"

#define RAW_STREAM "application/vnd.docker.raw-stream"
#define MUX_STREAM "application/vnd.docker.multiplexed-stream"

const char *api_stream_type(const struct api_call *c, bool tty)
{
	return tty || c->version < 42 ? RAW_STREAM : MUX_STREAM;
}

/* Other input than a terminal's may hold any bytes. */
const char *api_detach_keys(bool tty, const char *given)
{
	if (!tty)
		return NULL;
	return str_empty(given) ? "ctrl-p,ctrl-q" : given;
}

/* What a client reads on a connection that is no longer HTTP: one frame on stderr, or plain. */
void api_stream_error(int fd, bool mux, const struct err *e)
{
	size_t n = strlen(e->text) + 2;
	unsigned char head[8] = { 2, 0, 0, 0, 0, 0, (unsigned char)(n >> 8), (unsigned char)n };
	_cleanup_buf_ struct buf b = { 0 };

	if (mux)
		buf_add(&b, head, sizeof(head));
	buf_printf(&b, "%s\r\n", e->text);
	if (fd_write_all(fd, b.data, b.len, NULL) < 0)
		log_debug("a client left before it was told: %s", e->text);
}

/* ---- logs ---- */

static int log_query_of(struct api_call *c, bool tty, struct log_query *q, struct err *e)
{
	const char *tail = api_query(c, "tail");

	*q = (struct log_query){ .out = api_query_flag(c, "stdout"),
		                 .err = api_query_flag(c, "stderr"),
		                 .timestamps = api_query_flag(c, "timestamps"),
		                 .details = api_query_flag(c, "details"),
		                 .tail = -1,
		                 .mux = !tty,
		                 .chunked = true };
	if (!q->out && !q->err)
		return err_set(e, ERR_INVALID,
		               "Bad parameters: you must choose at least one stream");
	if (*tail && !str_eq(tail, "all") && (!str_i64(tail, &q->tail) || q->tail < 0))
		q->tail = -1; /* as Docker: what is no number means all */
	return api_query_time(c, "since", &q->since, e) < 0 ||
	                       api_query_time(c, "until", &q->until, e) < 0
	               ? -1
	               : 0;
}

/* True when the pump has it now. */
static bool follow(struct container *box, const struct log_query *q, int fd)
{
	struct err e = { 0 };
	bool taken;

	pthread_mutex_lock(&box->io_lock);
	taken = box->io && log_follow(box->io, q, fd, NULL, NULL, &e) == 0;
	pthread_mutex_unlock(&box->io_lock);
	if (e.kind)
		log_warn_of(&e, "container %s: follow its log", box->id);
	return taken;
}

int api_container_logs(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	_cleanup_view_ struct container_view v = { 0 };
	_cleanup_close_ int fd = -1;
	struct err gone = { 0 };
	struct log_query q;
	enum log_driver driver;
	const char *path;
	bool tty;

	if (!box)
		return -1;
	container_view(box, &v);
	tty = v.desc->r.config->tty;
	path = log_config_path(c->engine, c->arena, &v.desc->r, &driver);
	if (!path)
		return err_set(e, ERR_UNIMPLEMENTED,
		               "configured logging driver does not support reading");
	if (log_query_of(c, tty, &q, e) < 0)
		return -1;
	fd = http_reply_detach(c->reply, 200, api_stream_type(c, tty), e);
	if (fd < 0)
		return -1;
	if (api_query_flag(c, "follow") && container_is_running(&v.state) && follow(box, &q, fd))
		take_fd(&fd);
	else if (log_send(driver, path, &q, fd, &gone) < 0 && gone.kind != ERR_UNAVAILABLE)
		log_error_of(&gone, "read the log of container %s", box->id);
	return 0;
}

/* ---- resize ---- */

int api_window(struct api_call *c, unsigned *w, unsigned *h, struct err *e)
{
	int64_t width, height;

	if (api_query_int(c, "w", 0, &width, e) < 0 || api_query_int(c, "h", 0, &height, e) < 0)
		return -1;
	if (width < 0 || height < 0 || width > 65535 || height > 65535)
		return err_set(e, ERR_INVALID, "invalid size of a terminal: %lld x %lld",
		               (long long)width, (long long)height);
	*w = (unsigned)width;
	*h = (unsigned)height;
	return 0;
}

int api_container_resize(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	struct container_state s;
	unsigned w, h;

	if (!box || api_window(c, &w, &h, e) < 0)
		return -1;
	container_await_start(box);
	container_get_state(box, &s);
	if (!container_is_running(&s))
		return err_set(e, ERR_PRECONDITION, "container %s is not running", box->id);
	if (ctrd_task_resize(c->engine, box->id, NULL, w, h, e) < 0)
		return -1;
	container_event(box, "resize", NULL);
	return api_answer_nothing(c, 200);
}
