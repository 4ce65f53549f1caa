/* /etc/hosts, /etc/resolv.conf and /etc/hostname of a container, in DATA/containers/ID/. */
#include "engine/network/networking.h"

#include <fcntl.h>
#include <unistd.h>
#include "base/file.h"
#include "base/limits.h"
#include "engine/network/links.h"
#include "libnetwork/files.h"
#include "netlink/inet.h"

static enum net_mode mode_of(const char *network_mode)
{
	const char *name = networking_mode_name(network_mode);

	if (str_eq(name, "bridge"))
		return NET_MODE_BRIDGE;
	if (str_eq(name, "host"))
		return NET_MODE_HOST;
	return str_eq(name, "none") ? NET_MODE_NONE : NET_MODE_USER;
}

static const char *host_text(struct arena *a, const char *path)
{
	struct slice text;

	return file_read(a, AT_FDCWD, path, LIMIT_SMALL_FILE, &text, NULL) == 0 ? text.data : NULL;
}

/* The gateway of the default network: what "host-gateway" means. */
static const char *host_gateway(struct engine *g, struct arena *a)
{
	_cleanup_network_ struct network *n = network_find(g->net, "bridge", NULL);
	struct network_info info;

	if (g->opt.host_gateway_ip)
		return g->opt.host_gateway_ip;
	if (!n)
		return NULL;
	network_info(n, a, &info);
	return info.ipam && info.ipam->config.n ? info.ipam->config.v[0].gateway : NULL;
}

/* What the container asked for, else what the daemon was told. */
static struct strs choose(const struct strs *own, const struct strs *daemon)
{
	return own->n ? *own : *daemon;
}

static struct strs addresses(struct arena *a, const struct container_net_record *net)
{
	struct strs out = { 0 };

	for (size_t i = 0; i < net->networks.n; i++)
		if (!str_empty(net->networks.v[i].value->ip_address))
			arena_push(a, &out, net->networks.v[i].value->ip_address);
	return out;
}

/* In place: a running container has the file mounted, so the inode stays. */
static int write_one(struct engine *g, const char *id, const char *name, const struct buf *text,
                     struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = engine_data_path(g, &a, "containers/%s/%s", id, name);

	return file_write(AT_FDCWD, path, buf_cstr(text), text->len, 0644, e);
}

static void gather(struct engine *g, struct arena *a, const struct container_record *r,
                   const struct container_net_record *net, struct net_files *out)
{
	*out = (struct net_files){
		.mode = networking_on_user_network(r) ? NET_MODE_USER
		                                      : mode_of(r->host->network_mode),
		.hostname = r->config->hostname,
		.domainname = r->config->domainname,
		.addresses = addresses(a, net),
		.extra_hosts = r->host->extra_hosts,
		.host_gateway = host_gateway(g, a),
		.dns = choose(&r->host->dns, &g->opt.dns),
		.dns_search = choose(&r->host->dns_search, &g->opt.dns_search),
		.dns_options = choose(&r->host->dns_options, &g->opt.dns_opts),
		.host_hosts = host_text(a, "/etc/hosts"),
		.host_resolv = host_text(a, g->opt.resolv_conf),
	};
}

int networking_files(struct engine *g, const struct container_record *r,
                     const struct container_net_record *net, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf hosts = { 0 }, resolv = { 0 }, hostname = { 0 };
	struct net_files f;

	gather(g, &a, r, net, &f);
	if (links_hosts(g, &a, r, &f.links, e) < 0)
		return -1;
	if (dir_make(engine_data_path(g, &a, "containers/%s", r->id), 0710, e) < 0 ||
	    net_hosts_render(&hosts, &f, e) < 0 || net_resolv_render(&resolv, &f, e) < 0)
		return -1;
	net_hostname_render(&hostname, &f);
	if (write_one(g, r->id, "hosts", &hosts, e) < 0 ||
	    write_one(g, r->id, "resolv.conf", &resolv, e) < 0)
		return -1;
	return write_one(g, r->id, "hostname", &hostname, e);
}

/* ---- whom its name server asks ---- */

void networking_servers(struct engine *g, struct arena *a, const struct container_record *r,
                        struct sandbox_info *out)
{
	static const struct container_net_record nowhere;
	struct strs servers;
	struct net_files f;
	struct inet ip;

	gather(g, a, r, &nowhere, &f);
	net_resolv_servers(&f, a, &servers);
	out->qualified = net_resolv_has_ndots(&f);
	for (size_t i = 0; i < servers.n; i++) {
		/* What --dns says is meant as seen from the container. */
		bool of_host =
		        f.dns.n == 0 && inet_parse(servers.v[i], &ip) && inet_is_loopback(&ip);

		arena_push(a, &out->servers,
		           ((struct net_server){ .address = servers.v[i], .of_host = of_host }));
	}
}

/* ---- while it runs: what the container has written itself stays ---- */

static int change_hosts(struct engine *g, const char *id, struct net_files *was,
                        struct net_files *is, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf text = { 0 };
	struct slice now;

	if (file_read(&a, AT_FDCWD, engine_data_path(g, &a, "containers/%s/hosts", id),
	              LIMIT_SMALL_FILE, &now, e) < 0)
		return -1;
	net_hosts_change(&text, now.data, &was->addresses, is);
	return write_one(g, id, "hosts", &text, e);
}

/* One that is not what we wrote is the container's own. */
static int change_resolv(struct engine *g, const char *id, const struct net_files *was,
                         const struct net_files *is, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf before = { 0 }, after = { 0 };
	struct slice now;

	if (net_resolv_render(&before, was, e) < 0 || net_resolv_render(&after, is, e) < 0 ||
	    file_read(&a, AT_FDCWD, engine_data_path(g, &a, "containers/%s/resolv.conf", id),
	              LIMIT_SMALL_FILE, &now, e) < 0)
		return -1;
	if (!str_eq(now.data, buf_cstr(&before)) || str_eq(buf_cstr(&before), buf_cstr(&after)))
		return 0;
	return write_one(g, id, "resolv.conf", &after, e);
}

int networking_files_change(struct engine *g, const struct container_record *was,
                            const struct container_net_record *was_on,
                            const struct container_record *is,
                            const struct container_net_record *is_on, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct net_files before, after;

	gather(g, &a, was, was_on, &before);
	gather(g, &a, is, is_on, &after);
	if (change_hosts(g, is->id, &before, &after, e) < 0)
		return -1;
	return change_resolv(g, is->id, &before, &after, e);
}
