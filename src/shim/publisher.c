/* Events on their way to containerd. See publisher.h. */
#include "shim/publisher.h"

#include <stdlib.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "proto/forward.pb-c.h"
#include "rpc/ttrpc_conn.h"
#include "rpc/wkt.h"

#define RETRY_FIRST_MS 100
#define RETRY_LAST_MS  2000
#define ANSWER_MS      10000 /* a containerd that is silent for longer is connected to again */

struct event {
	struct event *next;
	char topic[32];
	size_t n;
	char request[]; /* ready to be sent, any number of times */
};

struct publisher {
	struct loop *loop;
	const char *address, *ns;
	struct event *first, **last;
	struct ttrpc_conn *conn;
	uint32_t stream; /* of the request under way */
	bool waiting;    /* for its answer */
	struct loop_source *timer;
	int64_t retry_ms;
	void (*on_idle)(void *arg);
	void *on_idle_arg;
};

static void advance(struct publisher *p);

static void on_retry(void *arg)
{
	struct publisher *p = arg;

	p->timer = NULL;
	advance(p);
}

/* The event under way, if any, counts as not sent. */
static void disconnect(struct publisher *p)
{
	ttrpc_conn_free(p->conn);
	p->conn = NULL;
	p->waiting = false;
	loop_remove(p->timer);
	p->timer = loop_timer(p->loop, p->retry_ms, on_retry, p);
	p->retry_ms = MIN(p->retry_ms * 2, RETRY_LAST_MS);
}

static void on_silence(void *arg)
{
	struct publisher *p = arg;

	p->timer = NULL;
	disconnect(p);
}

static void acknowledged(struct publisher *p)
{
	struct event *ev = p->first;

	p->first = ev->next;
	if (!p->first)
		p->last = &p->first;
	free(ev);
	p->retry_ms = RETRY_FIRST_MS;
	if (!p->first && p->on_idle)
		p->on_idle(p->on_idle_arg);
}

/* containerd may be there but not ready; any other refusal would be the same the next time. */
static void on_frame(void *arg, const struct ttrpc_frame *f)
{
	struct publisher *p = arg;
	_cleanup_arena_ struct arena a = { 0 };
	struct err e = { 0 };
	void *resp;

	if (!p->waiting || f->stream != p->stream || f->type != TTRPC_RESPONSE)
		return;
	loop_remove(take_ptr(p->timer));
	p->waiting = false;
	if (ttrpc_response_unpack(&a, &rpc_methods[RPC_FORWARD], f->data, &resp, &e) < 0) {
		log_warn_of(&e, "containerd refuses event %s", p->first->topic);
		if (e.kind == ERR_UNAVAILABLE) {
			disconnect(p);
			return;
		}
	}
	acknowledged(p);
	advance(p);
}

static void on_close(void *arg)
{
	disconnect(arg);
}

static const struct ttrpc_conn_events conn_events = { on_frame, on_close };

static bool connect_now(struct publisher *p)
{
	const char *path = str_after(p->address, "unix://");
	int fd = unix_connect(path ? path : p->address, NULL);

	if (fd >= 0)
		p->conn = ttrpc_conn_new(p->loop, fd, &conn_events, p, NULL);
	p->stream = 1;
	return p->conn != NULL;
}

/* Sends the first event unless one is under way or a retry is due later. */
static void advance(struct publisher *p)
{
	if (!p->first || p->waiting || p->timer)
		return;
	if (!p->conn && !connect_now(p)) {
		disconnect(p);
		return;
	}
	p->stream += 2;
	p->waiting = true;
	p->timer = loop_timer(p->loop, ANSWER_MS, on_silence, p);
	ttrpc_conn_send(p->conn, p->stream, TTRPC_REQUEST,
	                (struct slice){ p->first->request, p->first->n });
}

struct publisher *publisher_new(struct loop *l, const char *address, const char *ns)
{
	struct publisher *p = xnew(struct publisher);

	p->loop = l;
	p->address = address;
	p->ns = ns;
	p->last = &p->first;
	p->retry_ms = RETRY_FIRST_MS;
	return p;
}

void publisher_send(struct publisher *p, const char *topic, const void *event)
{
	_cleanup_arena_ struct arena a = { 0 };
	Forward__ForwardRequest *req =
	        pb_new(&a, forward__forward_request, Forward__ForwardRequest);
	struct slice bytes;
	struct event *ev;

	req->envelope = pb_new(&a, types__envelope, Types__Envelope);
	req->envelope->timestamp = wkt_timestamp(&a, clock_now_ns());
	req->envelope->namespace_ = p->ns;
	req->envelope->topic = topic;
	req->envelope->event = wkt_any(&a, event);
	bytes = ttrpc_request_pack(&a, &rpc_methods[RPC_FORWARD], req, p->ns, 0);
	ev = xalloc(sizeof(*ev) + bytes.len);
	str_copy(ev->topic, sizeof(ev->topic), topic);
	ev->n = bytes.len;
	memcpy(ev->request, bytes.data, bytes.len);
	*p->last = ev;
	p->last = &ev->next;
	advance(p);
}

bool publisher_idle(struct publisher *p, void (*fn)(void *arg), void *arg)
{
	p->on_idle = fn;
	p->on_idle_arg = arg;
	return !p->first;
}
