/* What ctrd.c and task.c share. */
#ifndef ENGINE_CTRD_INTERNAL_H
#define ENGINE_CTRD_INTERNAL_H

#include "engine/ctrd/ctrd.h"
#include "rpc/grpc_client.h"
#include "rpc/wkt.h"

/* ctrd_call_again is for what may be done twice: a lost answer is asked for once more (grpc_client.h). */
int ctrd_call(struct engine *g, enum rpc_method_id method, const void *req, struct arena *a,
              void **resp, struct err *e) must_check;
int ctrd_call_again(struct engine *g, enum rpc_method_id method, const void *req, struct arena *a,
                    void **resp, struct err *e) must_check;

/* containerd.runc.v1.Options: the program, and where it keeps its state. */
Google__Any *ctrd_runtime_options(struct engine *g, struct arena *a, const char *program);

#endif
