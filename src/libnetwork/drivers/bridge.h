/* What the files of the bridge driver share. */
#ifndef LIBNETWORK_DRIVERS_BRIDGE_H
#define LIBNETWORK_DRIVERS_BRIDGE_H

#include "libnetwork/driver.h"
#include "netlink/address.h"
#include "netlink/link.h"

/* Option names, as in `docker network create -o` and `docker network inspect`. */
#define BRIDGE_OPT_NAME       "com.docker.network.bridge.name"
#define BRIDGE_OPT_MASQUERADE "com.docker.network.bridge.enable_ip_masquerade"
#define BRIDGE_OPT_ICC        "com.docker.network.bridge.enable_icc"
#define BRIDGE_OPT_HOST_IP    "com.docker.network.bridge.host_binding_ipv4"
#define BRIDGE_OPT_DEFAULT    "com.docker.network.bridge.default_bridge"
#define BRIDGE_OPT_MTU        "com.docker.network.driver.mtu"
/* The auxiliary address that is the containers' gateway instead of the bridge: --default-gateway. */
#define BRIDGE_AUX_GATEWAY "DefaultGatewayIPv4"

struct bridge_network {
	struct net_env *env; /* borrowed */
	char id[65];
	struct fw_network fw;         /* name of the bridge, subnet, what rules it has */
	struct inet address;          /* of the bridge, with the subnet's prefix */
	struct inet gateway;          /* of the containers: the bridge, mostly */
	char host_ip[INET_TEXT_SIZE]; /* for ports without one; "": any */
	unsigned mtu;
	int index; /* of the bridge */
	struct fw_rules rules;
};

struct bridge_endpoint {
	struct bridge_network *network; /* borrowed: a network outlives its endpoints */
	char id[65];
	char host_interface[IF_NAMESIZE];
	uint8_t mac[MAC_SIZE];
	struct inet address;
	struct fw_rules rules; /* of its published ports */
	uint16_t *udp_ports;   /* host ports, for the tracked connections; owned */
	size_t nudp;
	bool published;
};

/* ---- bridge_device.c: the bridge itself and what it wants of the host ---- */

/* Makes or adopts the device; fills n->index. */
int bridge_device_up(struct bridge_network *n, struct err *e) must_check;
int bridge_device_delete(struct bridge_network *n, struct err *e) must_check;

/* The address that a bridge of that name has: a pool that an earlier engine picked. */
bool bridge_device_address(const char *name, struct inet *out);

/* ---- bridge_port.c ---- */

int bridge_publish(void *ep, const struct net_ports *wanted, struct arena *a,
                   struct net_ports *bound, struct err *e) must_check;
int bridge_unpublish(void *ep, struct err *e) must_check;

#endif
