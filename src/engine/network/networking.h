/*
 * What ties containers to libnetwork: a container's network mode, endpoints and published ports
 * become a sandbox with endpoints, and what came of it becomes the container's record for inspect.
 */
#ifndef ENGINE_NETWORK_NETWORKING_H
#define ENGINE_NETWORK_NETWORKING_H

#include "engine/container/container.h"
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

/* ---- settings.c: what the record says ---- */

bool networking_is_user_defined(const char *name);

/* Are these settings possible on that network? ERR_INVALID with Docker's words. NULL is fine. */
int networking_check_endpoint(const char *name, const struct api_endpoint *ep, struct err *e)
        must_check;

/* A new container's networks: what the client named, else what its mode stands for. */
struct api_networking_config *networking_fill(struct engine *g, struct arena *a, const char *mode,
                                              const struct api_networking_config *given);

/* Those of an endpoint that is or was in use: others find it by its short id, too. */
struct strs networking_aliases(struct arena *a, const char *container_id,
                               const struct api_endpoint *ep);

/* Adds one network; `given` (may be NULL) is what a client said about the container's place on it. */
void networking_put(struct arena *a, const char *container_id, struct api_networking_config *to,
                    const char *name, const struct api_endpoint *given);

/* What is wanted on this network, or nothing (never NULL). */
const struct api_endpoint *networking_settings(const struct container_record *r, const char *name);
bool networking_has(const struct container_record *r, const char *name);
bool networking_on_user_network(const struct container_record *r);

/* The mode's own network first, then the others. */
struct strs networking_names(struct arena *a, const struct container_record *r);

/* ---- join.c: from the record to endpoints, and what came of them ---- */

int networking_join(struct engine *g, const struct container_record *r, struct sandbox *s,
                    const char *network, struct err *e) must_check;
int networking_join_all(struct engine *g, struct arena *a, const struct container_record *r,
                        struct sandbox *s, struct err *e) must_check;
/* The container of that record has a new name: others find it by that. */
void networking_renamed(struct engine *g, const struct container_record *r);
void networking_report(struct arena *a, const struct container_record *r, struct sandbox *s,
                       struct container_net_record *out);

/* ---- change.c: connect and disconnect ---- */

/*
 * Connects a container, running or not; the settings (may be NULL) are the client's. Docker's
 * refusals are ERR_INVALID, and ERR_PERMISSION when it is connected already.
 */
int networking_attach(struct container *c, const char *network, const struct api_endpoint *ep,
                      struct err *e) must_check;
int networking_detach(struct container *c, const char *network, struct err *e) must_check;

/* Of a container that runs: what the record has and the sandbox has not, and the other way round. */
void networking_reconcile(struct engine *g, const struct container_record *r, struct sandbox *s);

/* Publishes "network/<action>"; `container` may be NULL. */
void networking_event(struct engine *g, const char *action, const struct network_info *n,
                      const char *container);

/* ---- ports.c ---- */

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

bool networking_is_exposed(const struct networking_ports *ports, const struct net_port *p);

/* Adds to NetworkSettings.Ports what an endpoint has exposed and bound. */
void networking_ports_report(struct arena *a, const struct endpoint_info *ep,
                             struct container_net_record *out);

/* ---- files.c ---- */

int networking_files(struct engine *g, const struct container_record *r,
                     const struct container_net_record *net, struct err *e) must_check;

/* Whom the name server of its sandbox asks about the rest of the world. */
void networking_servers(struct engine *g, struct arena *a, const struct container_record *r,
                        struct sandbox_info *out);

/* The files of a container that runs follow a change of its networks. */
int networking_files_change(struct engine *g, const struct container_record *was,
                            const struct container_net_record *was_on,
                            const struct container_record *is,
                            const struct container_net_record *is_on, struct err *e) must_check;

#endif
