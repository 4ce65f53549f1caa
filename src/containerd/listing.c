/* See listing.h. */
#include "containerd/listing.h"

#include "containerd/request.h"

/* So many in one message of a stream. */
#define LIST_BATCH 100

int list_read(struct rpc_call *call, const struct listing *l, size_t n_filters,
              const char *const *filters, struct list *out, struct err *e)
{
	const char *ns = request_namespace(call, e);
	struct arena *a = rpc_call_arena(call);
	_cleanup_filter_ struct filter *f = NULL;
	_cleanup_tx_ struct tx tx = { 0 };
	struct rows r;

	if (!ns || filter_parse(n_filters, filters, &f, e) < 0 ||
	    tx_begin(&tx, request_daemon(call)->db, DB_READ, e) < 0)
		return -1;
	rows_open(&r, &tx, l->sql, "s", ns);
	while (rows_next(&r, e)) {
		void *message = l->read(a, &r, e);

		if (!message)
			return -1;
		if (filter_match(f, l->field, message))
			arena_push(a, out, message);
	}
	return r.failed ? -1 : 0;
}

int list_send(struct rpc_call *call, const struct list *list, const void *message, size_t *n,
              void ***v, struct err *e)
{
	for (size_t i = 0; i < list->n; i += LIST_BATCH) {
		*n = MIN((size_t)LIST_BATCH, list->n - i);
		*v = list->v + i;
		if (rpc_call_send(call, message, e) < 0)
			return -1;
	}
	return 0;
}
