/* See port.h. */
#include "cli/spec/port.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "cli/spec/csv.h"

JSON_TYPE(port_sets, PORT_SETS)

struct range {
	uint64_t first, last;
};

static bool parse_port(const char *s, uint64_t *out)
{
	return str_u64(s, out) && *out <= 65535;
}

static bool parse_range(struct arena *a, const char *s, struct range *out)
{
	const char *dash = strchr(s, '-');

	if (!parse_port(dash ? arena_strndup(a, s, (size_t)(dash - s)) : s, &out->first))
		return false;
	out->last = out->first;
	return !dash || (parse_port(dash + 1, &out->last) && out->last >= out->first);
}

/* Cuts "/proto" off; "tcp" when there is none. */
static const char *cut_proto(struct arena *a, char *s)
{
	char *slash = strchr(s, '/');

	if (!slash)
		return "tcp";
	*slash = '\0';
	return slash[1] ? arena_strdup(a, slash + 1) : "tcp";
}

static bool proto_ok(const char *proto)
{
	return str_ieq(proto, "tcp") || str_ieq(proto, "udp") || str_ieq(proto, "sctp");
}

static const char *port_key(struct arena *a, uint64_t port, const char *proto)
{
	char *key = arena_printf(a, "%llu/%s", (unsigned long long)port, proto);

	for (char *p = key; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return key;
}

static void expose(struct arena *a, struct port_sets *out, const char *key)
{
	for (size_t i = 0; i < out->exposed.n; i++)
		if (str_eq(out->exposed.v[i], key))
			return;
	arena_push(a, &out->exposed, key);
}

static void bind_port(struct arena *a, struct port_sets *out, const char *key,
                      struct api_port_binding binding)
{
	size_t i = 0;

	while (i < out->bindings.n && !str_eq(out->bindings.v[i].key, key))
		i++;
	if (i == out->bindings.n) {
		__typeof__(*out->bindings.v) fresh = { .key = key };

		arena_push(a, &out->bindings, fresh);
	}
	arena_push(a, &out->bindings.v[i], binding);
}

/* The three parts of [ip:][host:]container; the ip may hold colons itself. */
struct parts {
	char *ip, *host, *container;
};

static struct parts split(struct arena *a, const char *text)
{
	struct parts p = { arena_strdup(a, ""), arena_strdup(a, ""), arena_strdup(a, text) };
	char *colon = strrchr(p.container, ':');

	if (!colon)
		return p;
	*colon = '\0';
	p.host = p.container;
	p.container = colon + 1;
	colon = strrchr(p.host, ':');
	if (!colon)
		return p;
	*colon = '\0';
	p.ip = p.host;
	p.host = colon + 1;
	return p;
}

static int check_ip(char **ip, struct err *e)
{
	unsigned char addr[16];
	size_t n = strlen(*ip);

	if (n > 2 && (*ip)[0] == '[' && (*ip)[n - 1] == ']') {
		(*ip)[n - 1] = '\0';
		(*ip)++;
	}
	if (!n || inet_pton(AF_INET, *ip, addr) == 1 || inet_pton(AF_INET6, *ip, addr) == 1)
		return 0;
	return err_set(e, ERR_INVALID, "invalid IP address: %s", *ip);
}

static int check_ranges(struct arena *a, const struct parts *p, struct range *container,
                        struct range *host, struct err *e)
{
	if (!parse_range(a, p->container, container))
		return err_set(e, ERR_INVALID, "invalid containerPort: %s", p->container);
	if (!*p->host)
		return 0;
	if (!parse_range(a, p->host, host))
		return err_set(e, ERR_INVALID, "invalid hostPort: %s", p->host);
	if (host->last - host->first != container->last - container->first &&
	    container->first != container->last)
		return err_set(e, ERR_INVALID,
		               "invalid ranges specified for container and host Ports: %s and %s",
		               p->container, p->host);
	return 0;
}

/* published=8080,target=80,protocol=tcp in the short form. */
static int long_form(struct arena *a, const char *text, const char **out, struct err *e)
{
	const char *published = "", *target = "", *protocol = "tcp";
	struct strs fields;

	if (csv_split(a, text, &fields, e) < 0)
		return -1;
	for (size_t i = 0; i < fields.n; i++) {
		const char *v;

		if ((v = str_after(fields.v[i], "published=")))
			published = v;
		else if ((v = str_after(fields.v[i], "target=")))
			target = v;
		else if ((v = str_after(fields.v[i], "protocol=")))
			protocol = v;
		else if (!str_starts(fields.v[i], "mode="))
			return err_set(e, ERR_INVALID,
			               "invalid publish opts format (should be "
			               "name=value but got '%s')",
			               fields.v[i]);
	}
	*out = arena_printf(a, "%s:%s/%s", published, target, protocol);
	return 0;
}

int port_publish(struct arena *a, const char *text, struct port_sets *out, struct err *e)
{
	struct range container = { 0 }, host = { 0 };
	const char *proto;
	struct parts p;
	bool one;

	if (strchr(text, '=') && long_form(a, text, &text, e) < 0)
		return -1;
	p = split(a, text);
	proto = cut_proto(a, p.container);
	if (check_ip(&p.ip, e) < 0)
		return -1;
	if (!*p.container)
		return err_set(e, ERR_INVALID, "no port specified: %s<empty>", text);
	if (check_ranges(a, &p, &container, &host, e) < 0)
		return -1;
	if (!proto_ok(proto))
		return err_set(e, ERR_INVALID, "invalid proto: %s", proto);
	one = container.first == container.last;
	for (uint64_t i = 0; i <= container.last - container.first; i++) {
		const char *key = port_key(a, container.first + i, proto);
		const char *host_port = p.host;

		if (*p.host && !(one && host.first != host.last))
			host_port = arena_printf(a, "%llu", (unsigned long long)host.first + i);
		expose(a, out, key);
		bind_port(a, out, key, (struct api_port_binding){ p.ip, host_port });
	}
	return 0;
}

int port_expose(struct arena *a, const char *text, struct port_sets *out, struct err *e)
{
	char *port = arena_strdup(a, text);
	const char *proto = cut_proto(a, port);
	struct range range;

	if (strchr(text, ':'))
		return err_set(e, ERR_INVALID, "invalid port format for --expose: %s", text);
	if (!parse_range(a, port, &range))
		return err_set(e, ERR_INVALID,
		               "invalid range format for --expose: %s, error: strconv.ParseUint: "
		               "parsing \"%s\": invalid syntax",
		               text, port);
	for (uint64_t i = range.first; i <= range.last; i++)
		expose(a, out, port_key(a, i, proto));
	return 0;
}
