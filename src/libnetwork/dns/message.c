/* See message.h. */
#include "libnetwork/dns/message.h"

#include <string.h>

#define TTL         600
#define ADDRESS_LEN 16 /* of a record with an address */
#define LABEL_MAX   63
#define FLAG_ANSWER 0x8000
#define FLAG_WANTS  0x0100 /* RD */
#define FLAG_CUT    0x0200 /* TC */
#define FLAG_HELPS  0x0080 /* RA */
#define OPCODE      0x7800

static uint16_t u16_at(struct slice m, size_t at)
{
	return (uint16_t)((uint8_t)m.data[at] << 8 | (uint8_t)m.data[at + 1]);
}

static void set_u16(char *p, unsigned v)
{
	p[0] = (char)(v >> 8);
	p[1] = (char)v;
}

static void add_u16(struct buf *b, unsigned v)
{
	char p[2];

	set_u16(p, v);
	buf_add(b, p, sizeof(p));
}

static void add_u32(struct buf *b, uint32_t v)
{
	add_u16(b, v >> 16);
	add_u16(b, v & 0xffff);
}

/* ---- reading ---- */

static bool is_text(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] <= ' ' || (unsigned char)p[i] >= 0x7f || p[i] == '.')
			return false;
	return true;
}

/* The name at *at, which then is behind it. False when it is cut or compressed. */
static bool read_name(struct slice m, size_t *at, char name[DNS_NAME_SIZE])
{
	size_t len = 0;
	bool text = true;

	for (;;) {
		size_t n;

		if (*at >= m.len)
			return false;
		n = (uint8_t)m.data[(*at)++];
		if (n == 0)
			break;
		if (n > LABEL_MAX || n > m.len - *at || len + n + 1 >= DNS_NAME_SIZE)
			return false;
		text = text && is_text(m.data + *at, n);
		if (len)
			name[len++] = '.';
		memcpy(name + len, m.data + *at, n);
		len += n;
		*at += n;
	}
	name[text ? len : 0] = '\0';
	return true;
}

/* EDNS, RFC 6891: one additional record of the root says how large a datagram may be. */
static size_t read_udp_size(struct slice m, size_t at)
{
	size_t size;

	if (u16_at(m, 6) || u16_at(m, 8) || u16_at(m, 10) != 1 || m.len - at < 11 ||
	    m.data[at] != 0 || u16_at(m, at + 1) != DNS_OPT)
		return DNS_UDP_MIN;
	size = u16_at(m, at + 3);
	return size < DNS_UDP_MIN ? DNS_UDP_MIN : size;
}

int dns_read_query(struct slice m, struct dns_query *q)
{
	uint16_t flags;
	size_t at = DNS_HEADER;

	*q = (struct dns_query){ .udp_size = DNS_UDP_MIN };
	if (m.len < DNS_HEADER)
		return -1;
	q->id = u16_at(m, 0);
	flags = u16_at(m, 2);
	q->wants_recursion = flags & FLAG_WANTS;
	if (flags & FLAG_ANSWER)
		return -1;
	if (flags & OPCODE)
		return DNS_NOTIMP;
	if (u16_at(m, 4) != 1 || !read_name(m, &at, q->name) || m.len - at < 4)
		return DNS_FORMERR;
	q->type = u16_at(m, at);
	q->class = u16_at(m, at + 2);
	q->end = at + 4;
	q->udp_size = read_udp_size(m, q->end);
	return DNS_OK;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The name of the question may come back in other capitals; lengths of labels are no letters. */
bool dns_is_answer_to(struct slice answer, struct slice query, const struct dns_query *q)
{
	if (answer.len < q->end || q->end < DNS_HEADER || u16_at(answer, 0) != q->id ||
	    !(u16_at(answer, 2) & FLAG_ANSWER) || u16_at(answer, 4) != 1)
		return false;
	for (size_t i = DNS_HEADER; i < q->end; i++)
		if (lower(answer.data[i]) != lower(query.data[i]))
			return false;
	return true;
}

enum dns_rcode dns_rcode_of(struct slice answer)
{
	return answer.len < DNS_HEADER ? DNS_SERVFAIL : (enum dns_rcode)(answer.data[3] & 0x0f);
}

/* Four numbers and the zone of IPv4 addresses. */
bool dns_reverse(const char *name, uint32_t *ip)
{
	uint32_t out = 0;

	for (unsigned i = 0; i < 4; i++) {
		unsigned n = 0, digits = 0;

		for (; *name >= '0' && *name <= '9' && digits < 3; name++, digits++)
			n = n * 10 + (unsigned)(*name - '0');
		if (digits == 0 || n > 255 || *name++ != '.')
			return false;
		out |= n << (8 * i);
	}
	*ip = out;
	return str_ieq(name, "in-addr.arpa");
}

/* ---- writing ---- */

void dns_answer_begin(struct buf *b, struct slice query, const struct dns_query *q,
                      enum dns_rcode rcode)
{
	unsigned flags = FLAG_ANSWER | FLAG_HELPS | (q->wants_recursion ? FLAG_WANTS : 0) | rcode;

	buf_reset(b);
	add_u16(b, q->id);
	add_u16(b, flags);
	add_u16(b, q->end ? 1 : 0);
	add_u16(b, 0);
	add_u16(b, 0);
	add_u16(b, 0);
	if (q->end)
		buf_add(b, query.data + DNS_HEADER, q->end - DNS_HEADER);
}

/* A record for the name of the question, which is at the end of the header. */
static void begin_record(struct buf *b, enum dns_type type, size_t len)
{
	struct slice m = { b->data, b->len };

	set_u16(b->data + 6, u16_at(m, 6) + 1u);
	add_u16(b, 0xc000 | DNS_HEADER);
	add_u16(b, type);
	add_u16(b, DNS_CLASS_IN);
	add_u32(b, TTL);
	add_u16(b, (unsigned)len);
}

void dns_answer_address(struct buf *b, uint32_t ip)
{
	begin_record(b, DNS_A, sizeof(ip));
	add_u32(b, ip);
}

void dns_answer_cut(struct buf *b, const struct dns_query *q, size_t limit)
{
	struct slice m = { b->data, b->len };
	size_t n = limit > q->end ? (limit - q->end) / ADDRESS_LEN : 0;

	if (b->len <= limit)
		return;
	if (q->type != DNS_A)
		n = 0;
	set_u16(b->data + 2, u16_at(m, 2) | FLAG_CUT);
	set_u16(b->data + 6, (unsigned)n);
	b->len = q->end + n * ADDRESS_LEN;
}

/* Labels with their lengths; false when one is empty or too long. */
static bool encode_name(struct buf *b, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");

		if (n == 0 || n > LABEL_MAX)
			return false;
		buf_addc(b, (char)n);
		buf_add(b, name, n);
		name += n + (name[n] == '.');
	}
	buf_addc(b, '\0');
	return b->len <= DNS_NAME_SIZE - 1;
}

void dns_answer_name(struct buf *b, const char *name)
{
	_cleanup_buf_ struct buf encoded = { 0 };

	if (!encode_name(&encoded, name))
		return;
	begin_record(b, DNS_PTR, encoded.len);
	buf_add(b, encoded.data, encoded.len);
}
