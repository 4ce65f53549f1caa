/* See link.h. */
#include "netlink/link.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include "netlink/socket.h"

static void begin(struct nl_batch *m, uint16_t type, uint16_t flags, const struct ifinfomsg *ifi)
{
	nl_begin(m, type, flags | NLM_F_ACK, ifi, sizeof(*ifi));
}

static int finish(int nl, struct nl_batch *m, struct err *e)
{
	nl_end(m);
	return nl_exchange(nl, m, NULL, NULL, NULL, e);
}

static void read_kind(struct slice info, struct link *l)
{
	struct slice t[IFLA_INFO_KIND + 1];

	nl_attrs(info, t, ARRAY_LEN(t));
	nl_str(t[IFLA_INFO_KIND], l->kind, sizeof(l->kind));
}

static void read_link(struct slice body, struct link *l)
{
	struct ifinfomsg ifi;
	struct slice attrs = nl_body(body, &ifi, sizeof(ifi));
	struct slice t[IFLA_LINKINFO + 1];

	nl_attrs(attrs, t, ARRAY_LEN(t));
	*l = (struct link){ .index = ifi.ifi_index, .flags = ifi.ifi_flags };
	l->master = (int)nl_u32(t[IFLA_MASTER]);
	l->mtu = nl_u32(t[IFLA_MTU]);
	nl_str(t[IFLA_IFNAME], l->name, sizeof(l->name));
	read_kind(t[IFLA_LINKINFO], l);
	if (t[IFLA_ADDRESS].len == MAC_SIZE)
		memcpy(l->mac, t[IFLA_ADDRESS].data, MAC_SIZE);
}

static int take_link(void *arg, const struct nlmsghdr *h, struct slice body)
{
	if (h->nlmsg_type == RTM_NEWLINK)
		read_link(body, arg);
	return 0;
}

int link_get(int nl, const char *name, struct link *out, struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };

	*out = (struct link){ 0 };
	begin(&m, RTM_GETLINK, 0, &ifi);
	nl_put_str(&m, IFLA_IFNAME, name);
	nl_end(&m);
	if (nl_exchange(nl, &m, take_link, out, NULL, e) == 0)
		return 0;
	if (e && e->errnum == ENODEV)
		err_kind_set(e, ERR_NOT_FOUND);
	return err_wrap(e, "link %s", name);
}

struct each {
	int (*fn)(void *arg, const struct link *l);
	void *arg;
};

static int each_link(void *arg, const struct nlmsghdr *h, struct slice body)
{
	struct each *x = arg;
	struct link l;

	if (h->nlmsg_type != RTM_NEWLINK)
		return 0;
	read_link(body, &l);
	return x->fn(x->arg, &l);
}

int link_each(int nl, int (*fn)(void *arg, const struct link *l), void *arg, struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct each x = { fn, arg };

	nl_begin(&m, RTM_GETLINK, 0, &ifi, sizeof(ifi));
	nl_end(&m);
	return nl_dump(nl, &m, each_link, &x, e) < 0 ? err_wrap(e, "list links") : 0;
}

int link_add_bridge(int nl, const char *name, const uint8_t *mac, unsigned mtu, struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	size_t nest;

	begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi);
	nl_put_str(&m, IFLA_IFNAME, name);
	if (mac)
		nl_put(&m, IFLA_ADDRESS, mac, MAC_SIZE);
	if (mtu)
		nl_put_u32(&m, IFLA_MTU, mtu);
	nest = nl_nest(&m, IFLA_LINKINFO);
	nl_put_str(&m, IFLA_INFO_KIND, "bridge");
	nl_nest_end(&m, nest);
	return finish(nl, &m, e) < 0 ? err_wrap(e, "create bridge %s", name) : 0;
}

static void put_peer(struct nl_batch *m, const struct veth *v)
{
	struct ifinfomsg ifi = { 0 }; /* not up: the kernel does not know the other end yet */
	size_t peer = nl_nest(m, VETH_INFO_PEER);

	nl_put_raw(m, &ifi, sizeof(ifi));
	nl_put_str(m, IFLA_IFNAME, v->peer_name);
	nl_put(m, IFLA_ADDRESS, v->peer_mac, MAC_SIZE);
	if (v->mtu)
		nl_put_u32(m, IFLA_MTU, v->mtu);
	nl_put_u32(m, IFLA_NET_NS_FD, (uint32_t)v->peer_netns);
	nl_nest_end(m, peer);
}

