/*
 * Links: bridges, veth pairs, their attributes. rtnetlink(7), linux/if_link.h.
 * `nl` is a NETLINK_ROUTE socket; links are those of its network namespace.
 */
#ifndef NETLINK_LINK_H
#define NETLINK_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

#define MAC_SIZE      6
#define MAC_TEXT_SIZE 18

struct link {
	int index;
	int master; /* index, or 0 */
	unsigned mtu;
	unsigned flags; /* IFF_UP, ... */
	char name[IF_NAMESIZE];
	char kind[16]; /* "bridge", "veth", "" */
	uint8_t mac[MAC_SIZE];
};

/* ERR_NOT_FOUND when there is none of that name. */
int link_get(int nl, const char *name, struct link *out, struct err *e) must_check;

/* Calls fn for each link; non-zero stops. */
int link_each(int nl, int (*fn)(void *arg, const struct link *l), void *arg, struct err *e)
        must_check;

/* ERR_ALREADY_EXISTS when the name is taken. mac NULL: the kernel picks one. mtu 0: its default. */
int link_add_bridge(int nl, const char *name, const uint8_t *mac, unsigned mtu, struct err *e)
        must_check;

struct veth {
	const char *name; /* here; up */
	int master;       /* bridge it becomes a port of */
	unsigned mtu;     /* of both ends; 0: default */
	const char *peer_name;
	uint8_t peer_mac[MAC_SIZE];
	int peer_netns; /* descriptor: the peer is born there */
};
int link_add_veth(int nl, const struct veth *v, struct err *e) must_check;

struct macvlan {
	const char *name;
	int parent;    /* index, here */
	unsigned mode; /* MACVLAN_MODE_... */
	uint8_t mac[MAC_SIZE];
	int netns; /* descriptor: it is born there */
};
int link_add_macvlan(int nl, const struct macvlan *v, struct err *e) must_check;

int link_set_up(int nl, int index, struct err *e) must_check;
int link_set_mtu(int nl, int index, unsigned mtu, struct err *e) must_check;
int link_delete(int nl, int index, struct err *e) must_check;

/* A bridge port: hairpin, and whether it forwards at all (a port that is off costs no RCU wait). */
int link_port_hairpin(int nl, int index, bool on, struct err *e) must_check;
int link_port_disable(int nl, int index, struct err *e) must_check;

const char *mac_format(char dst[MAC_TEXT_SIZE], const uint8_t mac[MAC_SIZE]);
bool mac_parse(const char *s, uint8_t mac[MAC_SIZE]);

#endif
