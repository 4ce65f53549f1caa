/* See ports.h. Thread-safe: `next` is behind a lock, the port server has its own. */
#include "libnetwork/ports.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "libnetwork/lock.h"
#include "libnetwork/port_holder.h"
#include "libnetwork/port_server.h"
#include "netlink/inet.h"

#define PICK_TRIES 100 /* ports in use by others that we step over */

struct ports {
	struct port_server *server; /* the controller's */
	struct port_holder *holder; /* instead of it, without userland proxy */
	ports_name_fn *name;
	void *name_ctx;
	bool ipv6; /* the host has it */
	char default_ip[INET_TEXT_SIZE];
	pthread_mutex_t lock;
	uint16_t first, last, next; /* the range to pick from */
};

/* "32768	60999" */
static void read_range(struct ports *p)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct slice text;
	unsigned first, last;

	p->first = 49153;
	p->last = 65535;
	if (file_read(&a, AT_FDCWD, "/proc/sys/net/ipv4/ip_local_port_range", LIMIT_SMALL_FILE,
	              &text, NULL) == 0 &&
	    sscanf(text.data, "%u %u", &first, &last) == 2 && first && first <= last &&
	    last <= UINT16_MAX) {
		p->first = (uint16_t)first;
		p->last = (uint16_t)last;
	}
	p->next = p->first;
}

static bool keep_none(unused_arg void *ctx, unused_arg const char *owner)
{
	return false;
}

/* A server of an earlier engine, which had the userland proxy, gives its ports back. */
static int hold_ourselves(struct ports *p, struct err *e)
{
	if (ports_sweep(p, keep_none, NULL, e) < 0)
		return -1;
	p->holder = port_holder_new();
	return 0;
}

struct ports *ports_open(const struct net_options *o, struct port_server *server,
                         ports_name_fn *name, void *ctx, struct err *e)
{
	struct ports *p = xalloc(sizeof(*p));

	pthread_mutex_init(&p->lock, NULL);
	p->name = name;
	p->name_ctx = ctx;
	p->ipv6 = path_exists("/proc/net/if_inet6");
	str_copy(p->default_ip, sizeof(p->default_ip),
	         str_eq(o->default_host_ip, "0.0.0.0") || !o->default_host_ip ? ""
	                                                                      : o->default_host_ip);
	read_range(p);
	p->server = server;
	if (o->userland_proxy || hold_ourselves(p, e) == 0)
		return p;
	ports_close(p);
	return NULL;
}

void ports_close(struct ports *p)
{
	if (!p)
		return;
	port_holder_free(p->holder);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* ---- what is asked for, spelled out ---- */

/* One port to find a number for, on one or two host addresses. */
struct choice {
	const struct net_port *wanted;
	const char *ips[2];
	unsigned nips;
	uint16_t first, last; /* numbers that will do */
	bool any;             /* none was asked for: the ephemeral range */
	uint16_t picked;
};

static int choose_addresses(const struct ports *p, struct choice *c, struct err *e)
{
	const char *ip = str_empty(c->wanted->host_ip) ? p->default_ip : c->wanted->host_ip;
	struct inet parsed;

	if (str_empty(ip)) {
		c->ips[c->nips++] = "0.0.0.0";
		if (p->ipv6)
			c->ips[c->nips++] = "::";
		return 0;
	}
	if (!inet_parse(ip, &parsed))
		return err_set(e, ERR_INVALID, "invalid host address \"%s\"", ip);
	c->ips[c->nips++] = ip;
	return 0;
}

static int choose(const struct ports *p, const struct net_port *w, struct choice *c, struct err *e)
{
	uint64_t end = MAX(w->host_port_end, w->host_port);

	*c = (struct choice){ .wanted = w };
	if (w->port == 0 || w->port > UINT16_MAX || end > UINT16_MAX)
		return err_set(e, ERR_INVALID, "invalid port %llu:%llu", (unsigned long long)end,
		               (unsigned long long)w->port);
	if (choose_addresses(p, c, e) < 0)
		return -1;
	c->any = w->host_port == 0;
	c->first = c->any ? p->first : (uint16_t)w->host_port;
	c->last = c->any ? p->last : (uint16_t)end;
	return 0;
}

static uint16_t next_ephemeral(struct ports *p)
{
	_cleanup_unlock_ pthread_mutex_t *held = lock_take(&p->lock);
	uint16_t port = p->next;

	p->next = port == p->last ? p->first : (uint16_t)(port + 1);
	return port;
}

/* The first number to try, or after a failure the next. False when there is no other. */
static bool pick(struct ports *p, struct choice *c)
{
	if (c->any) {
		c->picked = next_ephemeral(p);
		return true;
	}
	if (c->picked == c->last)
		return false;
	c->picked = c->picked ? (uint16_t)(c->picked + 1) : c->first;
	return true;
}

/* Does another of these choices have the number already? A range must not give it twice. */
static bool is_double(const struct choice *all, size_t n, const struct choice *c)
{
	for (size_t i = 0; i < n; i++)
		if (&all[i] != c && all[i].picked == c->picked &&
		    str_eq(all[i].wanted->proto, c->wanted->proto) &&
		    str_eq(all[i].ips[0], c->ips[0]))
			return true;
	return false;
}

static bool pick_single(struct ports *p, const struct choice *all, size_t n, struct choice *c)
{
	do
		if (!pick(p, c))
			return false;
	while ((c->any || c->first != c->last) && is_double(all, n, c));
	return true;
}

/* ---- binding ---- */

static void spell(const struct choice *all, size_t n, const char *container_ip, struct arena *a,
                  struct port_owner *out)
{
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < all[i].nips; k++) {
			struct port_bind b = { .proto = all[i].wanted->proto,
				               .host_ip = all[i].ips[k],
				               .host_port = all[i].picked,
				               .container_ip = container_ip,
				               .container_port = all[i].wanted->port };

			arena_push(a, &out->ports, b);
		}
}

