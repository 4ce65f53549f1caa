/* See port_holder.h. */
#include "libnetwork/port_holder.h"

#include <pthread.h>
#include <stdlib.h>
#include "base/fd.h"
#include "base/map.h"
#include "libnetwork/lock.h"
#include "libnetwork/port_socket.h"

struct held {
	struct arena arena;
	struct port_owner owner;
	int *fds; /* as many as owner.ports; -1: not bound */
};

struct port_holder {
	pthread_mutex_t lock;
	struct map table; /* owner's id -> struct held */
};

static void *alloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		abort();
	return p;
}

struct port_holder *port_holder_new(void)
{
	struct port_holder *h = alloc(sizeof(*h));

	pthread_mutex_init(&h->lock, NULL);
	return h;
}

static void held_free(struct held *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->owner.ports.n; i++)
		fd_close(&x->fds[i]);
	arena_free(&x->arena);
	free(x);
}

void port_holder_free(struct port_holder *h)
{
	const char *id;
	void *value;

	if (!h)
		return;
	for (size_t i = 0; map_next(&h->table, &i, &id, &value);)
		held_free(value);
	map_free(&h->table);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

static const char *holder_of(const struct port_holder *h, const struct port_bind *p)
{
	const char *id;
	void *value;

	for (size_t i = 0; map_next(&h->table, &i, &id, &value);) {
		const struct held *x = value;

		for (size_t k = 0; k < x->owner.ports.n; k++)
			if (port_overlap(&x->owner.ports.v[k], p))
				return id;
	}
	return NULL;
}

static int hold_one(struct port_holder *h, const struct port_bind *p, struct port_failure *f,
                    struct err *e)
{
	int type = port_socket_type(p->proto, e), fd;
	struct port_address at;
	const char *holder;

	if (type < 0 || port_address_parse(p->host_ip, p->host_port, &at, e) < 0)
		return -1;
	fd = port_hold(type, &at, e);
	if (fd >= 0)
		return fd;
	holder = holder_of(h, p);
	if (holder)
		str_copy(f->holder, sizeof(f->holder), holder);
	f->in_use = !e || e->kind == ERR_PRECONDITION;
	return port_bind_error(p, holder != NULL, e);
}

int port_holder_publish(struct port_holder *h, const struct port_owner *owner,
                        struct port_failure *failure, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&h->lock);
	struct held *x = alloc(sizeof(*x));

	*failure = (struct port_failure){ .index = -1 };
	x->owner = *(struct port_owner *)json_copy(&x->arena, &port_owner_type, owner);
	x->fds = arena_array(&x->arena, int, owner->ports.n + 1);
	memset(x->fds, -1, (owner->ports.n + 1) * sizeof(*x->fds));
	held_free(map_remove(&h->table, owner->id));
	for (size_t i = 0; i < owner->ports.n; i++) {
		x->fds[i] = hold_one(h, &owner->ports.v[i], failure, e);
		if (x->fds[i] < 0) {
			failure->index = (int64_t)i;
			held_free(x);
			return -1;
		}
	}
	map_set(&h->table, owner->id, x);
	return 0;
}

void port_holder_unpublish(struct port_holder *h, const char *owner)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&h->lock);

	held_free(map_remove(&h->table, owner));
}
