/* The bridge on the host: the device, its address, and the sysctls around it. See bridge.h. */
#include "libnetwork/drivers/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/id.h"
#include "netlink/socket.h"

/* Writes a sysctl below /proc/sys/net; a kernel that lacks it has nothing to switch. */
static int sysctl(struct err *e, const char *value, const char *fmt, ...) printf_like(3, 4);
static int sysctl(struct err *e, const char *value, const char *fmt, ...)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path;
	va_list ap;

	va_start(ap, fmt);
	path = path_join(&a, "/proc/sys/net", arena_vprintf(&a, fmt, ap));
	va_end(ap);
	if (!path_exists(path))
		return 0;
	return file_write(AT_FDCWD, path, value, strlen(value), 0644, e);
}

/*
 * A container must not configure the host by router advertisements (CVE-2020-13401), and a bridge
 * without IPv6 speaks none at all.
 */
static int set_sysctls(struct bridge_network *n, struct err *e)
{
	const char *bridge = n->fw.bridge;

	if (sysctl(e, "0", "ipv6/conf/%s/accept_ra", bridge) < 0 ||
	    sysctl(e, "1", "ipv6/conf/%s/disable_ipv6", bridge) < 0)
		return -1;
	/* What comes from 127.0.0.1 may be sent to a container only where no proxy stands in between. */
	if (n->fw.flags & FW_NO_PROXY && sysctl(e, "1", "ipv4/conf/%s/route_localnet", bridge) < 0)
		return -1;
	/* Frames between ports of one bridge pass the firewall only with this. */
	if (n->env->firewall && n->fw.flags & (FW_NO_ICC | FW_NO_PROXY))
		return sysctl(e, "1", "bridge/bridge-nf-call-iptables");
	return 0;
}

static int make_device(struct bridge_network *n, int nl, struct link *l, struct err *e)
{
	uint8_t mac[MAC_SIZE] = { 0x02, 0x42 };

	/* Given, not the lowest of its ports', so it stays when they come and go. */
	id_random_bytes(mac + 2, 4);
	if (link_add_bridge(nl, n->fw.bridge, mac, 0, e) < 0)
		return -1;
	return link_get(nl, n->fw.bridge, l, e);
}

struct others {
	int nl, index;
	const struct inet *keep;
	bool there;
	struct err e;
	int result;
};

/* Other IPv4 addresses of the bridge: of an earlier --bip. */
static int drop_other(void *arg, int index, const struct inet *a)
{
	struct others *o = arg;

	if (index != o->index || a->family != AF_INET)
		return 0;
	if (inet_equal(a, o->keep))
		o->there = true;
	else if (address_delete(o->nl, index, a, &o->e) < 0)
		o->result = -1;
	return 0;
}

static int set_address(struct bridge_network *n, int nl, struct err *e)
{
	struct others o = { .nl = nl, .index = n->index, .keep = &n->address };

	if (address_each(nl, drop_other, &o, e) < 0)
		return -1;
	if (o.result < 0) {
		if (e)
			*e = o.e;
		return -1;
	}
	return o.there ? 0 : address_add(nl, n->index, &n->address, e);
}

int bridge_device_up(struct bridge_network *n, struct err *e)
{
	_cleanup_close_ int nl = nl_open(NETLINK_ROUTE, e);
	struct err missing = { 0 };
	struct link l;

	if (nl < 0)
		return -1;
	if (link_get(nl, n->fw.bridge, &l, &missing) < 0) {
		if (missing.kind != ERR_NOT_FOUND) {
			if (e)
				*e = missing;
			return -1;
		}
		if (make_device(n, nl, &l, e) < 0)
			return -1;
	}
	if (!str_eq(l.kind, "bridge"))
		return err_set(e, ERR_PRECONDITION, "%s exists and is no bridge", n->fw.bridge);
	n->index = l.index;
	if (set_sysctls(n, e) < 0 || set_address(n, nl, e) < 0 || link_set_up(nl, l.index, e) < 0)
		return err_wrap(e, "set up bridge %s", n->fw.bridge);
	if (l.mtu != n->mtu && link_set_mtu(nl, l.index, n->mtu, e) < 0)
		return err_wrap(e, "set MTU of %s", n->fw.bridge);
	return 0;
}

/* Ours has the address that make_device gives; one that somebody else has made stays his. */
static bool is_ours(const struct link *l)
{
	return l->mac[0] == 0x02 && l->mac[1] == 0x42;
}

int bridge_device_delete(struct bridge_network *n, struct err *e)
{
	_cleanup_close_ int nl = nl_open(NETLINK_ROUTE, e);
	struct err why = { 0 };
	struct link l;

	if (nl < 0)
		return -1;
	if (link_get(nl, n->fw.bridge, &l, &why) == 0 &&
	    (!is_ours(&l) || link_delete(nl, l.index, &why) == 0))
		return 0;
	if (why.kind == ERR_NOT_FOUND)
		return 0;
	if (e)
		*e = why;
	return err_wrap(e, "delete bridge %s", n->fw.bridge);
}

struct address_of {
	int index;
	struct inet *out;
};

static int take_address(void *arg, int index, const struct inet *a)
{
	struct address_of *x = arg;

	if (index != x->index || a->family != AF_INET)
		return 0;
	*x->out = *a;
	return 1;
}

bool bridge_device_address(const char *name, struct inet *out)
{
	_cleanup_close_ int nl = nl_open(NETLINK_ROUTE, NULL);
	struct address_of x = { .out = out };
	struct link l;

	*out = (struct inet){ 0 };
	if (nl < 0 || link_get(nl, name, &l, NULL) < 0)
		return false;
	x.index = l.index;
	return address_each(nl, take_address, &x, NULL) == 0 && out->family != 0;
}
