/*
 * List calls: the rows of one namespace that the filters of the request choose, as messages; and a
 * list that is sent as a stream of messages, a batch each.
 */
#ifndef CONTAINERD_LISTING_H
#define CONTAINERD_LISTING_H

#include "containerd/db.h"
#include "containerd/filter.h"
#include "rpc/rpc.h"

/* How a store lists. */
struct listing {
	const char *sql; /* its one parameter is the namespace */
	void *(*read)(struct arena *a, struct rows *r, struct err *e); /* a message; NULL: error */
	filter_field *field;
};

/* Messages of a type that the caller knows, in the call's arena. */
struct list {
	size_t n;
	void **v;
};

int list_read(struct rpc_call *call, const struct listing *l, size_t n_filters,
              const char *const *filters, struct list *out, struct err *e) must_check;

/* Sends the list in copies of `message`, whose repeated field is *n and *v. */
int list_send(struct rpc_call *call, const struct list *list, const void *message, size_t *n,
              void ***v, struct err *e) must_check;

#endif
