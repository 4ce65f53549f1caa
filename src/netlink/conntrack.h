/*
 * Connection tracking: forgetting what a published port was. linux/netfilter/nfnetlink_conntrack.h.
 *
 * A UDP "connection" that was tracked before a port was published (or after it no longer is) keeps
 * going the old way as long as packets come; its entry must be removed.
 */
#ifndef NETLINK_CONNTRACK_H
#define NETLINK_CONNTRACK_H

#include "base/err.h"
#include "netlink/inet.h"

/*
 * Deletes UDP entries over IPv4 whose original destination port is one of `ports` or whose answers
 * come from `ip` (NULL: no such condition). Returns how many were deleted, or -1.
 * `nl` is a NETLINK_NETFILTER socket.
 */
int conntrack_forget_udp(int nl, const struct inet *ip, const uint16_t *ports, size_t nports,
                         struct err *e) must_check;

#endif
