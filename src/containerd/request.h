/* What every service asks of a call: its daemon, its namespace, its lease, names that are valid. */
#ifndef CONTAINERD_REQUEST_H
#define CONTAINERD_REQUEST_H

#include "base/err.h"
#include "containerd/daemon.h"
#include "rpc/rpc.h"

static inline struct daemon *request_daemon(struct rpc_call *call)
{
	return rpc_call_user(call);
}

/* The namespace of the call; NULL and ERR_PRECONDITION when there is none, ERR_INVALID when malformed. */
const char *request_namespace(struct rpc_call *call, struct err *e) must_check;

/* The lease that new resources belong to, or NULL. */
const char *request_lease(struct rpc_call *call);

/* Letters, digits, and single . _ - between them; at most 76. */
int identifier_check(const char *s, struct err *e) must_check;

/* A string field of a message: never NULL. */
static inline const char *field_text(const char *s)
{
	return s ? s : "";
}

#endif
