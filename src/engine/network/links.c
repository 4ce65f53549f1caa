/* See links.h. */
#include "engine/network/links.h"

#include <ctype.h>
#include "engine/network/networking.h"

/* "ID:alias" */
static const char *alias_of(const char *link)
{
	return strchr(link, ':') + 1;
}

static struct container *target_of(struct engine *g, struct arena *a, const char *link)
{
	return containers_find(g->containers, arena_strndup(a, link, strcspn(link, ":")), NULL);
}

/* ---- create ---- */

/* "web" is "web:web". */
static const char *resolve_one(struct engine *g, struct arena *a, const char *text, struct err *e)
{
	const char *colon = strchr(text, ':');
	const char *name = arena_strndup(a, text, strcspn(text, ":"));
	const char *alias = colon ? colon + 1 : name;
	_cleanup_container_ struct container *c = NULL;

	if (str_empty(name) || str_empty(alias) || strchr(alias, ':')) {
		err_set(e, ERR_INVALID, "bad format for links: %s", text);
		return NULL;
	}
	c = containers_find(g->containers, name, e);
	if (c)
		return arena_printf(a, "%s:%s", c->id, alias);
	err_wrap(e, "could not get container for %s", name);
	err_kind_set(e, ERR_INVALID);
	return NULL;
}

static int check_mode(const char *mode, struct err *e)
{
	const char *kind = str_eq(mode, "host")           ? "host type networking"
	                   : networking_shared_with(mode) ? "container type network"
	                                                  : NULL;

	if (!kind)
		return 0;
	return err_set(e, ERR_INVALID,
	               "conflicting options: %s can't be used with links. This would result in "
	               "undefined behavior",
	               kind);
}

int links_resolve(struct engine *g, struct arena *a, const char *network_mode, struct strs *links,
                  struct err *e)
{
	const char *network = networking_mode_name(network_mode);
	struct strs given = *links;

	if (given.n && check_mode(network_mode, e) < 0)
		return -1;
	*links = (struct strs){ 0 };
	if (networking_is_user_defined(network))
		return 0;
	if (given.n && !g->opt.icc)
		return err_set(e, ERR_UNIMPLEMENTED, "links are not there yet with icc=false");
	for (size_t i = 0; i < given.n; i++) {
		const char *link = resolve_one(g, a, given.v[i], e);

		if (!link)
			return -1;
		arena_push(a, links, link);
	}
	return 0;
}

/* ---- start ---- */

static const struct api_endpoint *on_bridge(const struct container_view *v)
{
	for (size_t i = 0; v->net && i < v->net->r.networks.n; i++)
		if (str_eq(v->net->r.networks.v[i].key, "bridge"))
			return v->net->r.networks.v[i].value;
	return NULL;
}

static int add_line(struct arena *a, const struct container_record *r,
                    const struct container_view *v, const char *alias, struct strs *out,
                    struct err *e)
{
	const struct container_record *to = &v->desc->r;
	const struct api_endpoint *ep = on_bridge(v);
	bool same = str_eq(alias, to->name);

	if (!container_is_running(&v->state))
		return err_set(e, ERR_PRECONDITION,
		               "Cannot link to a non running container: /%s AS /%s/%s", to->name,
		               r->name, alias);
	if (!ep)
		return err_set(e, ERR_PRECONDITION,
		               "Cannot link to /%s, as it does not belong to the default network",
		               to->name);
	arena_push(a, out,
	           (const char *)arena_printf(a, "%s\t%s %.12s%s%s", ep->ip_address, alias, to->id,
	                                      same ? "" : " ", same ? "" : to->name));
	return 0;
}

