/*
 * POST /containers/{id}/wait. The head of the answer goes out at once, so that a client knows that
 * it waits before it starts the container; the body when the container has ended. Until then
 * the connection belongs to the loop's thread and costs no other.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "api/inspect.h"
#include "engine/routes/container.h"

/*
 * Two things come together in the loop, in either order: the request's thread has sent the head
 * (entered), and the container has ended (fired). Until it has fired the container knows the waiter.
 */
struct wait_client {
	struct container_waiter waiter;
	struct container *container; /* a reference */
	int fd;                      /* -1: the client is gone */
	struct loop_source *source;
	bool entered, fired;
	int exit_code;
	struct err error; /* its text is empty when all is well */
};

static void client_free(struct wait_client *w)
{
	loop_remove(w->source);
	fd_close(&w->fd);
	container_unref(w->container);
	free(w);
}

static void send_result(struct wait_client *w)
{
	struct api_message why = { w->error.text };
	struct api_wait result = { .error = *why.message ? &why : NULL,
		                   .status_code = w->exit_code };
	_cleanup_buf_ struct buf json = { 0 }, out = { 0 };

	json_encode(&json, &api_wait_type, &result);
	buf_addc(&json, '\n');
	buf_printf(&out, "%zx\r\n%s\r\n0\r\n\r\n", json.len, json.data);
	/* A hundred bytes on a fresh socket: either they fit or the client is gone. */
	if (send(w->fd, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("a client that waited is gone");
}

static void settle(struct wait_client *w)
{
	if (!w->entered || !w->fired)
		return;
	if (w->fd >= 0)
		send_result(w);
	client_free(w);
}

static void fired(void *arg)
{
	struct wait_client *w = arg;

	w->fired = true;
	settle(w);
}

/* Under the container's lock. */
static void on_end(struct container_waiter *waiter, int exit_code)
{
	struct wait_client *w = container_of(waiter, struct wait_client, waiter);

	w->exit_code = exit_code;
	if (waiter->error)
		err_set(&w->error, ERR_INTERNAL, "%s", waiter->error);
	loop_post(w->container->engine->loop, fired, w);
}

/* The client hung up, or sends what nobody asked for. */
static void on_client(void *arg, int fd, unused_arg uint32_t events)
{
	struct wait_client *w = arg;
	char block[64];

	if (recv(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
		return;
	loop_remove(w->source);
	w->source = NULL;
	fd_close(&w->fd);
	if (container_wait_cancel(w->container, &w->waiter))
		client_free(w);
}

static void entered(void *arg)
{
	struct wait_client *w = arg;

	w->entered = true;
	if (w->fd >= 0)
		w->source =
		        loop_add(w->container->engine->loop, w->fd, EPOLLIN, on_client, w, NULL);
	settle(w);
}

static int condition(struct api_call *c, enum container_wait *out, struct err *e)
{
	static const char *const names[] = { [WAIT_NOT_RUNNING] = "not-running",
		                             [WAIT_NEXT_EXIT] = "next-exit",
		                             [WAIT_REMOVED] = "removed" };
	const char *asked = api_query(c, "condition");

	*out = WAIT_NOT_RUNNING;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_eq(asked, names[i])) {
			*out = (enum container_wait)i;
			return 0;
		}
	}
	return *asked ? err_set(e, ERR_INVALID, "invalid condition: \"%s\"", asked) : 0;
}

static int answer_now(struct api_call *c, int exit_code)
{
	struct api_wait result = { .status_code = exit_code };

	return api_answer(c, 200, &api_wait_type, &result);
}

int api_container_wait(struct api_call *c, struct err *e)
{
	struct container *box = api_container(c, e);
	enum container_wait until;
	struct wait_client *w;
	int exit_code;

	if (!box)
		return -1;
	if (condition(c, &until, e) < 0) {
		container_unref(box);
		return -1;
	}
	w = xalloc(sizeof(*w));
	w->waiter = (struct container_waiter){ .until = until, .fn = on_end };
	w->container = box;
	w->fd = -1;
	if (container_wait(box, &w->waiter, &exit_code)) {
		client_free(w);
		return answer_now(c, exit_code);
	}
	w->fd = http_reply_detach(c->reply, 200, "application/json", e);
	if (w->fd < 0 && container_wait_cancel(box, &w->waiter)) {
		client_free(w);
		return -1;
	}
	loop_post(c->engine->loop, entered, w);
	return 0;
}
