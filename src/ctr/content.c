/* ctr content */
#include <inttypes.h>
#include <stdio.h>
#include "ctr/ctr.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/content.pb-c.h"

/* "1.036MB", "376B": four digits, powers of a thousand. */
static const char *short_size(struct ctr *c, int64_t n)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double value = (double)n;
	size_t unit = 0;

	for (; value >= 1000 && unit + 1 < ARRAY_LEN(units); unit++)
		value /= 1000;
	return arena_printf(&c->a, "%.4g%s", value, units[unit]);
}

static const struct {
	int64_t below, unit; /* seconds */
	const char *words;
} ages[] = {
	{ 1, 0, "Less than a second" },
	{ 2, 0, "1 second" },
	{ 60, 1, "%lld seconds" },
	{ 120, 0, "About a minute" },
	{ 3600, 60, "%lld minutes" },
	{ 7200, 0, "About an hour" },
	{ 48 * 3600, 3600, "%lld hours" },
	{ 14 * 86400, 86400, "%lld days" },
	{ 60 * 86400, 604800, "%lld weeks" },
	{ 730 * 86400LL, 30 * 86400, "%lld months" },
	{ INT64_MAX, 365 * 86400, "%lld years" },
};

static const char *age(struct ctr *c, const Google__Timestamp *since)
{
	int64_t s = (clock_now_ns() - wkt_timestamp_ns(since)) / 1000000000;
	size_t i = 0;

	while (s >= ages[i].below)
		i++;
	if (!ages[i].unit)
		return ages[i].words;
	return arena_printf(&c->a, "%lld%s", (long long)(s / ages[i].unit), ages[i].words + 4);
}

static int print_row(struct ctr *c, const void *message, unused_arg void *arg,
                     unused_arg struct err *e)
{
	const Content__ListContentResponse *m = message;

	for (size_t i = 0; i < m->n_info; i++) {
		const Content__Info *info = m->info[i];
		const char *labels = ctr_labels_text(c, info->n_labels, info->labels);

		if (c->o.quiet)
			puts(ctr_text(info->digest));
		else
			printf("%s\t%s\t%s\t%s\n", ctr_text(info->digest),
			       short_size(c, info->size), age(c, info->created_at),
			       *labels ? labels : "-");
	}
	return 0;
}

/* Tabs, as the original has them; whoever reads it cuts at those. */
int ctr_content_list(struct ctr *c, struct err *e)
{
	Content__ListContentRequest req = CONTENT__LIST_CONTENT_REQUEST__INIT;

	req.n_filters = c->args.n;
	req.filters = c->args.v;
	if (!c->o.quiet)
		puts("DIGEST\t\t\t\t\t\t\t\t\tSIZE\tAGE\t\t\tLABELS");
	return ctr_stream(c, RPC_CONTENT_LIST, &req, print_row, NULL, e);
}

static int write_chunk(unused_arg struct ctr *c, const void *message, unused_arg void *arg,
                       struct err *e)
{
	const Content__ReadContentResponse *chunk = message;

	if (fwrite(chunk->data.data, 1, chunk->data.len, stdout) != chunk->data.len)
		return err_set(e, ERR_INTERNAL, "write output: the reader is gone");
	return 0;
}

int ctr_content_get(struct ctr *c, struct err *e)
{
	Content__ReadContentRequest req = CONTENT__READ_CONTENT_REQUEST__INIT;

	for (size_t i = 0; i < c->args.n; i++) {
		req.digest = c->args.v[i];
		if (ctr_stream(c, RPC_CONTENT_READ, &req, write_chunk, NULL, e) < 0)
			return -1;
	}
	return 0;
}

int ctr_content_remove(struct ctr *c, struct err *e)
{
	Content__DeleteContentRequest req = CONTENT__DELETE_CONTENT_REQUEST__INIT;
	struct err first = { 0 };
	void *resp;

	for (size_t i = 0; i < c->args.n; i++) {
		req.digest = c->args.v[i];
		if (ctr_call(c, RPC_CONTENT_DELETE, &req, &resp, e) == 0) {
			puts(req.digest);
			continue;
		}
		if (e->kind != ERR_NOT_FOUND) {
			log_error_of(e, "failed to delete \"%s\"", req.digest);
			first = first.kind ? first : *e;
		}
		err_clear(e);
	}
	*e = first;
	return first.kind ? -1 : 0;
}

int ctr_content_active(struct ctr *c, struct err *e)
{
	Content__ListStatusesRequest req = CONTENT__LIST_STATUSES_REQUEST__INIT;
	Content__ListStatusesResponse *resp;

	if (ctr_call(c, RPC_CONTENT_LIST_STATUSES, &req, &resp, e) < 0)
		return -1;
	puts("REF\tSIZE\tAGE\t");
	for (size_t i = 0; i < resp->n_statuses; i++)
		printf("%s\t%s\t%s\t\n", ctr_text(resp->statuses[i]->ref),
		       short_size(c, resp->statuses[i]->offset),
		       age(c, resp->statuses[i]->started_at));
	return 0;
}
