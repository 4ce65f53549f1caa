/*
 * Sockets in a sandbox's network namespace. We have one thread: it goes there and comes back.
 *
 * The name server listens on a port that the kernel picks, and rules of the sandbox lead port 53 of
 * 127.0.0.11 there, as Docker's do: so a container may have a name server of its own on port 53.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "base/fd.h"
#include "netlink/inet.h"
#include "netlink/iptables.h"
#include "netlink/socket.h"
#include "proxy/resolver.h"

#define ADDRESS   0x7f00000bu /* 127.0.0.11 */
#define IN_CHAIN  "DOCKER_OUTPUT"
#define OUT_CHAIN "DOCKER_POSTROUTING"

static const struct nft_base_chain base_chains[] = {
	{ "nat", "OUTPUT", "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST },
	{ "nat", "POSTROUTING", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC },
};

/* ---- going there ---- */

static int enter(int netns, struct err *e)
{
	if (setns(netns, CLONE_NEWNET) < 0)
		return err_errno(e, errno, "enter network namespace");
	return 0;
}

/* Everything that follows would happen in the wrong place. */
static void come_back(int home)
{
	if (setns(home, CLONE_NEWNET) < 0)
		abort();
}

int sandbox_socket(int home, int netns, int type, struct err *e)
{
	int fd;

	if (netns >= 0 && enter(netns, e) < 0)
		return -1;
	fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		err_errno(e, errno, "socket");
	if (netns >= 0)
		come_back(home);
	return fd;
}

/* ---- rules ---- */

static struct ipt_rule rule(const char *chain, enum ipt_target target)
{
	struct ipt_rule r;

	memset(&r, 0, sizeof(r)); /* two are equal when their bytes are */
	str_copy(r.table, sizeof(r.table), "nat");
	str_copy(r.chain, sizeof(r.chain), chain);
	r.target = target;
	return r;
}

static void put(struct nft_tx *tx, const struct ipt_rule *rule)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct nft_rule r = { .table = rule->table,
		              .chain = rule->chain,
		              .compat_proto = rule->proto,
		              .place = NFT_LAST };

	ipt_write(&m, rule);
	r.expressions = (struct slice){ m.b.data, m.b.len };
	nft_tx_rule(tx, &r);
}

static void put_jump(struct nft_tx *tx, const char *from, const char *to)
{
	struct ipt_rule r = rule(from, IPT_JUMP);

	r.dst = (struct ipt_net){ .address = ADDRESS, .prefix = 32 };
	str_copy(r.jump, sizeof(r.jump), to);
	put(tx, &r);
}

/* Port 53 there becomes our port, and our port's answers come from 53. */
static void put_translation(struct nft_tx *tx, uint8_t proto, uint16_t port)
{
	struct ipt_rule in = rule(IN_CHAIN, IPT_DNAT), out = rule(OUT_CHAIN, IPT_SNAT);

	in.proto = out.proto = proto;
	in.dst = out.src = (struct ipt_net){ .address = ADDRESS, .prefix = 32 };
	in.dport = out.to_port = DNS_PORT;
	in.to_address = ADDRESS;
	in.to_port = out.sport = port;
	put(tx, &in);
	put(tx, &out);
}

static int is_ours(void *arg, const struct nft_chain_info *c)
{
	*(bool *)arg |= str_eq(c->table, "nat") && str_eq(c->chain, IN_CHAIN);
	return 0;
}

/* Chains of an earlier server are emptied; the container's own rules stay. */
static void put_chains(struct nft_tx *tx, bool there)
{
	nft_tx_table(tx, "nat");
	for (size_t i = 0; i < ARRAY_LEN(base_chains); i++)
		nft_tx_base_chain(tx, &base_chains[i], there ? -1 : NF_ACCEPT);
	nft_tx_chain(tx, "nat", IN_CHAIN);
	nft_tx_chain(tx, "nat", OUT_CHAIN);
	if (there) {
		nft_tx_flush_chain(tx, "nat", IN_CHAIN);
		nft_tx_flush_chain(tx, "nat", OUT_CHAIN);
		return;
	}
	put_jump(tx, "OUTPUT", IN_CHAIN);
	put_jump(tx, "POSTROUTING", OUT_CHAIN);
}

static int put_rules(uint16_t udp, uint16_t tcp, struct err *e)
{
	_cleanup_close_ int nl = nl_open(NETLINK_NETFILTER, e);
	_cleanup_nft_tx_ struct nft_tx tx;
	bool there = false;

	nft_tx_begin(&tx, NFPROTO_IPV4);
	if (nl < 0 || nft_each_chain(nl, NFPROTO_IPV4, is_ours, &there, e) < 0)
		return -1;
	put_chains(&tx, there);
	put_translation(&tx, IPPROTO_TCP, tcp);
	put_translation(&tx, IPPROTO_UDP, udp);
	return nft_tx_commit(nl, &tx, NULL, NULL, e);
}

/* ---- listening ---- */

static int bind_here(int type, uint16_t *port, struct err *e)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(ADDRESS) } };
	_cleanup_close_ int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof(at);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0 ||
	    (type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0))
		return err_errno(e, errno, "listen on 127.0.0.11");
	*port = ntohs(at.sin_port);
	return take_fd(&fd);
}

static int listen_here(int *udp, int *tcp, struct err *e)
{
	uint16_t udp_port, tcp_port;

	*tcp = -1;
	*udp = bind_here(SOCK_DGRAM, &udp_port, e);
	if (*udp < 0)
		return -1;
	*tcp = bind_here(SOCK_STREAM, &tcp_port, e);
	if (*tcp >= 0 && put_rules(udp_port, tcp_port, e) == 0)
		return 0;
	fd_close(udp);
	fd_close(tcp);
	return -1;
}

int sandbox_listen(int home, int netns, int *udp, int *tcp, struct err *e)
{
	int r;

	if (enter(netns, e) < 0)
		return -1;
	r = listen_here(udp, tcp, e);
	come_back(home);
	return r;
}
