/*
 * The three files that a container finds in /etc: hosts, resolv.conf, hostname; as Docker 20.10
 * writes them. Only text is made here: the engine writes it to DATA/containers/ID/ and mounts it.
 */
#ifndef LIBNETWORK_FILES_H
#define LIBNETWORK_FILES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum net_mode {
	NET_MODE_BRIDGE, /* the default bridge: the host's name servers, without those on loopback
	                  */
	NET_MODE_NONE,
	NET_MODE_HOST, /* hosts and resolv.conf are copies of the host's */
	NET_MODE_USER, /* a user-defined network: the embedded server answers at 127.0.0.11 */
};

struct net_files {
	enum net_mode mode;
	const char *hostname, *domainname;
	struct strs addresses;    /* its own, one a network */
	struct strs extra_hosts;  /* --add-host: "name:ip"; ip may be host-gateway */
	struct strs links;        /* lines for other containers */
	const char *host_gateway; /* what host-gateway stands for */
	struct strs dns, dns_search,
	        dns_options; /* --dns...; a group that is given replaces the host's */
	const char *host_hosts, *host_resolv; /* texts of the host's own files; NULL: none */
};

int net_hosts_render(struct buf *out, const struct net_files *f, struct err *e) must_check;

/* A hosts file in use: its own lines for addresses that it had and has no more go, new ones come. */
void net_hosts_change(struct buf *out, const char *now, const struct strs *was,
                      const struct net_files *f);

int net_resolv_render(struct buf *out, const struct net_files *f, struct err *e) must_check;

/*
 * For the embedded server: whom it asks (--dns, else the host's; those on the host's loopback too),
 * and whether somebody has said what a word without a dot means.
 */
void net_resolv_servers(const struct net_files *f, struct arena *a, struct strs *out);
bool net_resolv_has_ndots(const struct net_files *f);

void net_hostname_render(struct buf *out, const struct net_files *f);

#endif
