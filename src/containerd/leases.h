/* Leases hold resources against the garbage collector for as long as they exist. */
#ifndef CONTAINERD_LEASES_H
#define CONTAINERD_LEASES_H

#include <stdbool.h>
#include "containerd/db.h"

/* The types of resources that a lease can hold. */
#define RESOURCE_CONTENT   "content"
#define RESOURCE_INGEST    "ingests"
#define RESOURCE_SNAPSHOTS "snapshots/" /* and the snapshotter's name */

/* Puts a resource under the lease of a call; nothing to do when `lease` is NULL. */
int lease_hold(struct tx *tx, const char *ns, const char *lease, const char *type, const char *id,
               struct err *e) must_check;
/* From every lease: the resource is gone, or has become another one. */
int lease_drop(struct tx *tx, const char *ns, const char *type, const char *id, struct err *e)
        must_check;

#endif
