/* The Diff service's two halves: diff.c applies, diff_make.c makes. */
#ifndef CONTAINERD_DIFF_H
#define CONTAINERD_DIFF_H

#include "rpc/call.h"

/* Diff/Diff */
int diff_make(struct rpc_call *call, const void *req, void *resp, struct err *e);

#endif
