/* Rows of content: which namespace sees which blob. For the two files of the service. */
#ifndef CONTAINERD_CONTENT_H
#define CONTAINERD_CONTENT_H

#include "containerd/daemon.h"
#include "containerd/db.h"
#include "proto/content.pb-c.h"
#include "rpc/call.h"

/* NULL and ERR_NOT_FOUND when the namespace does not have it. */
Content__Info *content_find(struct tx *tx, struct arena *a, const char *ns, const char *digest,
                            struct err *e) must_check;

/*
 * Stores what is in a file, under the call's namespace and lease: a blob that is there already is fine.
 * Lives in the call's arena.
 */
int content_put(struct rpc_call *call, const char *ref, int fd, const char **digest, int64_t *size,
                struct err *e) must_check;

/* The name that a reference has on disk: NS/ID/REF. 0 for `id` when there is no such ingest. */
int content_ingest_id(struct tx *tx, const char *ns, const char *ref, int64_t *id, struct err *e)
        must_check;
const char *content_backend_ref(struct arena *a, const char *ns, int64_t id, const char *ref);

#endif