/* "... failed: port is already allocated (by container web)" */
static int name_holder(const struct ports *p, const struct port_failure *f, struct err *e)
{
	char name[256];
	size_t n = e ? strlen(e->text) : 0;

	if (e && f->holder[0] && p->name(p->name_ctx, f->holder, name, sizeof(name)))
		snprintf(e->text + n, sizeof(e->text) - n, " (by container %s)", name);
	return -1;
}

/* Which choice the bind of that index came from. */
static struct choice *choice_of(struct choice *all, size_t n, int64_t bind)
{
	for (size_t i = 0; i < n && bind >= 0; i++) {
		if (bind < all[i].nips)
			return &all[i];
		bind -= all[i].nips;
	}
	return NULL;
}

static int bind_once(struct ports *p, const struct port_owner *owner, struct port_failure *failure,
                     struct err *e)
{
	if (p->holder)
		return port_holder_publish(p->holder, owner, failure, e);
	return port_server_publish(p->server, owner, failure, e);
}

/* Binds all, stepping over numbers in use where the number does not matter. */
static int bind_all(struct ports *p, struct choice *all, size_t n, struct port_owner *owner,
                    const char *container_ip, struct arena *a, struct err *e)
{
	for (int attempt = 0;; attempt++) {
		struct port_failure failure = { .index = -1 };
		struct choice *c;

		owner->ports.n = 0;
		owner->ports.v = NULL;
		spell(all, n, container_ip, a, owner);
		if (bind_once(p, owner, &failure, e) == 0)
			return 0;
		c = choice_of(all, n, failure.index);
		if (!c || !failure.in_use || attempt == PICK_TRIES || !pick_single(p, all, n, c))
			return name_holder(p, &failure, e);
	}
}

static void report(const struct port_owner *owner, struct arena *a, struct net_ports *bound)
{
	*bound = (struct net_ports){ 0 };
	for (size_t i = 0; i < owner->ports.n; i++) {
		const struct port_bind *b = &owner->ports.v[i];
		struct net_port out = { .proto = arena_strdup(a, b->proto),
			                .port = b->container_port,
			                .host_ip = arena_strdup(a, b->host_ip),
			                .host_port = b->host_port,
			                .host_port_end = b->host_port };

		arena_push(a, bound, out);
	}
}

int ports_publish(struct ports *p, const char *owner, const char *container_ip,
                  const struct net_ports *wanted, struct arena *a, struct net_ports *bound,
                  struct err *e)
{
	_cleanup_arena_ struct arena scratch = { 0 };
	struct choice *all = arena_array(&scratch, struct choice, wanted->n + 1);
	struct port_owner what = { .id = owner };

	*bound = (struct net_ports){ 0 };
	if (wanted->n == 0)
		return 0;
	for (size_t i = 0; i < wanted->n; i++) {
		if (choose(p, &wanted->v[i], &all[i], e) < 0)
			return -1;
		if (!pick_single(p, all, i, &all[i]))
			return err_set(e, ERR_PRECONDITION, "no port of the range is left");
	}
	if (bind_all(p, all, wanted->n, &what, container_ip, &scratch, e) < 0)
		return -1;
	report(&what, a, bound);
	return 0;
}

int ports_unpublish(struct ports *p, const char *owner, struct err *e)
{
	if (!p->holder)
		return port_server_unpublish(p->server, owner, e);
	port_holder_unpublish(p->holder, owner);
	return 0;
}

int ports_sweep(struct ports *p, bool (*keep)(void *ctx, const char *owner), void *ctx,
                struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct port_owners all;

	if (p->holder)
		return 0;
	port_server_list(p->server, PORT_KIND_PORTS, &a, &all);
	for (size_t i = 0; i < all.n; i++)
		if (!keep(ctx, all.v[i].id) && port_server_unpublish(p->server, all.v[i].id, e) < 0)
			return -1;
	return 0;
}
