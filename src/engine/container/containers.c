/* The registry of container.h: by id and by name. */
#include <stdlib.h>
#include "engine/container/container.h"
#include "base/mem.h"

struct containers {
	pthread_mutex_t lock;
	struct map by_id, by_name; /* by_id holds the reference */
};

struct containers *containers_new(void)
{
	struct containers *all = xalloc(sizeof(*all));

	pthread_mutex_init(&all->lock, NULL);
	return all;
}

void containers_free(struct containers *all)
{
	const char *id;
	void *c;

	for (size_t i = 0; map_next(&all->by_id, &i, &id, &c);)
		container_unref(c);
	map_free(&all->by_id);
	map_free(&all->by_name);
	pthread_mutex_destroy(&all->lock);
	free(all);
}

static int name_taken(const char *name, const struct container *holder, struct err *e)
{
	return err_set(
	        e, ERR_ALREADY_EXISTS,
	        "Conflict. The container name \"/%s\" is already in use by container \"%s\". "
	        "You have to remove (or rename) that container to be able to reuse that name.",
	        name, holder->id);
}

int containers_add(struct containers *all, struct container *c, struct err *e)
{
	const char *name = c->desc->r.name; /* nobody else knows the object yet */
	const struct container *holder;

	pthread_mutex_lock(&all->lock);
	holder = map_get(&all->by_name, name);
	if (holder) {
		name_taken(name, holder, e);
	} else {
		map_set(&all->by_name, name, c);
		map_set(&all->by_id, c->id, container_ref(c));
	}
	pthread_mutex_unlock(&all->lock);
	return holder ? -1 : 0;
}

bool containers_name_taken(struct containers *all, const char *name, struct err *e)
{
	const struct container *holder;

	pthread_mutex_lock(&all->lock);
	holder = map_get(&all->by_name, name);
	if (holder)
		name_taken(name, holder, e);
	pthread_mutex_unlock(&all->lock);
	return holder != NULL;
}

bool containers_gone(struct containers *all, const char *id)
{
	bool gone;

	pthread_mutex_lock(&all->lock);
	gone = map_get(&all->by_id, id) == NULL;
	pthread_mutex_unlock(&all->lock);
	return gone;
}

void containers_remove(struct containers *all, struct container *c)
{
	struct container *held;

	pthread_mutex_lock(&all->lock);
	held = map_remove(&all->by_id, c->id);
	if (held)
		map_remove(&all->by_name, c->desc->r.name);
	pthread_mutex_unlock(&all->lock);
	container_unref(held);
}

int containers_rename(struct containers *all, struct container *c, const char *name, struct err *e)
{
	const struct container *holder;

	pthread_mutex_lock(&all->lock);
	holder = map_get(&all->by_name, name);
	if (holder) {
		name_taken(name, holder, e);
	} else {
		map_remove(&all->by_name, c->desc->r.name);
		map_set(&all->by_name, name, c);
	}
	pthread_mutex_unlock(&all->lock);
	return holder ? -1 : 0;
}

/* The only container whose id starts with `prefix`; *many tells of a second one. */
static struct container *by_prefix(struct containers *all, const char *prefix, bool *many)
{
	struct container *found = NULL;
	const char *id;
	void *c;

	*many = false;
	for (size_t i = 0; map_next(&all->by_id, &i, &id, &c);) {
		if (!str_starts(id, prefix))
			continue;
		*many = found != NULL;
		if (*many)
			return NULL;
		found = c;
	}
	return found;
}

struct container *containers_find(struct containers *all, const char *ref, struct err *e)
{
	const char *name = ref[0] == '/' ? ref + 1 : ref;
	struct container *c;
	bool many = false;

	pthread_mutex_lock(&all->lock);
	c = map_get(&all->by_id, ref);
	if (!c)
		c = map_get(&all->by_name, name);
	if (!c && *ref)
		c = by_prefix(all, ref, &many);
	if (c)
		container_ref(c);
	pthread_mutex_unlock(&all->lock);
	if (many)
		err_set(e, ERR_INVALID, "multiple IDs found with provided prefix: %s", ref);
	else if (!c)
		err_set(e, ERR_NOT_FOUND, "No such container: %s", ref);
	return c;
}

static int newest_first(const void *a, const void *b)
{
	const struct container *x = *(struct container *const *)a,
	                       *y = *(struct container *const *)b;

	return x->created < y->created ? 1 : x->created > y->created ? -1 : 0;
}

struct container_list containers_list(struct containers *all, struct arena *a)
{
	struct container_list l = { 0 };
	const char *id;
	void *c;

	pthread_mutex_lock(&all->lock);
	for (size_t i = 0; map_next(&all->by_id, &i, &id, &c);)
		arena_push(a, &l, container_ref(c));
	if (l.n > 1)
		qsort(l.v, l.n, sizeof(l.v[0]), newest_first);
	pthread_mutex_unlock(&all->lock);
	return l;
}

void containers_list_release(struct container_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		container_unref(l->v[i]);
	l->n = 0;
}
