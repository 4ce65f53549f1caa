/*
 * POST /containers/{id}/attach and GET /containers/{id}/attach/ws: a client's connection becomes one of the
 * pump's (engine/stdio). logs=1 sends what is in the log first; without stream=1 that is all.
 */
#include <unistd.h>
#include "base/fd.h"
#include "base/log.h"
#include "engine/routes/container.h"
#include "engine/container/io.h"
#include "engine/container/log_config.h"
#include "engine/stdio/logs.h"
#include "http/websocket.h"

#define HEAD_MS 50

static void on_attach_end(void *arg, enum stdio_end why)
{
	_cleanup_container_ struct container *c = arg;

	if (why == STDIO_END_DETACHED)
		container_event(c, "detach", NULL);
}

static int check_attach(const struct container *box, const struct container_state *s, struct err *e)
{
	if (s->status == CONTAINER_PAUSED)
		return err_set(e, ERR_PRECONDITION,
		               "container %s is paused, unpause the container before attach",
		               box->id);
	if (s->status == CONTAINER_RESTARTING)
		return err_set(e, ERR_PRECONDITION,
		               "container %s is restarting, wait until the container is running",
		               box->id);
	return 0;
}

/* What was asked, but for the connection. */
static int read_query(struct api_call *c, struct container *box, const struct api_config *config,
                      struct stdio_client *out, struct err *e)
{
	bool stream = api_query_flag(c, "stream");

	if (detach_keys_check(api_query(c, "detachKeys"), e) < 0)
		return -1;
	*out = (struct stdio_client){
		.in = stream && api_query_flag(c, "stdin") && config->open_stdin,
		.out = api_query_flag(c, "stdout"),
		.err = api_query_flag(c, "stderr"),
		.wire = config->tty ? STDIO_RAW : STDIO_MUX,
		.close_stdin = config->stdin_once && !config->tty,
		.replay = api_query_flag(c, "logs"),
		.only_replay = !stream,
		.detach_keys = api_detach_keys(config->tty, api_query(c, "detachKeys")),
		.on_end = on_attach_end,
		.arg = box,
	};
	return 0;
}

/*
 * Gives the connection to the pump, which sends the head of the answer: who has it is attached, and
 * what a container says that he starts then does not escape him.
 */
static void hand_over(struct container *box, struct stdio_client *client, int fd, struct buf *head,
                      struct buf *early)
{
	struct err e = { 0 };

	client->fd = fd;
	client->greeting = head->data;
	client->greeting_len = head->len;
	client->early = early->data;
	client->early_len = early->len;
	container_ref(box); /* the client's, given back in on_attach_end */
	if (container_io_attach(box, client, &e) == 0) {
		container_event(box, "attach", NULL);
		return;
	}
	if (fd_write_all(fd, head->data, head->len, NULL) == 0)
		api_stream_error(fd, client->wire == STDIO_MUX, &e);
	close(fd);
	container_unref(box);
}

/* docker-py, and so docker-compose, loses what comes together with the head of the answer. */
static int send_head(int fd, const struct buf *head, struct err *e)
{
	if (fd_write_all(fd, head->data, head->len, e) < 0)
		return -1;
	fd_wait_taken(fd, HEAD_MS);
	return 0;
}

/* Only what is in the log: the pump, which a container that does not run has no use for, is left out. */
static void send_log(struct api_call *c, const struct container_record *r,
                     const struct stdio_client *client, int fd)
{
	struct log_query q = {
		.out = client->out, .err = client->err, .tail = -1, .mux = client->wire == STDIO_MUX
	};
	enum log_driver driver;
	const char *path = log_config_path(c->engine, c->arena, r, &driver);
	struct err e = { 0 };

	if (client->replay && path && log_send(driver, path, &q, fd, &e) < 0)
		log_debug("container %s: send its log: %s", r->id, e.text);
}

int api_container_attach(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	_cleanup_view_ struct container_view v = { 0 };
	_cleanup_buf_ struct buf head = { 0 }, early = { 0 };
	_cleanup_close_ int fd = -1;
	struct stdio_client client;

	if (!box)
		return -1;
	container_view(box, &v);
	if (check_attach(box, &v.state, e) < 0 ||
	    read_query(c, box, v.desc->r.config, &client, e) < 0)
		return -1;
	fd = http_reply_hijack_quietly(c->reply, api_stream_type(c, v.desc->r.config->tty), &head,
	                               &early);
	if (!client.only_replay)
		hand_over(box, &client, take_fd(&fd), &head, &early);
	else if (send_head(fd, &head, e) == 0) /* else it is gone */
		send_log(c, &v.desc->r, &client, fd);
	return 0;
}

/* ---- WebSocket ---- */

static int check_handshake(struct api_call *c, const char **key, struct err *e)
{
	const struct http_headers *h = &c->req->headers;
	const char *version = http_header_get(h, "Sec-WebSocket-Version");

	*key = http_header_get(h, "Sec-WebSocket-Key");
	if (!c->req->upgrade || !str_ieq(c->req->upgrade, "websocket") || str_empty(*key))
		return err_set(e, ERR_INVALID, "not a WebSocket handshake");
	if (!str_eq(version, "13"))
		return err_set(e, ERR_INVALID, "WebSocket version %s is not spoken here: 13 is",
		               version ? version : "(none)");
	return 0;
}

/* Before 1.42 all streams were attached, whatever was asked. */
static void attach_all(struct stdio_client *client, const struct api_config *config)
{
	client->in = !client->only_replay && config->open_stdin;
	client->out = client->err = true;
}

int api_container_attach_ws(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	_cleanup_view_ struct container_view v = { 0 };
	_cleanup_buf_ struct buf head = { 0 }, early = { 0 }, accept = { 0 };
	struct stdio_client client;
	const char *key;
	int fd;

	if (!box)
		return -1;
	container_view(box, &v);
	if (check_handshake(c, &key, e) < 0 || check_attach(box, &v.state, e) < 0 ||
	    read_query(c, box, v.desc->r.config, &client, e) < 0)
		return -1;
	if (c->version < 42)
		attach_all(&client, v.desc->r.config);
	client.wire = c->version < 28 ? STDIO_WS_TEXT : STDIO_WS_BINARY;
	ws_accept_key(&accept, key);
	http_reply_header(c->reply, "Sec-WebSocket-Accept", accept.data);
	fd = http_reply_hijack_quietly(c->reply, api_stream_type(c, true), &head, &early);
	hand_over(box, &client, fd, &head, &early);
	return 0;
}
