/*
 * What ties containers to libnetwork: a container's network mode, endpoints and published ports
 * become a sandbox with endpoints, and what came of it becomes the container's record for inspect.
 */
#ifndef ENGINE_NETWORKING_H
#define ENGINE_NETWORKING_H

#include "engine/container.h"
#include "libnetwork/libnetwork.h"

/* Makes g->net from the options: restores, reconciles. Needs g->store. */
int networking_start(struct engine *g, struct err *e) must_check;

/* Is this configuration possible at all? For create, before anything is made (ERR_INVALID). */
int networking_validate(struct arena *a, const struct api_config *config,
                        const struct api_host_config *host,
                        const struct api_networking_config *networking, struct err *e) must_check;

/*
 * For the changer of a container that is about to start: makes its sandbox, joins its networks,
 * publishes its ports, writes DATA/containers/ID/{hosts,resolv.conf,hostname}. The record has the
 * path of the network namespace in sandbox_key ("" when it is the host's). Owned by the caller.
 * A failure leaves nothing behind.
 */
int networking_connect(struct engine *g, const struct container_record *r,
                       struct container_net **out, struct err *e) must_check;

/* Takes back what networking_connect did; no sandbox of that container is success. */
int networking_disconnect(struct engine *g, const char *container_id, struct err *e) must_check;

/* The record of a container that was connected by an earlier engine and still runs. */
int networking_adopt(struct engine *g, const struct container_record *r, struct container_net **out,
                     struct err *e) must_check;

/* After recovery: drops the sandboxes of containers that do not run. Failures are logged. */
void networking_sweep(struct engine *g);

/* "container:web" -> "web"; NULL for the other modes. */
const char *networking_shared_with(const char *network_mode);

/* The name of the network a mode stands for: "", "default" -> "bridge". */
const char *networking_mode_name(const char *network_mode);

/* ---- networking_ports.c ---- */

struct networking_ports {
	struct {
		size_t n;
		struct net_port *v;
	} exposed, published;
};

/* ExposedPorts, PortBindings and PublishAllPorts, checked. Lives in the arena. */
int networking_ports(struct arena *a, const struct api_config *config,
                     const struct api_host_config *host, struct networking_ports *out,
                     struct err *e) must_check;

/* Adds to NetworkSettings.Ports what an endpoint has exposed and bound. */
void networking_ports_report(struct arena *a, const struct endpoint_info *ep,
                             struct container_net_record *out);

/* ---- networking_files.c ---- */

int networking_files(struct engine *g, const struct container_record *r,
                     const struct container_net_record *net, struct err *e) must_check;

#endif
