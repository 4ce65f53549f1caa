/* Networks: by name or id, and all of them. See libnetwork.h, objects.h. */
#include "libnetwork/objects.h"

#include <stdlib.h>

struct network *network_by_name(struct net_controller *c, const char *name, bool ready)
{
	const char *id;
	void *value;

	for (size_t i = 0; map_next(&c->networks, &i, &id, &value);) {
		struct network *n = value;

		if (str_eq(n->info.name, name) && (n->ready || !ready))
			return n;
	}
	return NULL;
}

static struct network *by_prefix(struct net_controller *c, const char *prefix, struct err *e)
{
	struct network *found = NULL;
	unsigned matches = 0;
	const char *id;
	void *value;

	for (size_t i = 0; map_next(&c->networks, &i, &id, &value);) {
		struct network *n = value;

		if (!n->ready || !str_starts(id, prefix))
			continue;
		found = n;
		matches++;
	}
	if (matches == 1)
		return found;
	if (matches == 0)
		err_set(e, ERR_NOT_FOUND, "network %s not found", prefix);
	else
		err_set(e, ERR_INVALID,
		        "network %s is ambiguous (%u matches found based on ID prefix)", prefix,
		        matches);
	return NULL;
}

struct network *network_find(struct net_controller *c, const char *name, struct err *e)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&c->lock);
	struct network *n = map_get(&c->networks, name);

	if (!n || !n->ready)
		n = network_by_name(c, name, true);
	if (!n)
		n = str_empty(name) ? (err_set(e, ERR_INVALID, "no network is named"), NULL)
		                    : by_prefix(c, name, e);
	return n ? network_ref(n) : NULL;
}

void network_info(struct network *n, struct arena *a, struct network_info *out)
{
	*out = *(struct network_info *)json_copy(a, &network_info_type, &n->info);
}

static int by_age(const void *a, const void *b)
{
	const struct network_info *x = a, *y = b;

	if (x->created != y->created)
		return x->created < y->created ? -1 : 1;
	return strcmp(x->id, y->id);
}

void net_controller_networks(struct net_controller *c, struct arena *a, struct network_infos *out)
{
	const char *id;
	void *value;

	*out = (struct network_infos){ 0 };
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; map_next(&c->networks, &i, &id, &value);) {
		struct network *n = value;
		struct network_info info;

		if (!n->ready)
			continue;
		network_info(n, a, &info);
		arena_push(a, out, info);
	}
	pthread_mutex_unlock(&c->lock);
	if (out->n)
		qsort(out->v, out->n, sizeof(out->v[0]), by_age);
}
