/*
 * Internet addresses with a prefix length, of either family, as values: what IPAM hands out and
 * netlink and the firewall take.
 */
#ifndef NETLINK_INET_H
#define NETLINK_INET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct inet {
	uint8_t family; /* AF_INET, AF_INET6; 0: none */
	uint8_t prefix;
	uint8_t ip[16]; /* network order; 4 bytes are used of IPv4, the rest is zero */
};

#define INET_TEXT_SIZE (INET6_ADDRSTRLEN + 4)

/* "10.1.2.3" (the prefix is then 32 or 128) or "10.1.2.3/24". False when malformed. */
bool inet_parse(const char *s, struct inet *out);

const char *inet_format(char dst[INET_TEXT_SIZE], const struct inet *a);        /* 10.1.2.3 */
const char *inet_format_prefix(char dst[INET_TEXT_SIZE], const struct inet *a); /* 10.1.2.3/24 */

unsigned inet_size(const struct inet *a); /* bytes of the address: 4 or 16 */
bool inet_is_any(const struct inet *a);
bool inet_is_loopback(const struct inet *a);

/* The host bits cleared. */
struct inet inet_subnet(const struct inet *a);
bool inet_contains(const struct inet *net, const struct inet *ip);
bool inet_overlap(const struct inet *a, const struct inet *b);
bool inet_equal(const struct inet *a, const struct inet *b); /* address and prefix */
bool inet_same_ip(const struct inet *a, const struct inet *b);

/* IPv4 as a number in host order. */
uint32_t inet4_number(const struct inet *a);
struct inet inet4_from(uint32_t number, unsigned prefix);

#endif
