/* What other commands need of containers. See containers.c. */
#ifndef CTR_CONTAINERS_H
#define CTR_CONTAINERS_H

#include "ctr/ctr.h"
#include "proto/containers.pb-c.h"

int ctr_container_get(struct ctr *c, const char *id, Containers__Container **out, struct err *e)
        must_check;
/* With its ended task and, unless it is kept, its snapshot. */
int ctr_container_delete(struct ctr *c, const char *id, bool keep_snapshot, struct err *e)
        must_check;

#endif
