/*
 * Legacy links, `--link web:db` on the default bridge: the other container's address in /etc/hosts
 * and its ports and environment in variables, as they are when the container starts. On networks of
 * users a link is a name (libnetwork's), and nothing of this.
 *
 * A record has "ID:alias".
 */
#ifndef ENGINE_NETWORK_LINKS_H
#define ENGINE_NETWORK_LINKS_H

#include "engine/container/container.h"

/* At create: what the client wrote becomes what the record has; none on networks of users. */
int links_resolve(struct engine *g, struct arena *a, const char *network_mode, struct strs *links,
                  struct err *e) must_check;

/* At start. Lines for /etc/hosts; Docker's refusals when the other does not run or is elsewhere. */
int links_hosts(struct engine *g, struct arena *a, const struct container_record *r,
                struct strs *out, struct err *e) must_check;
struct strs links_environment(struct engine *g, struct arena *a, const struct container_record *r);

/* For inspect: "/web:/one/db". */
struct strs links_shown(struct engine *g, struct arena *a, const struct container_record *r);

#endif
