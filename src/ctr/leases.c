/* ctr leases */
#include <stdio.h>
#include "ctr/ctr.h"
#include "base/clock.h"
#include "proto/leases.pb-c.h"

#define EXPIRE_LABEL "containerd.io/gc.expire"
#define EXPIRES_NS   (24LL * 3600 * 1000000000)

int ctr_lease_list(struct ctr *c, struct err *e)
{
	Leases__ListRequest req = LEASES__LIST_REQUEST__INIT;
	struct ctr_table table = CTR_TABLE_TIGHT(c);
	char created[CLOCK_TEXT_SIZE];
	Leases__ListResponse *resp;

	req.n_filters = c->args.n;
	req.filters = c->args.v;
	if (ctr_call(c, RPC_LEASES_LIST, &req, &resp, e) < 0)
		return -1;
	ctr_row(&table, "ID", "CREATED AT", "LABELS", NULL, NULL);
	for (size_t i = 0; i < resp->n_leases; i++) {
		const Leases__Lease *l = resp->leases[i];
		const char *labels = ctr_labels_text(c, l->n_labels, l->labels);

		if (c->o.quiet) {
			puts(ctr_text(l->id));
			continue;
		}
		clock_format(created, wkt_timestamp_ns(l->created_at) / 1000000000 * 1000000000);
		ctr_row(&table, ctr_text(l->id), arena_strdup(&c->a, created),
		        *labels ? labels : "-", NULL, NULL);
	}
	if (!c->o.quiet)
		ctr_table_print(&table);
	return 0;
}

/* A day, so that a lease that is forgotten keeps nothing for ever. */
int ctr_lease_create(struct ctr *c, struct err *e)
{
	Leases__CreateRequest req = LEASES__CREATE_REQUEST__INIT;
	Pairs__StringPair expire = PAIRS__STRING_PAIR__INIT;
	char when[CLOCK_TEXT_SIZE];
	struct ctr_labels labels;
	Leases__CreateResponse *resp;

	if (ctr_labels_parse(c, &c->args, 0, &labels, e) < 0)
		return -1;
	expire.key = EXPIRE_LABEL;
	expire.value = clock_format(when, (clock_now_ns() + EXPIRES_NS) / 1000000000 * 1000000000);
	arena_push(&c->a, &labels, &expire);
	req.id = c->o.id;
	req.n_labels = labels.n;
	req.labels = labels.v;
	if (ctr_call(c, RPC_LEASES_CREATE, &req, &resp, e) < 0)
		return -1;
	puts(resp->lease ? ctr_text(resp->lease->id) : "");
	return 0;
}

int ctr_lease_remove(struct ctr *c, struct err *e)
{
	Leases__DeleteRequest req = LEASES__DELETE_REQUEST__INIT;
	void *resp;

	for (size_t i = 0; i < c->args.n; i++) {
		req.id = c->args.v[i];
		if (c->o.sync && i + 1 == c->args.n)
			pb_set(&req, sync, true);
		if (ctr_call(c, RPC_LEASES_DELETE, &req, &resp, e) < 0)
			return -1;
		puts(req.id);
	}
	return 0;
}
