/*
 * See names.h. Endpoints by owner, and for each network the list of its endpoints: a question is a
 * walk over the asker's networks.
 */
#include "libnetwork/dns/names.h"

#include <arpa/inet.h>
#include "base/id.h"
#include "base/map.h"
#include "base/mem.h"

#define ADDRESSES_MAX 1000 /* of one name */

struct entry {
	struct arena arena;
	struct name_record r;
	uint32_t ip; /* host order */
	struct entry *next;
};

struct names {
	struct map owners;   /* id -> struct entry */
	struct map networks; /* id -> struct entry, the first of its list */
};

struct names *names_new(void)
{
	return xnew(struct names);
}

static void entry_free(struct entry *x)
{
	if (!x)
		return;
	arena_free(&x->arena);
	free(x);
}

void names_free(struct names *n)
{
	const char *id;
	void *value;

	if (!n)
		return;
	for (size_t i = 0; map_next(&n->owners, &i, &id, &value);)
		entry_free(value);
	map_free(&n->owners);
	map_free(&n->networks);
	free(n);
}

bool names_empty(const struct names *n)
{
	return n->owners.used == 0;
}

/* ---- the table ---- */

static void unlink_entry(struct names *n, struct entry *x)
{
	struct entry *first = map_get(&n->networks, x->r.network);
	struct entry **at = &first;

	while (*at && *at != x)
		at = &(*at)->next;
	if (*at)
		*at = x->next;
	if (first)
		map_set(&n->networks, x->r.network, first);
	else
		map_remove(&n->networks, x->r.network);
}

void names_drop(struct names *n, const char *owner)
{
	struct entry *x = map_remove(&n->owners, owner);

	if (!x)
		return;
	unlink_entry(n, x);
	entry_free(x);
}

int names_put(struct names *n, const char *owner, const struct name_record *r, struct err *e)
{
	struct in_addr ip;
	struct entry *x;

	if (inet_pton(AF_INET, r->address, &ip) != 1)
		return err_set(e, ERR_INVALID, "%s is no IPv4 address", r->address);
	names_drop(n, owner);
	x = xnew(struct entry);
	x->r = *(struct name_record *)json_copy(&x->arena, &name_record_type, r);
	x->ip = ntohl(ip.s_addr);
	x->next = map_get(&n->networks, r->network);
	map_set(&n->networks, r->network, x);
	map_set(&n->owners, owner, x);
	return 0;
}

void names_list(const struct names *n, struct arena *a, struct port_reply *reply)
{
	const char *id;
	void *value;

	for (size_t i = 0; map_next(&n->owners, &i, &id, &value);) {
		struct entry *x = value;

		arena_push(a, &reply->owners, ((struct port_owner){ .id = id, .name = &x->r }));
	}
}

/* ---- looking up ---- */

struct found {
	size_t n;
	uint32_t ip[ADDRESSES_MAX];
};

static bool is_called(const struct name_record *r, const char *name)
{
	for (size_t i = 0; i < r->names.n; i++)
		if (str_ieq(r->names.v[i], name))
			return true;
	return false;
}

static void find_on(const struct names *n, const char *network, const char *name, struct found *out)
{
	for (const struct entry *x = map_get(&n->networks, network); x; x = x->next)
		if (is_called(&x->r, name) && out->n < ADDRESSES_MAX)
			out->ip[out->n++] = x->ip;
}

static bool network_is_called(const struct names *n, const char *network, const char *name)
{
	const struct entry *x = map_get(&n->networks, network);

	return x && str_ieq(x->r.network_name, name);
}

/* What a link of the asker stands for on that network, else the name itself. */
static const char *behind_link(const struct name_resolver *r, const char *network, const char *name)
{
	for (size_t i = 0; i < r->links.n; i++)
		if (str_eq(r->links.v[i].network, network) && str_ieq(r->links.v[i].alias, name))
			return r->links.v[i].name;
	return name;
}

/* `network`: only on the one that is called so; NULL: on the first where somebody has the name. */
static void find(const struct names *n, const struct name_resolver *r, const char *name,
                 const char *network, struct found *out)
{
	for (size_t i = 0; i < r->networks.n && out->n == 0; i++) {
		const char *id = r->networks.v[i];

		if (!network || network_is_called(n, id, network))
			find_on(n, id, behind_link(r, id, name), out);
	}
}

/* "a.b.c" may be a.b.c, a on b.c, or a.b on c. */
static void find_all(const struct names *n, const struct name_resolver *r, const char *name,
                     struct found *out)
{
	char host[DNS_NAME_SIZE];

	out->n = 0;
	find(n, r, name, NULL, out);
	for (const char *dot = strchr(name, '.'); dot && out->n == 0; dot = strchr(dot + 1, '.')) {
		str_copy(host, sizeof(host), name);
		host[dot - name] = '\0';
		find(n, r, host, dot + 1, out);
	}
}

static void shuffle(struct found *f)
{
	for (size_t i = f->n; i > 1; i--) {
		uint32_t random, swap = f->ip[i - 1];

		id_random_bytes(&random, sizeof(random));
		f->ip[i - 1] = f->ip[random % i];
		f->ip[random % i] = swap;
	}
}

static const struct entry *find_address(const struct names *n, const struct name_resolver *r,
                                        uint32_t ip)
{
	for (size_t i = 0; i < r->networks.n; i++)
		for (const struct entry *x = map_get(&n->networks, r->networks.v[i]); x;
		     x = x->next)
			if (x->ip == ip && x->r.names.n)
				return x;
	return NULL;
}

/* ---- answers ---- */

static bool answer_reverse(const struct names *n, const struct name_resolver *asker,
                           struct slice query, const struct dns_query *q, struct buf *out)
{
	_cleanup_buf_ struct buf name = { 0 };
	const struct entry *x;
	uint32_t ip;

	if (!dns_reverse(q->name, &ip) || !(x = find_address(n, asker, ip)))
		return false;
	buf_printf(&name, "%s.%s", x->r.names.v[0], x->r.network_name);
	dns_answer_begin(out, query, q, DNS_OK);
	dns_answer_name(out, name.data);
	return true;
}

/* A name that is known has no other address than that of IPv4, and no mail exchange. */
bool names_answer(const struct names *n, const struct name_resolver *asker, struct slice query,
                  const struct dns_query *q, struct buf *out)
{
	struct found found;

	if (q->class != DNS_CLASS_IN || !*q->name)
		return false;
	if (q->type == DNS_PTR)
		return answer_reverse(n, asker, query, q, out);
	if (q->type != DNS_A && q->type != DNS_AAAA && q->type != DNS_MX)
		return false;
	find_all(n, asker, q->name, &found);
	if (found.n == 0 && (!asker->qualified || strchr(q->name, '.')))
		return false;
	dns_answer_begin(out, query, q, DNS_OK);
	shuffle(&found);
	for (size_t i = 0; i < found.n && q->type == DNS_A; i++)
		dns_answer_address(out, found.ip[i]);
	return true;
}
