/* Rows of content: which namespace sees which blob. For the two files of the service. */
#ifndef CONTAINERD_CONTENT_H
#define CONTAINERD_CONTENT_H

#include "containerd/daemon.h"
#include "containerd/db.h"
#include "proto/content.pb-c.h"

/* NULL and ERR_NOT_FOUND when the namespace does not have it. */
Content__Info *content_find(struct tx *tx, struct arena *a, const char *ns, const char *digest,
                            struct err *e) must_check;

/* The name that a reference has on disk: NS/ID/REF. 0 for `id` when there is no such ingest. */
int content_ingest_id(struct tx *tx, const char *ns, const char *ref, int64_t *id, struct err *e)
        must_check;
const char *content_backend_ref(struct arena *a, const char *ns, int64_t id, const char *ref);

#endif
