/*
 * The event exchange: what is published goes to everybody who subscribed and whose filter matches,
 * and to one listener inside the daemon (tasks want to know of exits). Nothing is stored.
 *
 * Publishing never blocks: a subscriber that does not read is thrown out when its backlog is full.
 */
#ifndef CONTAINERD_EXCHANGE_H
#define CONTAINERD_EXCHANGE_H

#include "base/err.h"
#include "proto/types.pb-c.h"
#include "rpc/rpc.h"

struct exchange;

struct exchange *exchange_new(void);

/* Called for each envelope before subscribers get it, on the publisher's thread. */
typedef void exchange_listener(void *arg, const Types__Envelope *env);
void exchange_listen(struct exchange *x, exchange_listener *fn, void *arg);

/* An envelope as it came from a shim or a client: checked, then sent. */
int exchange_forward(struct exchange *x, const Types__Envelope *env, struct err *e) must_check;

/* Packs `event` (a protobuf-c message) with the time of now. A failure is only logged. */
void exchange_publish(struct exchange *x, const char *ns, const char *topic, const void *event);

/* Parks the call as a subscriber until its client leaves. Returns RPC_LATER or -1. */
int exchange_subscribe(struct exchange *x, struct rpc_call *call, size_t n,
                       const char *const *filters, struct err *e) must_check;

#endif
