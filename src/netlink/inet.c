/* See inet.h. */
#include "netlink/inet.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"

static bool parse_prefix(const char *s, unsigned max, uint8_t *out)
{
	uint64_t n;

	if (!str_u64(s, &n) || n > max)
		return false;
	*out = (uint8_t)n;
	return true;
}

bool inet_parse(const char *s, struct inet *out)
{
	char ip[INET6_ADDRSTRLEN];
	const char *slash = s ? strchr(s, '/') : NULL;
	size_t n = s ? (slash ? (size_t)(slash - s) : strlen(s)) : 0;
	unsigned bits;

	*out = (struct inet){ 0 };
	if (n == 0 || n >= sizeof(ip))
		return false;
	memcpy(ip, s, n);
	ip[n] = '\0';
	out->family = strchr(ip, ':') ? AF_INET6 : AF_INET;
	bits = inet_size(out) * 8;
	if (inet_pton(out->family, ip, out->ip) != 1)
		return false;
	out->prefix = (uint8_t)bits;
	return !slash || parse_prefix(slash + 1, bits, &out->prefix);
}

const char *inet_format(char dst[INET_TEXT_SIZE], const struct inet *a)
{
	if (!a->family || !inet_ntop(a->family, a->ip, dst, INET_TEXT_SIZE))
		dst[0] = '\0';
	return dst;
}

const char *inet_format_prefix(char dst[INET_TEXT_SIZE], const struct inet *a)
{
	size_t n;

	inet_format(dst, a);
	n = strlen(dst);
	if (n)
		snprintf(dst + n, INET_TEXT_SIZE - n, "/%u", a->prefix);
	return dst;
}

unsigned inet_size(const struct inet *a)
{
	return a->family == AF_INET6 ? 16 : 4;
}

bool inet_is_any(const struct inet *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, sizeof(zero)) == 0;
}

bool inet_is_loopback(const struct inet *a)
{
	static const uint8_t one6[16] = { [15] = 1 };

	if (a->family == AF_INET)
		return a->ip[0] == 127;
	return a->family == AF_INET6 && memcmp(a->ip, one6, sizeof(one6)) == 0;
}

struct inet inet_subnet(const struct inet *a)
{
	struct inet n = *a;

	for (unsigned i = 0; i < inet_size(a); i++) {
		int keep = (int)a->prefix - (int)i * 8;

		if (keep <= 0)
			n.ip[i] = 0;
		else if (keep < 8)
			n.ip[i] &= (uint8_t)(0xff << (8 - keep));
	}
	return n;
}

bool inet_contains(const struct inet *net, const struct inet *ip)
{
	struct inet a = inet_subnet(net), b = *ip;

	if (net->family != ip->family)
		return false;
	b.prefix = net->prefix;
	b = inet_subnet(&b);
	return memcmp(a.ip, b.ip, sizeof(a.ip)) == 0;
}

bool inet_overlap(const struct inet *a, const struct inet *b)
{
	return a->prefix <= b->prefix ? inet_contains(a, b) : inet_contains(b, a);
}

bool inet_equal(const struct inet *a, const struct inet *b)
{
	return inet_same_ip(a, b) && a->prefix == b->prefix;
}

bool inet_same_ip(const struct inet *a, const struct inet *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

uint32_t inet4_number(const struct inet *a)
{
	uint32_t be;

	memcpy(&be, a->ip, sizeof(be));
	return be32toh(be);
}

struct inet inet4_from(uint32_t number, unsigned prefix)
{
	struct inet a = { .family = AF_INET, .prefix = (uint8_t)prefix };
	uint32_t be = htobe32(number);

	memcpy(a.ip, &be, sizeof(be));
	return a;
}
