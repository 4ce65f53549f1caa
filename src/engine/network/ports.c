/* Ports as clients write them: {"80/tcp": {}}, {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}. */
#include "engine/network/networking.h"

#include <arpa/inet.h>

static bool parse_number(struct slice s, uint64_t *out)
{
	char text[8];

	if (s.len == 0 || s.len >= sizeof(text))
		return false;
	memcpy(text, s.data, s.len);
	text[s.len] = '\0';
	return str_u64(text, out) && *out <= 65535;
}

/* "8080", "8000-8010" or "" (none: picked when it is published). */
static bool parse_host_port(const char *s, struct net_port *p)
{
	const char *dash = strchr(s, '-');

	if (!*s)
		return true;
	if (!dash)
		return parse_number(slice_of(s), &p->host_port);
	return parse_number((struct slice){ s, (size_t)(dash - s) }, &p->host_port) &&
	       parse_number(slice_of(dash + 1), &p->host_port_end) &&
	       p->host_port <= p->host_port_end;
}

/* "80/tcp", "80" -> proto and port. */
static int parse_key(const char *key, struct net_port *p, struct err *e)
{
	static const char *const protos[] = { "tcp", "udp", "sctp" };
	size_t n = strcspn(key, "/");
	const char *proto = key[n] ? key + n + 1 : "tcp";

	*p = (struct net_port){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(protos); i++)
		if (str_ieq(proto, protos[i]))
			p->proto = protos[i];
	if (!p->proto)
		return err_set(e, ERR_INVALID,
		               "invalid port specification: \"%s\": invalid proto: %s", key, proto);
	if (!parse_number((struct slice){ key, n }, &p->port) || p->port == 0)
		return err_set(e, ERR_INVALID, "invalid port specification: \"%s\"", key);
	return 0;
}

static bool valid_address(const char *s)
{
	struct in6_addr raw;

	return !*s || inet_pton(AF_INET, s, &raw) == 1 || inet_pton(AF_INET6, s, &raw) == 1;
}

static int parse_binding(const char *key, const struct api_port_binding *b, struct net_port *p,
                         struct err *e)
{
	if (parse_key(key, p, e) < 0)
		return -1;
	p->host_ip = b->host_ip ? b->host_ip : "";
	if (!valid_address(p->host_ip))
		return err_set(e, ERR_INVALID, "invalid IP address in port mapping: \"%s\"",
		               p->host_ip);
	if (!parse_host_port(b->host_port ? b->host_port : "", p))
		return err_set(e, ERR_INVALID, "invalid port specification: \"%s\"", b->host_port);
	return 0;
}

static bool is_published(const struct networking_ports *ports, const struct net_port *p)
{
	for (size_t i = 0; i < ports->published.n; i++)
		if (ports->published.v[i].port == p->port &&
		    str_eq(ports->published.v[i].proto, p->proto))
			return true;
	return false;
}

bool networking_is_exposed(const struct networking_ports *ports, const struct net_port *p)
{
	for (size_t i = 0; i < ports->exposed.n; i++)
		if (ports->exposed.v[i].port == p->port &&
		    str_eq(ports->exposed.v[i].proto, p->proto))
			return true;
	return false;
}

static int add_published(struct arena *a, const struct api_host_config *host,
                         struct networking_ports *out, struct err *e)
{
	for (size_t i = 0; i < host->port_bindings.n; i++) {
		const char *key = host->port_bindings.v[i].key;
		struct net_port p;

		/* A port without bindings is published on any host port. */
		if (host->port_bindings.v[i].n == 0) {
			if (parse_key(key, &p, e) < 0)
				return -1;
			arena_push(a, &out->published, p);
		}
		for (size_t j = 0; j < host->port_bindings.v[i].n; j++) {
			if (parse_binding(key, &host->port_bindings.v[i].v[j], &p, e) < 0)
				return -1;
			arena_push(a, &out->published, p);
		}
	}
	return 0;
}

int networking_ports(struct arena *a, const struct api_config *config,
                     const struct api_host_config *host, struct networking_ports *out,
                     struct err *e)
{
	*out = (struct networking_ports){ 0 };
	if (add_published(a, host, out, e) < 0)
		return -1;
	for (size_t i = 0; i < config->exposed_ports.n; i++) {
		struct net_port p;

		if (parse_key(config->exposed_ports.v[i], &p, e) < 0)
			return -1;
		arena_push(a, &out->exposed, p);
		if (host->publish_all_ports && !is_published(out, &p))
			arena_push(a, &out->published, p);
	}
	return 0;
}

/* The entry of "80/tcp", made when it is not there. */
static size_t entry_of(struct arena *a, struct container_net_record *out, const struct net_port *p)
{
	char *key = arena_printf(a, "%llu/%s", (unsigned long long)p->port, p->proto);
	__typeof__(out->ports.v[0]) entry = { .key = key };

	for (size_t i = 0; i < out->ports.n; i++)
		if (str_eq(out->ports.v[i].key, key))
			return i;
	arena_push(a, &out->ports, entry);
	return out->ports.n - 1;
}

void networking_ports_report(struct arena *a, const struct endpoint_info *ep,
                             struct container_net_record *out)
{
	for (size_t i = 0; i < ep->exposed.n; i++)
		entry_of(a, out, &ep->exposed.v[i]);
	for (size_t i = 0; i < ep->ports.n; i++) {
		const struct net_port *p = &ep->ports.v[i];
		struct api_port_binding b = {
			.host_ip = p->host_ip,
			.host_port = arena_printf(a, "%llu", (unsigned long long)p->host_port)
		};
		size_t at = entry_of(a, out, p);

		arena_push(a, &out->ports.v[at], b);
	}
}
