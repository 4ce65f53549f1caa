/* See address.h. */
#include "netlink/address.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include "netlink/socket.h"

static void put_address(struct nl_batch *m, int index, uint16_t type, uint16_t flags,
                        const struct inet *a)
{
	struct ifaddrmsg ifa = { .ifa_family = a->family,
		                 .ifa_prefixlen = a->prefix,
		                 .ifa_index = (unsigned)index };

	nl_begin(m, type, flags | NLM_F_ACK, &ifa, sizeof(ifa));
	nl_put(m, IFA_LOCAL, a->ip, inet_size(a));
	nl_put(m, IFA_ADDRESS, a->ip, inet_size(a));
	if (a->family == AF_INET && a->prefix < 31 && type == RTM_NEWADDR) {
		uint32_t hosts = ~0u >> a->prefix;
		struct inet broadcast = inet4_from(inet4_number(a) | hosts, a->prefix);

		nl_put(m, IFA_BROADCAST, broadcast.ip, 4);
	}
	nl_end(m);
}

static int send_address(int nl, struct nl_batch *m, const struct inet *a, const char *verb,
                        int harmless, struct err *e)
{
	char text[INET_TEXT_SIZE];
	struct err why;

	if (nl_exchange(nl, m, NULL, NULL, NULL, &why) == 0 || why.errnum == harmless)
		return 0;
	if (e)
		*e = why;
	return err_wrap(e, "%s address %s", verb, inet_format_prefix(text, a));
}

int address_add(int nl, int index, const struct inet *a, struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };

	put_address(&m, index, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, a);
	return send_address(nl, &m, a, "add", EEXIST, e);
}

int address_delete(int nl, int index, const struct inet *a, struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };

	put_address(&m, index, RTM_DELADDR, 0, a);
	return send_address(nl, &m, a, "delete", EADDRNOTAVAIL, e);
}

static bool read_inet(struct slice v, uint8_t family, uint8_t prefix, struct inet *out)
{
	*out = (struct inet){ .family = family, .prefix = prefix };
	if ((family != AF_INET && family != AF_INET6) || !v.data || v.len != inet_size(out))
		return false;
	memcpy(out->ip, v.data, v.len);
	return true;
}

struct each_address {
	int (*fn)(void *arg, int index, const struct inet *a);
	void *arg;
};

static int take_address(void *arg, const struct nlmsghdr *h, struct slice body)
{
	struct each_address *x = arg;
	struct ifaddrmsg ifa;
	struct slice attrs = nl_body(body, &ifa, sizeof(ifa));
	struct slice t[IFA_LOCAL + 1];
	struct inet a;

	nl_attrs(attrs, t, ARRAY_LEN(t));
	if (h->nlmsg_type != RTM_NEWADDR ||
	    !read_inet(t[IFA_LOCAL].data ? t[IFA_LOCAL] : t[IFA_ADDRESS], ifa.ifa_family,
	               ifa.ifa_prefixlen, &a))
		return 0;
	return x->fn(x->arg, (int)ifa.ifa_index, &a);
}

int address_each(int nl, int (*fn)(void *arg, int index, const struct inet *a), void *arg,
                 struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct ifaddrmsg ifa = { .ifa_family = AF_UNSPEC };
	struct each_address x = { fn, arg };

	nl_begin(&m, RTM_GETADDR, 0, &ifa, sizeof(ifa));
	nl_end(&m);
	return nl_dump(nl, &m, take_address, &x, e) < 0 ? err_wrap(e, "list addresses") : 0;
}

static void put_route(struct nl_batch *m, int index, unsigned how, const struct inet *to,
                      const struct inet *via)
{
	struct rtmsg rt = { .rtm_family = to->family,
		            .rtm_dst_len = to->prefix,
		            .rtm_table = RT_TABLE_MAIN,
		            .rtm_protocol = RTPROT_BOOT,
		            .rtm_scope = via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		            .rtm_type = RTN_UNICAST };

	nl_begin(m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_ACK | (uint16_t)how, &rt, sizeof(rt));
	if (to->prefix)
		nl_put(m, RTA_DST, to->ip, inet_size(to));
	if (via)
		nl_put(m, RTA_GATEWAY, via->ip, inet_size(via));
	nl_put_u32(m, RTA_OIF, (uint32_t)index);
	nl_end(m);
}