int link_add_veth(int nl, const struct veth *v, struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct ifinfomsg ifi = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	size_t info, data;

	begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi);
	nl_put_str(&m, IFLA_IFNAME, v->name);
	if (v->master)
		nl_put_u32(&m, IFLA_MASTER, (uint32_t)v->master);
	if (v->mtu)
		nl_put_u32(&m, IFLA_MTU, v->mtu);
	info = nl_nest(&m, IFLA_LINKINFO);
	nl_put_str(&m, IFLA_INFO_KIND, "veth");
	data = nl_nest(&m, IFLA_INFO_DATA);
	put_peer(&m, v);
	nl_nest_end(&m, data);
	nl_nest_end(&m, info);
	return finish(nl, &m, e) < 0 ? err_wrap(e, "create interface %s", v->name) : 0;
}

int link_add_macvlan(int nl, const struct macvlan *v, struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct ifinfomsg ifi = { 0 };
	size_t info, data;

	begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi);
	nl_put_str(&m, IFLA_IFNAME, v->name);
	nl_put_u32(&m, IFLA_LINK, (uint32_t)v->parent);
	nl_put(&m, IFLA_ADDRESS, v->mac, MAC_SIZE);
	nl_put_u32(&m, IFLA_NET_NS_FD, (uint32_t)v->netns);
	info = nl_nest(&m, IFLA_LINKINFO);
	nl_put_str(&m, IFLA_INFO_KIND, "macvlan");
	data = nl_nest(&m, IFLA_INFO_DATA);
	nl_put_u32(&m, IFLA_MACVLAN_MODE, v->mode);
	nl_nest_end(&m, data);
	nl_nest_end(&m, info);
	return finish(nl, &m, e) < 0 ? err_wrap(e, "create macvlan interface %s", v->name) : 0;
}

int link_set_up(int nl, int index, struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct ifinfomsg ifi = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	begin(&m, RTM_NEWLINK, 0, &ifi);
	return finish(nl, &m, e);
}

int link_set_mtu(int nl, int index, unsigned mtu, struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct ifinfomsg ifi = { .ifi_index = index };

	begin(&m, RTM_NEWLINK, 0, &ifi);
	nl_put_u32(&m, IFLA_MTU, mtu);
	return finish(nl, &m, e);
}

int link_delete(int nl, int index, struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct ifinfomsg ifi = { .ifi_index = index };

	begin(&m, RTM_DELLINK, 0, &ifi);
	return finish(nl, &m, e);
}

/* One byte in IFLA_PROTINFO, as bridge(8) sets it. */
static int set_port(int nl, int index, uint16_t attr, uint8_t value, struct err *e)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct ifinfomsg ifi = { .ifi_family = AF_BRIDGE, .ifi_index = index };
	size_t nest;

	begin(&m, RTM_SETLINK, 0, &ifi);
	nest = nl_nest(&m, IFLA_PROTINFO);
	nl_put_u8(&m, attr, value);
	nl_nest_end(&m, nest);
	return finish(nl, &m, e);
}

int link_port_hairpin(int nl, int index, bool on, struct err *e)
{
	return set_port(nl, index, IFLA_BRPORT_MODE, on, e);
}

int link_port_disable(int nl, int index, struct err *e)
{
	return set_port(nl, index, IFLA_BRPORT_STATE, BR_STATE_DISABLED, e);
}

const char *mac_format(char dst[MAC_TEXT_SIZE], const uint8_t m[MAC_SIZE])
{
	snprintf(dst, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
	         m[5]);
	return dst;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mac_parse(const char *s, uint8_t mac[MAC_SIZE])
{
	if (strlen(s) != MAC_TEXT_SIZE - 1)
		return false;
	for (int i = 0; i < MAC_SIZE; i++, s += 3) {
		int high = hex_digit(s[0]), low = hex_digit(s[1]);

		if (high < 0 || low < 0 || (i < MAC_SIZE - 1 && s[2] != ':' && s[2] != '-'))
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
