/*
 * Ports as `ps` shows them: runs of ports that map to themselves are joined, the others stand one
 * by one behind them.
 */
#include "cli/container/row.h"

static int by_port(const void *a, const void *b)
{
	const struct api_port *x = a, *y = b;
	int ip = strcmp(x->ip ? x->ip : "", y->ip ? y->ip : "");

	if (x->private_port != y->private_port)
		return x->private_port < y->private_port ? -1 : 1;
	if (ip)
		return ip;
	if (x->public_port != y->public_port)
		return x->public_port < y->public_port ? -1 : 1;
	return strcmp(x->type ? x->type : "", y->type ? y->type : "");
}

/* A run of ports of one address and protocol. */
struct run {
	const char *ip, *type;
	int64_t first, last;
};
struct runs {
	size_t n;
	struct run *v;
};

static void add_text(struct buf *b, const char *text)
{
	buf_printf(b, "%s%s", b->len ? ", " : "", text);
}

static const char *join_host(struct arena *a, const char *ip, const char *port)
{
	return arena_printf(a, strchr(ip, ':') ? "[%s]:%s" : "%s:%s", ip, port);
}

static void add_run(struct arena *a, struct buf *b, const struct run *r)
{
	const char *range = r->first == r->last ? arena_printf(a, "%lld", (long long)r->first)
	                                        : arena_printf(a, "%lld-%lld", (long long)r->first,
	                                                       (long long)r->last);

	if (str_empty(r->ip))
		add_text(b, arena_printf(a, "%s/%s", range, r->type));
	else
		add_text(b,
		         arena_printf(a, "%s->%s/%s", join_host(a, r->ip, range), range, r->type));
}

static struct run *find_run(struct runs *runs, const struct api_port *p)
{
	for (size_t i = 0; i < runs->n; i++)
		if (str_eq(runs->v[i].ip, p->ip) && str_eq(runs->v[i].type, p->type))
			return &runs->v[i];
	return NULL;
}

static void extend(struct arena *a, struct buf *b, struct runs *runs, const struct api_port *p)
{
	struct run fresh = { p->ip, p->type, p->private_port, p->private_port };
	struct run *r = find_run(runs, p);

	if (!r) {
		arena_push(a, runs, fresh);
		return;
	}
	if (p->private_port == r->last + 1) {
		r->last++;
		return;
	}
	add_run(a, b, r);
	*r = fresh;
}

const char *ports_display(struct arena *a, struct api_port *v, size_t n)
{
	_cleanup_buf_ struct buf b = { 0 }, mapped = { 0 };
	struct runs runs = { 0 };

	if (n > 1)
		qsort(v, n, sizeof(*v), by_port);
	for (size_t i = 0; i < n; i++) {
		const char *host = arena_printf(a, "%lld", (long long)v[i].public_port);

		if (str_empty(v[i].ip) || v[i].public_port == v[i].private_port)
			extend(a, &b, &runs, &v[i]);
		else
			add_text(&mapped,
			         arena_printf(a, "%s->%lld/%s", join_host(a, v[i].ip, host),
			                      (long long)v[i].private_port, v[i].type));
	}
	for (size_t i = 0; i < runs.n; i++)
		add_run(a, &b, &runs.v[i]);
	if (mapped.len)
		add_text(&b, buf_cstr(&mapped));
	return arena_strdup(a, buf_cstr(&b));
}
