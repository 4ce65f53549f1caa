/*
 * The gRPC client: the pool of connections and unary calls. See grpc_client.h. The lock guards the
 * pool's list and nothing else.
 */
#include "rpc/grpc_client.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "rpc/grpc_conn.h"
#include "rpc/grpc_wire.h"

/* Idle connections that are kept; a burst of threads makes more and closes them afterwards. */
#define IDLE_MAX 8

/* How often a server that is not there is looked for. */
#define PATIENCE_POLL_US 20000

struct grpc_client {
	char *path, *ns;
	int64_t patience_ms;
	pthread_mutex_t lock;
	struct grpc_conn *idle; /* last used first */
	size_t nidle;
};

struct grpc_client *grpc_client_new(const char *address, const char *ns)
{
	struct grpc_client *c = xalloc(sizeof(*c));
	const char *path = str_after(address, "unix://");

	c->path = strdup(path ? path : address);
	c->ns = ns ? strdup(ns) : NULL;
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void grpc_client_free(struct grpc_client *c)
{
	if (!c)
		return;
	for (struct grpc_conn *i = c->idle, *next; i; i = next) {
		next = i->next;
		grpc_conn_free(i);
	}
	pthread_mutex_destroy(&c->lock);
	free(c->path);
	free(c->ns);
	free(c);
}

static struct grpc_conn *take_idle(struct grpc_client *c)
{
	struct grpc_conn *i;

	pthread_mutex_lock(&c->lock);
	i = c->idle;
	if (i) {
		c->idle = i->next;
		c->nidle--;
	}
	pthread_mutex_unlock(&c->lock);
	return i;
}

void grpc_client_patience(struct grpc_client *c, int64_t ms)
{
	c->patience_ms = ms;
}

static bool is_absent(const struct err *e)
{
	return e->kind == ERR_UNAVAILABLE && (e->errnum == ECONNREFUSED || e->errnum == ENOENT);
}

bool grpc_was_lost(const struct err *e)
{
	return e->kind == ERR_UNAVAILABLE && e->errnum == ECONNRESET;
}

struct grpc_conn *grpc_client_connect(struct grpc_client *c, struct err *e)
{
	int64_t until = clock_mono_ms() + c->patience_ms;
	struct grpc_conn *i;

	while (!(i = grpc_conn_open(c->path, e))) {
		if (!is_absent(e) || clock_mono_ms() >= until)
			return NULL;
		err_clear(e);
		usleep(PATIENCE_POLL_US);
	}
	return i;
}

static struct grpc_conn *take_conn(struct grpc_client *c, struct err *e)
{
	struct grpc_conn *i;

	while ((i = take_idle(c))) {
		if (grpc_conn_usable(i))
			return i;
		grpc_conn_free(i);
	}
	return grpc_client_connect(c, e);
}

static void give_conn(struct grpc_client *c, struct grpc_conn *i)
{
	i->x = NULL;
	pthread_mutex_lock(&c->lock);
	if (!i->dead && c->nidle < IDLE_MAX) {
		i->next = c->idle;
		c->idle = i;
		c->nidle++;
		i = NULL;
	}
	pthread_mutex_unlock(&c->lock);
	grpc_conn_free(i);
}

struct grpc_opts grpc_client_opts(const struct grpc_client *c, const struct grpc_opts *o)
{
	struct grpc_opts full = o ? *o : (struct grpc_opts){ 0 };

	if (!full.ns)
		full.ns = c->ns;
	return full;
}

static int take_message(struct grpc_exchange *x, enum rpc_method_id method, struct arena *a,
                        void **resp, struct err *e)
{
	struct slice raw;
	int r = grpc_frame_next((struct slice){ x->in.data, x->in.len }, &raw, e);

	if (r == 0)
		return err_set(e, ERR_INTERNAL, "the server answered without a message");
	if (r < 0)
		return -1;
	*resp = rpc_unpack(a, rpc_methods[method].resp, raw.data, raw.len, e);
	return *resp ? 0 : -1;
}

/* A connection that is left in the middle of an exchange is no use for the next one. */
static int run_exchange(struct grpc_conn *conn, struct grpc_exchange *x, int64_t deadline,
                        struct err *e)
{
	while (!x->closed) {
		if (grpc_conn_step(conn, true, deadline, e) < 0) {
			conn->dead = true;
			return x->closed ? 0 : -1;
		}
		if (x->in.len > GRPC_PREFIX + LIMIT_GRPC_MESSAGE) {
			conn->dead = true;
			return err_set(e, ERR_EXHAUSTED, "the server's answer is too long");
		}
	}
	return 0;
}

static int call_once(struct grpc_client *c, const struct grpc_opts *o, enum rpc_method_id method,
                     const void *req, struct arena *a, void **resp, struct err *e)
{
	struct grpc_opts full = grpc_client_opts(c, o);
	int64_t deadline = full.timeout_ms ? clock_mono_ms() + full.timeout_ms : 0;
	struct grpc_exchange x = { .out_end = true };
	struct grpc_conn *conn = take_conn(c, e);
	int r = -1;

	if (!conn)
		return -1;
	grpc_frame_put(&x.out, req);
	if (grpc_conn_begin(conn, &x, method, &full, e) == 0 &&
	    run_exchange(conn, &x, deadline, e) == 0 && grpc_exchange_status(&x, e) == 0)
		r = take_message(&x, method, a, resp, e);
	give_conn(c, conn);
	grpc_exchange_free(&x);
	return r;
}

/* By its name: what only looks can be asked for once more. */
static bool only_reads(enum rpc_method_id method)
{
	static const char *const names[] = { "Get",  "List",  "ListPids", "Info",
		                             "Stat", "Usage", "Mounts",   "Version" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(rpc_methods[method].name, names[i]))
			return true;
	return false;
}

int grpc_call(struct grpc_client *c, const struct grpc_opts *o, enum rpc_method_id method,
              const void *req, struct arena *a, void **resp, struct err *e)
{
	bool repeatable = (o && o->repeatable) || only_reads(method);
	int64_t until = clock_mono_ms() + c->patience_ms;

	while (call_once(c, o, method, req, a, resp, e) < 0) {
		if (!repeatable || !grpc_was_lost(e) || clock_mono_ms() >= until)
			return -1;
		err_clear(e);
	}
	return 0;
}
