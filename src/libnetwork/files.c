/* See files.h. The texts are those of Docker 20.10 (measured). */
#include "libnetwork/files.h"

#include "netlink/inet.h"

#define EMBEDDED_SERVER "127.0.0.11"

/* Where no server is left, as Docker's. */
static const char *const public_servers[] = { "8.8.8.8", "8.8.4.4" };

static const char hosts_head[] = "127.0.0.1\tlocalhost\n"
                                 "::1\tlocalhost ip6-localhost ip6-loopback\n"
                                 "fe00::0\tip6-localnet\n"
                                 "ff00::0\tip6-mcastprefix\n"
                                 "ff02::1\tip6-allnodes\n"
                                 "ff02::2\tip6-allrouters\n";

/* ---- hosts ---- */

/* "name:ip"; an IPv6 address has colons of its own. */
static int add_extra(struct buf *out, const struct net_files *f, const char *text, struct err *e)
{
	const char *colon = strchr(text, ':');
	const char *ip = colon ? colon + 1 : "";
	struct inet parsed;

	if (str_eq(ip, "host-gateway")) {
		if (str_empty(f->host_gateway))
			return err_set(e, ERR_PRECONDITION,
			               "unable to derive the IP value for host-gateway");
		ip = f->host_gateway;
	}
	if (colon == text || !inet_parse(ip, &parsed) || strchr(ip, '/'))
		return err_set(e, ERR_INVALID, "invalid IP address in add-host: \"%s\"", ip);
	buf_printf(out, "%s\t%.*s\n", ip, (int)(colon - text), text);
	return 0;
}

/* "IP name.domain name": the alias is what comes before the first dot, where there is one. */
static void add_own(struct buf *out, const struct net_files *f, const char *ip)
{
	_cleanup_buf_ struct buf name = { 0 };
	size_t first;

	if (str_empty(f->hostname))
		return;
	buf_adds(&name, f->hostname);
	if (!str_empty(f->domainname))
		buf_printf(&name, ".%s", f->domainname);
	first = strcspn(name.data, ".");
	buf_printf(out, "%s\t%s", ip, name.data);
	if (name.data[first])
		buf_printf(out, " %.*s", (int)first, name.data);
	buf_addc(out, '\n');
}

int net_hosts_render(struct buf *out, const struct net_files *f, struct err *e)
{
	if (f->mode == NET_MODE_HOST && f->extra_hosts.n == 0 && f->host_hosts) {
		buf_adds(out, f->host_hosts);
		return 0;
	}
	buf_adds(out, hosts_head);
	for (size_t i = 0; i < f->extra_hosts.n; i++)
		if (add_extra(out, f, f->extra_hosts.v[i], e) < 0)
			return -1;
	for (size_t i = 0; i < f->links.n; i++)
		buf_printf(out, "%s\n", f->links.v[i]);
	for (size_t i = 0; i < f->addresses.n; i++)
		add_own(out, f, f->addresses.v[i]);
	return 0;
}

/* ---- lines and words ---- */

/* Takes the next line off the text, without its end. */
static bool next_line(const char **text, struct slice *line)
{
	size_t n;

	if (!*text || !**text)
		return false;
	n = strcspn(*text, "\n");
	*line = (struct slice){ *text, n };
	*text += n + ((*text)[n] == '\n');
	return true;
}

/* Takes the next blank-separated word off the line. */
static bool next_word(struct slice *line, char *word, size_t size)
{
	size_t start = 0, end;

	while (start < line->len && strchr(" \t\r", line->data[start]))
		start++;
	for (end = start; end < line->len && !strchr(" \t\r", line->data[end]); end++)
		;
	if (end == start)
		return false;
	snprintf(word, size, "%.*s", (int)(end - start), line->data + start);
	line->data += end;
	line->len -= end;
	return true;
}

/* ---- a hosts file in use ---- */

static bool has(const struct strs *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i], s))
			return true;
	return false;
}

void net_hosts_change(struct buf *out, const char *now, const struct strs *was,
                      const struct net_files *f)
{
	struct slice line;

	while (next_line(&now, &line)) {
		struct slice rest = line;
		char ip[64] = "";

		if (next_word(&rest, ip, sizeof(ip)) && has(was, ip) && !has(&f->addresses, ip))
			continue;
		buf_add(out, line.data, line.len);
		buf_addc(out, '\n');
	}
	for (size_t i = 0; i < f->addresses.n; i++)
		if (!has(was, f->addresses.v[i]))
			add_own(out, f, f->addresses.v[i]);
}

/* ---- resolv.conf ---- */

/* Is it a name server that the container could not reach: on loopback, or over IPv6? */
static bool is_unreachable(struct slice line)
{
	char word[64], address[64];
	struct inet ip;

	if (!next_word(&line, word, sizeof(word)) || !str_eq(word, "nameserver") ||
	    !next_word(&line, address, sizeof(address)))
		return false;
	address[strcspn(address, "%")] = '\0';
	return !inet_parse(address, &ip) || ip.family != AF_INET || inet_is_loopback(&ip);
}

