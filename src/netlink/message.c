/* See message.h. */
#include "netlink/message.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

void nl_batch_free(struct nl_batch *m)
{
	buf_free(&m->b);
}

static void pad(struct nl_batch *m)
{
	static const char zero[NLMSG_ALIGNTO];

	buf_add(&m->b, zero, NLMSG_ALIGN(m->b.len) - m->b.len);
}

uint32_t nl_begin(struct nl_batch *m, uint16_t type, uint16_t flags, const void *header, size_t n)
{
	struct nlmsghdr h = { .nlmsg_type = type, .nlmsg_flags = flags | NLM_F_REQUEST };

	h.nlmsg_seq = ++m->count;
	if (flags & NLM_F_ACK)
		m->acks++;
	m->start = m->b.len;
	buf_add(&m->b, &h, sizeof(h));
	buf_add(&m->b, header, n);
	pad(m);
	return m->count;
}

void nl_end(struct nl_batch *m)
{
	uint32_t len = (uint32_t)(m->b.len - m->start);

	memcpy(m->b.data + m->start, &len, sizeof(len));
}

void nl_put_raw(struct nl_batch *m, const void *p, size_t n)
{
	buf_add(&m->b, p, n);
	pad(m);
}

void nl_put(struct nl_batch *m, uint16_t type, const void *value, size_t n)
{
	struct nlattr a = { .nla_len = (uint16_t)(NLA_HDRLEN + n), .nla_type = type };

	if (n > UINT16_MAX - NLA_HDRLEN)
		abort();
	buf_add(&m->b, &a, sizeof(a));
	nl_put_raw(m, value, n);
}

void nl_put_str(struct nl_batch *m, uint16_t type, const char *s)
{
	nl_put(m, type, s, strlen(s) + 1);
}

void nl_put_u8(struct nl_batch *m, uint16_t type, uint8_t v)
{
	nl_put(m, type, &v, sizeof(v));
}

void nl_put_u16(struct nl_batch *m, uint16_t type, uint16_t v)
{
	nl_put(m, type, &v, sizeof(v));
}

void nl_put_u32(struct nl_batch *m, uint16_t type, uint32_t v)
{
	nl_put(m, type, &v, sizeof(v));
}

void nl_put_be16(struct nl_batch *m, uint16_t type, uint16_t v)
{
	nl_put_u16(m, type, htobe16(v));
}

void nl_put_be32(struct nl_batch *m, uint16_t type, uint32_t v)
{
	nl_put_u32(m, type, htobe32(v));
}

void nl_put_be64(struct nl_batch *m, uint16_t type, uint64_t v)
{
	uint64_t be = htobe64(v);

	nl_put(m, type, &be, sizeof(be));
}

size_t nl_nest(struct nl_batch *m, uint16_t type)
{
	size_t at = m->b.len;

	nl_put(m, type | NLA_F_NESTED, NULL, 0);
	return at;
}

void nl_nest_end(struct nl_batch *m, size_t nest)
{
	size_t n = m->b.len - nest;
	uint16_t len = (uint16_t)n;

	if (n > UINT16_MAX)
		abort();
	memcpy(m->b.data + nest, &len, sizeof(len));
}

bool nl_next_attr(struct slice *rest, struct nl_attr *out)
{
	struct nlattr a;
	size_t step;

	if (rest->len < sizeof(a))
		return false;
	memcpy(&a, rest->data, sizeof(a));
	if (a.nla_len < sizeof(a) || a.nla_len > rest->len)
		return false;
	out->type = a.nla_type & NLA_TYPE_MASK;
	out->value = (struct slice){ rest->data + sizeof(a), a.nla_len - sizeof(a) };
	step = MIN((size_t)NLA_ALIGN(a.nla_len), rest->len);
	rest->data += step;
	rest->len -= step;
	return true;
}

void nl_attrs(struct slice attrs, struct slice *table, size_t n)
{
	struct nl_attr a;

	memset(table, 0, n * sizeof(*table));
	while (nl_next_attr(&attrs, &a))
		if (a.type < n)
			table[a.type] = a.value;
}

/* Copies a number out of a value that may be absent, shorter or unaligned. */
static void number(struct slice v, void *out, size_t n)
{
	memset(out, 0, n);
	if (v.data && v.len >= n)
		memcpy(out, v.data, n);
}

uint8_t nl_u8(struct slice v)
{
	uint8_t x;

	number(v, &x, sizeof(x));
	return x;
}

uint32_t nl_u32(struct slice v)
{
	uint32_t x;

	number(v, &x, sizeof(x));
	return x;
}

uint16_t nl_be16(struct slice v)
{
	uint16_t x;

	number(v, &x, sizeof(x));
	return be16toh(x);
}

uint32_t nl_be32(struct slice v)
{
	return be32toh(nl_u32(v));
}

uint64_t nl_be64(struct slice v)
{
	uint64_t x;

	number(v, &x, sizeof(x));
	return be64toh(x);
}

bool nl_str(struct slice v, char *dst, size_t size)
{
	dst[0] = '\0';
	if (!v.data || !memchr(v.data, '\0', v.len))
		return false;
	return str_copy(dst, size, v.data);
}

bool nl_next_message(struct slice *rest, struct nlmsghdr *h, struct slice *body)
{
	size_t step;

	if (rest->len < sizeof(*h))
		return false;
	memcpy(h, rest->data, sizeof(*h));
	if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > rest->len)
		return false;
	*body = (struct slice){ rest->data + NLMSG_HDRLEN, h->nlmsg_len - NLMSG_HDRLEN };
	step = MIN((size_t)NLMSG_ALIGN(h->nlmsg_len), rest->len);
	rest->data += step;
	rest->len -= step;
	return true;
}

struct slice nl_body(struct slice body, void *header, size_t n)
{
	size_t aligned = MIN((size_t)NLMSG_ALIGN(n), body.len);

	number(body, header, n);
	return (struct slice){ body.data + aligned, body.len - aligned };
}