int route_add(int nl, int index, const struct inet *to, const struct inet *via, struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	char text[INET_TEXT_SIZE];

	put_route(&m, index, NLM_F_EXCL, to, via);
	if (nl_exchange(nl, &m, NULL, NULL, NULL, e) < 0)
		return err_wrap(e, "add route to %s", inet_format_prefix(text, to));
	return 0;
}

int route_set_default(int nl, int index, const struct inet *via, struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct inet any = { .family = via->family };
	char text[INET_TEXT_SIZE];

	put_route(&m, index, NLM_F_REPLACE, &any, via);
	if (nl_exchange(nl, &m, NULL, NULL, NULL, e) < 0)
		return err_wrap(e, "set default route via %s", inet_format(text, via));
	return 0;
}

struct each_route {
	int (*fn)(void *arg, const struct inet *to);
	void *arg;
};

static int take_route(void *arg, const struct nlmsghdr *h, struct slice body)
{
	struct each_route *x = arg;
	struct rtmsg rt;
	struct slice attrs = nl_body(body, &rt, sizeof(rt));
	struct slice t[RTA_DST + 1];
	struct inet to;

	nl_attrs(attrs, t, ARRAY_LEN(t));
	if (h->nlmsg_type != RTM_NEWROUTE || rt.rtm_table != RT_TABLE_MAIN || rt.rtm_dst_len == 0 ||
	    !read_inet(t[RTA_DST], rt.rtm_family, rt.rtm_dst_len, &to))
		return 0;
	return x->fn(x->arg, &to);
}

int route_each(int nl, int (*fn)(void *arg, const struct inet *to), void *arg, struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct rtmsg rt = { .rtm_family = AF_UNSPEC };
	struct each_route x = { fn, arg };

	nl_begin(&m, RTM_GETROUTE, 0, &rt, sizeof(rt));
	nl_end(&m);
	return nl_dump(nl, &m, take_route, &x, e) < 0 ? err_wrap(e, "list routes") : 0;
}

int neighbour_set(int nl, int index, const struct inet *ip, const uint8_t mac[MAC_SIZE],
                  struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct ndmsg nd = { .ndm_family = ip->family,
		            .ndm_ifindex = index,
		            .ndm_state = NUD_PERMANENT };
	char text[INET_TEXT_SIZE];

	nl_begin(&m, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK, &nd, sizeof(nd));
	nl_put(&m, NDA_DST, ip->ip, inet_size(ip));
	nl_put(&m, NDA_LLADDR, mac, MAC_SIZE);
	nl_end(&m);
	if (nl_exchange(nl, &m, NULL, NULL, NULL, e) < 0)
		return err_wrap(e, "set neighbour %s", inet_format(text, ip));
	return 0;
}

static void put_up(struct nl_batch *m, int index)
{
	struct ifinfomsg ifi = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	nl_begin(m, RTM_NEWLINK, NLM_F_ACK, &ifi, sizeof(ifi));
	nl_end(m);
}

int address_configure(int nl, int index, const struct inet *a, const struct inet *gateway,
                      struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct inet any = { .family = a->family };
	char text[INET_TEXT_SIZE];

	put_up(&m, index);
	put_address(&m, index, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, a);
	if (gateway)
		put_route(&m, index, NLM_F_EXCL, &any, gateway);
	if (nl_exchange(nl, &m, NULL, NULL, NULL, e) < 0)
		return err_wrap(e, "configure address %s", inet_format_prefix(text, a));
	return 0;
}

void mac_of_address(uint8_t mac[MAC_SIZE], const struct inet *a)
{
	mac[0] = 0x02;
	mac[1] = 0x42;
	memcpy(mac + 2, a->ip, MAC_SIZE - 2);
}
