/*
 * Addresses of links, routes and neighbours. rtnetlink(7).
 * `nl` is a NETLINK_ROUTE socket of the network namespace in question.
 */
#ifndef NETLINK_ADDRESS_H
#define NETLINK_ADDRESS_H

#include "base/err.h"
#include "netlink/inet.h"
#include "netlink/link.h"

/* With its broadcast address, as ifconfig would; one that is there already is fine. */
int address_add(int nl, int index, const struct inet *a, struct err *e) must_check;
int address_delete(int nl, int index, const struct inet *a, struct err *e) must_check;
int address_each(int nl, int (*fn)(void *arg, int index, const struct inet *a), void *arg,
                 struct err *e) must_check;

/* `to` with family set and prefix 0 is the default route; `via` or NULL: on the link. */
int route_add(int nl, int index, const struct inet *to, const struct inet *via, struct err *e)
        must_check;

/* The one default route: it replaces the one that is there. */
int route_set_default(int nl, int index, const struct inet *via, struct err *e) must_check;

/* Destinations of the main table, default routes left out: networks that are taken. */
int route_each(int nl, int (*fn)(void *arg, const struct inet *to), void *arg, struct err *e)
        must_check;

/* A permanent neighbour entry: ip is at mac behind that link. */
int neighbour_set(int nl, int index, const struct inet *ip, const uint8_t mac[MAC_SIZE],
                  struct err *e) must_check;

/* Sets up one interface in one go: up, its address, a default route (gateway NULL: none). */
int address_configure(int nl, int index, const struct inet *a, const struct inet *gateway,
                      struct err *e) must_check;

/* The one that Docker gives an interface with that IPv4 address: 02:42 and the address. */
void mac_of_address(uint8_t mac[MAC_SIZE], const struct inet *a);

#endif
