/*
 * What the engine has given to the port server: kept here so that it can be given again to another
 * one, and so that an engine that comes back asks for nothing that is there. See port_server.h.
 */
#include "libnetwork/port_server_internal.h"

#include "base/fd.h"
#include "base/mem.h"

static const struct {
	const char *give, *take;
} ops[] = {
	[PORT_KIND_PORTS] = { "publish", "unpublish" },
	[PORT_KIND_NAME] = { "name", "unname" },
	[PORT_KIND_RESOLVER] = { "resolve", "unresolve" },
};

static char *key_of(struct arena *a, const char *op, const char *owner)
{
	return arena_printf(a, "%s:%s", op, owner);
}

/* ---- with the lock held ---- */

static void given_free(struct given *g)
{
	if (!g)
		return;
	arena_free(&g->arena);
	free(g);
}

static void remember(struct port_server *s, const struct port_request *req)
{
	struct given *g = xnew(struct given);

	g->req = *(struct port_request *)json_copy(&g->arena, &port_request_type, req);
	given_free(map_set(&s->table, key_of(&g->arena, req->op, req->id), g));
}

void port_table_adopt(struct port_server *s, const struct port_reply *reply)
{
	for (size_t i = 0; i < reply->owners.n; i++) {
		const struct port_owner *o = &reply->owners.v[i];
		enum port_kind kind = o->name       ? PORT_KIND_NAME
		                      : o->resolver ? PORT_KIND_RESOLVER
		                                    : PORT_KIND_PORTS;
		struct port_request req = {
			.op = ops[kind].give, .id = o->id, .name = o->name, .resolver = o->resolver
		};

		req.ports.n = o->ports.n;
		req.ports.v = o->ports.v;
		remember(s, &req);
	}
}

void port_table_free(struct port_server *s)
{
	const char *key;
	void *value;

	for (size_t i = 0; map_next(&s->table, &i, &key, &value);)
		given_free(value);
	map_free(&s->table);
}

/* An engine that comes back gives what is there: that must not cut connections. */
static bool is_there(struct port_server *s, const char *key, const struct port_request *req)
{
	_cleanup_buf_ struct buf have = { 0 }, want = { 0 };
	const struct given *g = map_get(&s->table, key);

	if (!g || port_server_connect(s, false, NULL) < 0)
		return false;
	json_encode(&have, &port_request_type, &g->req);
	json_encode(&want, &port_request_type, req);
	return str_eq(have.data, want.data);
}

static int refused(const struct port_reply *reply, struct port_failure *f, struct err *e)
{
	err_set(e, err_from_grpc((int)reply->kind), "%s", reply->error);
	f->index = reply->failed - 1;
	f->in_use = err_from_grpc((int)reply->kind) == ERR_PRECONDITION;
	if (reply->holder)
		str_copy(f->holder, sizeof(f->holder), reply->holder);
	return -1;
}

/* ---- the interface ---- */

static int give(struct port_server *s, struct port_request *req, enum port_kind kind,
                struct port_failure *failure, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&s->lock);
	_cleanup_arena_ struct arena a = { 0 };
	struct port_reply reply;

	*failure = (struct port_failure){ .index = -1 };
	req->op = ops[kind].give;
	if (is_there(s, key_of(&a, req->op, req->id), req))
		return 0;
	if (port_server_ask(s, &a, req, &reply, e) < 0)
		return -1;
	if (!str_empty(reply.error))
		return refused(&reply, failure, e);
	remember(s, req);
	return 0;
}

int port_server_publish(struct port_server *s, const struct port_owner *owner,
                        struct port_failure *failure, struct err *e)
{
	struct port_request req = { .id = owner->id };

	req.ports.n = owner->ports.n;
	req.ports.v = owner->ports.v;
	return give(s, &req, PORT_KIND_PORTS, failure, e);
}

int port_server_name(struct port_server *s, const char *owner, const struct name_record *r,
                     struct err *e)
{
	struct port_request req = { .id = owner, .name = (struct name_record *)r };
	struct port_failure failure;

	return give(s, &req, PORT_KIND_NAME, &failure, e);
}

int port_server_resolve(struct port_server *s, const char *owner, const struct name_resolver *r,
                        struct err *e)
{
	struct port_request req = { .id = owner, .resolver = (struct name_resolver *)r };
	struct port_failure failure;

	return give(s, &req, PORT_KIND_RESOLVER, &failure, e);
}

int port_server_take(struct port_server *s, enum port_kind kind, const char *owner, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&s->lock);
	_cleanup_arena_ struct arena a = { 0 };
	struct port_request req = { .op = ops[kind].take, .id = owner };
	struct given *g = map_remove(&s->table, key_of(&a, ops[kind].give, owner));
	struct port_reply reply;

	if (!g)
		return 0;
	given_free(g);
	if (port_server_connect(s, false, NULL) < 0)
		return 0; /* no server, nothing there */
	if (port_server_ask_once(s, &a, &req, &reply, e) < 0) {
		fd_close(&s->fd);
		return -1;
	}
	if (!str_empty(reply.error))
		return err_set(e, err_from_grpc((int)reply.kind), "%s", reply.error);
	return 0;
}

int port_server_unpublish(struct port_server *s, const char *owner, struct err *e)
{
	return port_server_take(s, PORT_KIND_PORTS, owner, e);
}

void port_server_list(struct port_server *s, enum port_kind kind, struct arena *a,
                      struct port_owners *out)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&s->lock);
	const char *key;
	void *value;

	*out = (struct port_owners){ 0 };
	for (size_t i = 0; map_next(&s->table, &i, &key, &value);) {
		const struct given *g = value;
		struct port_owner o = { .id = g->req.id };

		if (!str_eq(g->req.op, ops[kind].give))
			continue;
		o.ports.n = g->req.ports.n;
		o.ports.v = g->req.ports.v;
		arena_push(a, out, *(struct port_owner *)json_copy(a, &port_owner_type, &o));
	}
}
