/* The controller: options, what drivers share, finding things, rows. See libnetwork.h, objects.h. */
#include "libnetwork/objects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "netlink/address.h"
#include "netlink/socket.h"

void *net_alloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		abort();
	return p;
}

void net_warn(struct net_controller *c, const struct err *e)
{
	if (c->o.warn)
		c->o.warn(c->o.warn_ctx, e);
}

/* ---- rows ---- */

int row_put(struct net_controller *c, enum net_row kind, const char *id, const struct json_table *t,
            const void *row, bool durable, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };

	json_encode(&b, t, row);
	return c->o.store.put(c->o.store.ctx, kind, id, (struct slice){ b.data, b.len }, durable,
	                      e);
}

int row_remove(struct net_controller *c, enum net_row kind, const char *id, struct err *e)
{
	return c->o.store.remove(c->o.store.ctx, kind, id, e);
}

/* ---- starting ---- */

static void copy_options(struct net_controller *c, const struct net_options *o)
{
	struct arena *a = &c->arena;

	c->o = *o;
	c->o.exec_root = arena_strdup(a, o->exec_root);
	c->o.proxy_path = arena_strdup(a, o->proxy_path);
	c->o.bridge = arena_strdup(a, str_empty(o->bridge) ? "docker0" : o->bridge);
	c->o.bip = arena_strdup(a, o->bip);
	c->o.fixed_cidr = arena_strdup(a, o->fixed_cidr);
	c->o.default_gateway = arena_strdup(a, o->default_gateway);
	c->o.default_host_ip = arena_strdup(a, o->default_host_ip);
	c->o.default_pools = (struct strs){ 0 };
	for (size_t i = 0; i < o->default_pools.n; i++)
		arena_push(a, &c->o.default_pools, arena_strdup(a, o->default_pools.v[i]));
	c->netns_dir = path_join(a, o->exec_root, "netns");
}

/* The networks that the host is on: a picked pool must be another one. */
static int host_networks(unused_arg void *ctx, int (*fn)(void *arg, const struct inet *net),
                         void *arg, struct err *e)
{
	_cleanup_close_ int nl = nl_open(NETLINK_ROUTE, e);

	return nl < 0 ? -1 : route_each(nl, fn, arg, e);
}

static int start_ipam(struct net_controller *c, struct err *e)
{
	c->ipam = ipam_new(host_networks, c);
	for (size_t i = 0; i < c->o.default_pools.n; i++)
		if (ipam_add_default(c->ipam, c->o.default_pools.v[i], e) < 0)
			return -1;
	return 0;
}

/* Rules of iptables-legacy live in another part of the kernel, which asks neither us nor nft. */
static void warn_of_legacy(struct net_controller *c)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct slice text;
	struct err e = { 0 };

	if (file_read(&a, AT_FDCWD, "/proc/net/ip_tables_names", LIMIT_SMALL_FILE, &text, NULL) <
	            0 ||
	    text.len == 0)
		return;
	err_set(&e, ERR_PRECONDITION,
	        "this host has rules of iptables-legacy; Lighter's are in nf_tables "
	        "(iptables-nft), and both apply");
	net_warn(c, &e);
}

/* As Docker: where it is we who switch forwarding on, what nobody has asked for is not forwarded. */
static int enable_forwarding(struct net_controller *c, struct err *e)
{
	static const char path[] = "/proc/sys/net/ipv4/ip_forward";
	_cleanup_arena_ struct arena a = { 0 };
	struct slice text;

	if (file_read(&a, AT_FDCWD, path, LIMIT_SMALL_FILE, &text, e) < 0)
		return -1;
	if (text.len && text.data[0] == '1')
		return 0;
	if (c->env.firewall && firewall_drop_forward(c->env.firewall, e) < 0)
		return -1;
	return file_write(AT_FDCWD, path, "1", 1, 0644, e);
}

/* Who holds a port, by the endpoint's id: the container's name. */
static bool name_owner(void *ctx, const char *id, char *name, size_t size)
{
	struct net_controller *c = ctx;
	_cleanup_endpoint_ struct endpoint *ep = endpoint_find(c, id, NULL);

	if (!ep)
		return false;
	pthread_mutex_lock(&ep->lock);
	str_copy(name, size, ep->info.name ? ep->info.name : "");
	pthread_mutex_unlock(&ep->lock);
	return name[0];
}

static void open_server(struct net_controller *c)
{
	const char *path = path_join(&c->arena, c->o.exec_root, "docker-proxy.sock");
	const char *proxy = str_empty(c->o.proxy_path) ? "docker-proxy" : c->o.proxy_path;

	c->server = port_server_open(path, proxy, c->o.warn, c->o.warn_ctx);
}

static int start(struct net_controller *c, struct err *e)
{
	unsigned mode = c->o.userland_proxy ? FW_PROXY : FW_NO_PROXY;

	if (dir_make(c->netns_dir, 0755, e) < 0 || start_ipam(c, e) < 0)
		return -1;
	c->env.options = &c->o;
	if (c->o.iptables) {
		warn_of_legacy(c);
		c->env.firewall = firewall_new(mode, e);
		if (!c->env.firewall)
			return -1;
	}
	if (c->o.ip_forward && enable_forwarding(c, e) < 0)
		return err_wrap(e, "enable IP forwarding");
	open_server(c);
	c->env.ports = ports_open(&c->o, c->server, name_owner, c, e);
	if (!c->env.ports)
		return -1;
	return net_restore(c, e);
}

struct net_controller *net_controller_new(const struct net_options *o, struct err *e)
{
	struct net_controller *c = net_alloc(sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	copy_options(c, o);
	if (start(c, e) == 0)
		return c;
	net_controller_free(c);
	return NULL;
}

static void drop_all(struct map *m, void (*unref)(void *p))
{
	const char *key;
	void *value;

	for (size_t i = 0; map_next(m, &i, &key, &value);)
		unref(value);
	map_free(m);
}

static void drop_sandbox(void *p)
{
	struct sandbox *s = p;

	for (size_t i = 0; i < s->n; i++)
		endpoint_unref(s->endpoints[i]);
	s->n = 0;
	sandbox_unref(s);
}

/* A joined endpoint and its sandbox refer to each other. */
static void drop_endpoint(void *p)
{
	struct endpoint *ep = p;

	sandbox_unref(ep->sandbox);
	ep->sandbox = NULL;
	endpoint_unref(ep);
}

static void drop_network(void *p)
{
	network_unref(p);
}

void net_controller_free(struct net_controller *c)
{
	if (!c)
		return;
	drop_all(&c->endpoints, drop_endpoint);
	drop_all(&c->sandboxes, drop_sandbox);
	drop_all(&c->networks, drop_network);
	ports_close(c->env.ports);
	port_server_close(c->server);
	firewall_free(c->env.firewall);
	ipam_free(c->ipam);
	pthread_mutex_destroy(&c->lock);
	arena_free(&c->arena);
	free(c);
}

void net_controller_drivers(unused_arg struct net_controller *c, struct arena *a, struct strs *out)
{
	const struct net_driver *d;

	*out = (struct strs){ 0 };
	for (size_t i = 0; (d = net_driver_at(i)); i++)
		arena_push(a, out, d->name);
}