int links_hosts(struct engine *g, struct arena *a, const struct container_record *r,
                struct strs *out, struct err *e)
{
	*out = (struct strs){ 0 };
	for (size_t i = 0; i < r->host->links.n; i++) {
		_cleanup_container_ struct container *c = target_of(g, a, r->host->links.v[i]);
		_cleanup_view_ struct container_view v = { 0 };

		if (!c)
			return err_set(e, ERR_PRECONDITION,
			               "Cannot link to a non running container: %.12s AS /%s/%s",
			               r->host->links.v[i], r->name, alias_of(r->host->links.v[i]));
		container_view(c, &v);
		if (add_line(a, r, &v, alias_of(r->host->links.v[i]), out, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- variables ---- */

/* "my-db" -> "MY_DB" */
static const char *variable(struct arena *a, const char *alias)
{
	char *out = arena_strdup(a, alias);

	for (char *p = out; *p; p++)
		*p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
	return out;
}

static int by_port(const void *x, const void *y)
{
	const struct net_port *a = x, *b = y;

	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return strcmp(a->proto, b->proto);
}

/* DB_PORT is the first port, DB_PORT_5432_TCP and its parts are each of them. */
static void add_ports(struct arena *a, const char *name, const char *ip,
                      const struct networking_ports *ports, struct strs *out)
{
	for (size_t i = 0; i < ports->exposed.n; i++) {
		const struct net_port *p = &ports->exposed.v[i];
		unsigned n = (unsigned)p->port;
		const char *url = arena_printf(a, "%s://%s:%u", p->proto, ip, n);
		const char *key = arena_printf(a, "%s_PORT_%u_%s", name, n, variable(a, p->proto));

		if (i == 0)
			arena_push(a, out, (const char *)arena_printf(a, "%s_PORT=%s", name, url));
		arena_push(a, out, (const char *)arena_printf(a, "%s=%s", key, url));
		arena_push(a, out, (const char *)arena_printf(a, "%s_ADDR=%s", key, ip));
		arena_push(a, out, (const char *)arena_printf(a, "%s_PORT=%u", key, n));
		arena_push(a, out, (const char *)arena_printf(a, "%s_PROTO=%s", key, p->proto));
	}
}

static void add_variables(struct arena *a, const struct container_record *r,
                          const struct container_view *v, const char *alias, struct strs *out)
{
	const struct container_record *to = &v->desc->r;
	const struct api_endpoint *ep = on_bridge(v);
	const char *name = variable(a, alias);
	struct networking_ports ports;

	if (ep && networking_ports(a, to->config, to->host, &ports, NULL) == 0) {
		for (size_t i = 0; i < ports.published.n; i++)
			if (!networking_is_exposed(&ports, &ports.published.v[i]))
				arena_push(a, &ports.exposed, ports.published.v[i]);
		if (ports.exposed.n)
			qsort(ports.exposed.v, ports.exposed.n, sizeof(ports.exposed.v[0]),
			      by_port);
		add_ports(a, name, ep->ip_address, &ports, out);
	}
	arena_push(a, out, (const char *)arena_printf(a, "%s_NAME=/%s/%s", name, r->name, alias));
	for (size_t i = 0; i < to->config->env.n; i++) {
		const char *pair = to->config->env.v[i];

		if (!str_starts(pair, "HOME=") && !str_starts(pair, "PATH="))
			arena_push(a, out, (const char *)arena_printf(a, "%s_ENV_%s", name, pair));
	}
}

struct strs links_environment(struct engine *g, struct arena *a, const struct container_record *r)
{
	struct strs out = { 0 };

	for (size_t i = 0; i < r->host->links.n; i++) {
		_cleanup_container_ struct container *c = target_of(g, a, r->host->links.v[i]);
		_cleanup_view_ struct container_view v = { 0 };

		if (!c)
			continue;
		container_view(c, &v);
		add_variables(a, r, &v, alias_of(r->host->links.v[i]), &out);
	}
	return out;
}

/* ---- inspect ---- */

struct strs links_shown(struct engine *g, struct arena *a, const struct container_record *r)
{
	struct strs out = { 0 };

	for (size_t i = 0; i < r->host->links.n; i++) {
		_cleanup_container_ struct container *c = target_of(g, a, r->host->links.v[i]);
		_cleanup_view_ struct container_view v = { 0 };

		if (!c)
			continue;
		container_view(c, &v);
		arena_push(a, &out,
		           (const char *)arena_printf(a, "/%s:/%s/%s", v.desc->r.name, r->name,
		                                      alias_of(r->host->links.v[i])));
	}
	return out;
}
