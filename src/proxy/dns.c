/* The names and the resolvers of one engine. See dns.h. */
#include "proxy/dns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include "base/fd.h"
#include "base/map.h"
#include "base/mem.h"
#include "proxy/resolver.h"

struct dns {
	struct loop *loop;
	int home; /* our network namespace */
	struct names *names;
	struct map resolvers; /* id -> struct resolver */
};

struct dns *dns_new(struct loop *l, struct err *e)
{
	struct dns *d = xnew(struct dns);

	d->loop = l;
	d->names = names_new();
	d->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (d->home >= 0)
		return d;
	err_errno(e, errno, "open our network namespace");
	dns_free(d);
	return NULL;
}

void dns_free(struct dns *d)
{
	const char *id;
	void *value;

	if (!d)
		return;
	for (size_t i = 0; map_next(&d->resolvers, &i, &id, &value);)
		resolver_free(value);
	map_free(&d->resolvers);
	names_free(d->names);
	fd_close(&d->home);
	free(d);
}

bool dns_is_empty(const struct dns *d)
{
	return names_empty(d->names) && d->resolvers.used == 0;
}

int dns_name(struct dns *d, const struct port_request *req, struct err *e)
{
	if (str_empty(req->id) || !req->name)
		return err_set(e, ERR_INVALID, "name: no owner, or no names");
	return names_put(d->names, req->id, req->name, e);
}

void dns_unname(struct dns *d, const char *owner)
{
	names_drop(d->names, owner);
}

int dns_resolve(struct dns *d, const struct port_request *req, struct err *e)
{
	struct resolver *r;

	if (str_empty(req->id) || !req->resolver)
		return err_set(e, ERR_INVALID, "resolve: no owner, or no resolver");
	r = map_get(&d->resolvers, req->id);
	if (r && str_eq(r->info.netns, req->resolver->netns)) {
		resolver_update(r, req->resolver);
		return 0;
	}
	dns_unresolve(d, req->id);
	r = resolver_open(d->loop, d->names, d->home, req->id, req->resolver, e);
	if (!r)
		return err_wrap(e, "start the name server of a sandbox");
	map_set(&d->resolvers, req->id, r);
	return 0;
}

void dns_unresolve(struct dns *d, const char *owner)
{
	resolver_free(map_remove(&d->resolvers, owner));
}

void dns_list(const struct dns *d, struct arena *a, struct port_reply *reply)
{
	const char *id;
	void *value;

	names_list(d->names, a, reply);
	for (size_t i = 0; map_next(&d->resolvers, &i, &id, &value);) {
		struct resolver *r = value;

		arena_push(a, &reply->owners,
		           ((struct port_owner){ .id = id, .resolver = &r->info }));
	}
}