/* The host's file without such servers; public ones where none is left. */
static void filter(struct buf *out, const char *host)
{
	struct slice line;
	bool any = false;

	while (next_line(&host, &line)) {
		struct slice rest = line;
		char word[64];

		if (is_unreachable(line))
			continue;
		any |= next_word(&rest, word, sizeof(word)) && str_eq(word, "nameserver");
		buf_add(out, line.data, line.len);
		buf_addc(out, '\n');
	}
	for (size_t i = 0; !any && i < ARRAY_LEN(public_servers); i++)
		buf_printf(out, "nameserver %s\n", public_servers[i]);
}

/* The words behind `keyword` in a file; of several search lines the last counts. */
static void words_of(struct arena *a, const char *text, const char *keyword, bool all,
                     struct strs *out)
{
	struct slice line;
	char word[256];

	while (next_line(&text, &line)) {
		if (!next_word(&line, word, sizeof(word)) || !str_eq(word, keyword))
			continue;
		if (!all)
			out->n = 0;
		while (next_word(&line, word, sizeof(word)))
			arena_push(a, out, arena_strdup(a, word));
	}
}

static void add_line(struct buf *out, const char *keyword, const struct strs *words)
{
	if (words->n == 0)
		return;
	buf_adds(out, keyword);
	for (size_t i = 0; i < words->n; i++)
		buf_printf(out, " %s", words->v[i]);
	buf_addc(out, '\n');
}

/* A group that was given replaces the host's; --dns-search . leaves none. */
static struct strs group(struct arena *a, const struct strs *given, const char *host,
                         const char *keyword, bool all)
{
	struct strs out = { 0 };

	if (given->n)
		return *given;
	words_of(a, host, keyword, all, &out);
	return out;
}

static void rebuild(struct buf *out, const struct net_files *f, const char *host)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strs search = group(&a, &f->dns_search, host, "search", false);
	struct strs servers = group(&a, &f->dns, host, "nameserver", true);
	struct strs options = group(&a, &f->dns_options, host, "options", false);

	if (!(search.n == 1 && str_eq(search.v[0], ".")))
		add_line(out, "search", &search);
	for (size_t i = 0; i < servers.n; i++)
		buf_printf(out, "nameserver %s\n", servers.v[i]);
	add_line(out, "options", &options);
}

static const char *host_text(const struct net_files *f)
{
	return f->host_resolv ? f->host_resolv : "";
}

static bool has_ndots(const struct strs *options)
{
	for (size_t i = 0; i < options->n; i++)
		if (str_starts(options->v[i], "ndots:"))
			return true;
	return false;
}

bool net_resolv_has_ndots(const struct net_files *f)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strs options = group(&a, &f->dns_options, host_text(f), "options", false);

	return has_ndots(&options);
}

void net_resolv_servers(const struct net_files *f, struct arena *a, struct strs *out)
{
	struct strs all = group(a, &f->dns, host_text(f), "nameserver", true);
	struct inet ip;

	*out = (struct strs){ 0 };
	for (size_t i = 0; i < all.n; i++)
		if (inet_parse(all.v[i], &ip) && ip.family == AF_INET)
			arena_push(a, out, all.v[i]);
	if (out->n || f->dns.n)
		return;
	for (size_t i = 0; i < ARRAY_LEN(public_servers); i++)
		arena_push(a, out, public_servers[i]);
}

/* On a user-defined network the embedded server is the only one; it asks the others. */
static void embedded(struct buf *out, const struct net_files *f)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct net_files own = *f;
	struct strs options = group(&a, &f->dns_options, host_text(f), "options", false);
	const char *server = EMBEDDED_SERVER;

	own.dns = (struct strs){ 1, &server };
	own.dns_options = (struct strs){ 0 };
	for (size_t i = 0; i < options.n; i++)
		arena_push(&a, &own.dns_options, options.v[i]);
	if (!has_ndots(&options))
		arena_push(&a, &own.dns_options, "ndots:0");
	rebuild(out, &own, host_text(f));
}

int net_resolv_render(struct buf *out, const struct net_files *f, struct err *e)
{
	_cleanup_buf_ struct buf host = { 0 };
	struct inet ip;

	for (size_t i = 0; i < f->dns.n; i++)
		if (!inet_parse(f->dns.v[i], &ip) || strchr(f->dns.v[i], '/'))
			return err_set(e, ERR_INVALID, "%s is not an ip address", f->dns.v[i]);
	if (f->mode == NET_MODE_USER) {
		embedded(out, f);
		return 0;
	}
	if (f->mode == NET_MODE_HOST)
		buf_adds(&host, host_text(f));
	else
		filter(&host, host_text(f));
	if (f->dns.n == 0 && f->dns_search.n == 0 && f->dns_options.n == 0)
		buf_adds(out, buf_cstr(&host));
	else
		rebuild(out, f, buf_cstr(&host));
	return 0;
}

void net_hostname_render(struct buf *out, const struct net_files *f)
{
	if (!str_empty(f->hostname))
		buf_printf(out, "%s\n", f->hostname);
}
