/* ctr containers */
#include <stdio.h>
#include "ctr/containers.h"
#include "ctr/process.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/snapshots.pb-c.h"

int ctr_container_get(struct ctr *c, const char *id, Containers__Container **out, struct err *e)
{
	Containers__GetContainerRequest req = CONTAINERS__GET_CONTAINER_REQUEST__INIT;
	Containers__GetContainerResponse *resp;

	req.id = id;
	if (ctr_call(c, RPC_CONTAINERS_GET, &req, &resp, e) < 0)
		return -1;
	if (!resp->container)
		return err_set(e, ERR_INTERNAL, "containerd told nothing of container %s", id);
	*out = resp->container;
	return 0;
}

int ctr_container_list(struct ctr *c, struct err *e)
{
	Containers__ListContainersRequest req = CONTAINERS__LIST_CONTAINERS_REQUEST__INIT;
	struct ctr_table table = CTR_TABLE_WIDE(c);
	Containers__ListContainersResponse *resp;

	req.n_filters = c->args.n;
	req.filters = c->args.v;
	if (ctr_call(c, RPC_CONTAINERS_LIST, &req, &resp, e) < 0)
		return -1;
	ctr_row(&table, "CONTAINER", "IMAGE", "RUNTIME", NULL, NULL);
	for (size_t i = 0; i < resp->n_containers; i++) {
		const Containers__Container *found = resp->containers[i];

		if (c->o.quiet)
			puts(ctr_text(found->id));
		else
			ctr_row(&table, ctr_text(found->id),
			        str_empty(found->image) ? "-" : found->image,
			        found->runtime ? ctr_text(found->runtime->name) : "", NULL, NULL);
	}
	if (!c->o.quiet)
		ctr_table_print(&table);
	return 0;
}

/* ---- info ---- */

static void add_text(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "\"%s\":", name);
	json_quote(b, slice_of(ctr_text(value)));
	buf_addc(b, ',');
}

static void add_time(struct buf *b, const char *name, const Google__Timestamp *t)
{
	char text[CLOCK_TEXT_SIZE];

	add_text(b, name, clock_format(text, wkt_timestamp_ns(t)));
}

static void add_labels(struct buf *b, const Containers__Container *found)
{
	ctr_labels_sort(found->n_labels, found->labels);
	buf_adds(b, "\"Labels\":");
	buf_adds(b, found->n_labels ? "{" : "null");
	for (size_t i = 0; i < found->n_labels; i++) {
		buf_adds(b, i ? "," : "");
		json_quote(b, slice_of(ctr_text(found->labels[i]->key)));
		buf_addc(b, ':');
		json_quote(b, slice_of(ctr_text(found->labels[i]->value)));
	}
	buf_adds(b, found->n_labels ? "}," : ",");
}

static void add_runtime(struct ctr *c, struct buf *b, const Containers__Container__Runtime *r)
{
	const Google__Any *o = r ? r->options : NULL;

	buf_printf(b, "\"Runtime\":{\"Name\":\"%s\",\"Options\":", r ? ctr_text(r->name) : "");
	if (!o) {
		buf_adds(b, "null},");
		return;
	}
	buf_printf(b, "{\"type_url\":\"%s\"", ctr_text(o->type_url));
	if (o->value.len) {
		struct slice value = { (const char *)o->value.data, o->value.len };

		buf_printf(b, ",\"value\":\"%s\"", base64_encode(&c->a, value, BASE64_STANDARD));
	}
	buf_adds(b, "}},");
}

static int print_json(struct ctr *c, struct slice text, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct json_value tree;

	if (json_parse(&c->a, text, &tree, e) < 0)
		return -1;
	json_write(&b, &tree, "    ");
	puts(buf_cstr(&b));
	return 0;
}

int ctr_container_info(struct ctr *c, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	Containers__Container *found;
	struct slice spec = { "null", 4 };

	if (ctr_container_get(c, c->args.v[0], &found, e) < 0)
		return -1;
	if (found->spec)
		spec = (struct slice){ (const char *)found->spec->value.data,
			               found->spec->value.len };
	if (c->o.spec)
		return print_json(c, spec, e);
	buf_addc(&b, '{');
	add_text(&b, "ID", found->id);
	add_labels(&b, found);
	add_text(&b, "Image", found->image);
	add_runtime(c, &b, found->runtime);
	add_text(&b, "SnapshotKey", found->snapshot_key);
	add_text(&b, "Snapshotter", found->snapshotter);
	add_time(&b, "CreatedAt", found->created_at);
	add_time(&b, "UpdatedAt", found->updated_at);
	buf_adds(&b, "\"Extensions\":null,\"Spec\":");
	buf_add(&b, spec.data, spec.len);
	buf_addc(&b, '}');
	return print_json(c, (struct slice){ b.data, b.len }, e);
}

/* ---- rm ---- */

static int remove_snapshot(struct ctr *c, const Containers__Container *found, struct err *e)
{
	Snapshots__RemoveSnapshotRequest req = SNAPSHOTS__REMOVE_SNAPSHOT_REQUEST__INIT;
	void *resp;

	if (str_empty(found->snapshot_key))
		return 0;
	req.snapshotter = found->snapshotter;
	req.key = found->snapshot_key;
	if (ctr_call(c, RPC_SNAPSHOTS_REMOVE, &req, &resp, e) == 0 || e->kind == ERR_NOT_FOUND) {
		err_clear(e);
		return 0;
	}
	return -1;
}

/* A task that has ended, or was never started, goes first. */
static int remove_task(struct ctr *c, const char *id, struct err *e)
{
	struct ctr_process p = { .id = id };

	if (ctr_process_get(c, &p, e) < 0) {
		if (e->kind != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		return 0;
	}
	if (p.status != TASK__STATUS__STOPPED && p.status != TASK__STATUS__CREATED)
		return err_set(e, ERR_PRECONDITION,
		               "cannot delete a non stopped container: {%s 0 0001-01-01 00:00:00 "
		               "+0000 UTC}",
		               ctr_status_word(&c->a, p.status, false));
	return ctr_process_delete(c, &p, e);
}

int ctr_container_delete(struct ctr *c, const char *id, bool keep_snapshot, struct err *e)
{
	Containers__DeleteContainerRequest req = CONTAINERS__DELETE_CONTAINER_REQUEST__INIT;
	Containers__Container *found;
	void *resp;

	if (ctr_container_get(c, id, &found, e) < 0 || remove_task(c, id, e) < 0 ||
	    (!keep_snapshot && remove_snapshot(c, found, e) < 0))
		return -1;
	req.id = id;
	return ctr_call(c, RPC_CONTAINERS_DELETE, &req, &resp, e);
}

int ctr_container_remove(struct ctr *c, struct err *e)
{
	struct err first = { 0 };

	for (size_t i = 0; i < c->args.n; i++) {
		if (ctr_container_delete(c, c->args.v[i], c->o.keep_snapshot, e) == 0)
			continue;
		log_error_of(e, "failed to delete container \"%s\"", c->args.v[i]);
		if (!first.kind)
			first = *e;
		err_clear(e);
	}
	*e = first;
	return first.kind ? -1 : 0;
}

/* ---- label ---- */

int ctr_container_label(struct ctr *c, struct err *e)
{
	Containers__UpdateContainerRequest req = CONTAINERS__UPDATE_CONTAINER_REQUEST__INIT;
	Containers__Container given = CONTAINERS__CONTAINER__INIT;
	Containers__UpdateContainerResponse *resp;
	Containers__Container *found;
	struct ctr_labels labels;

	if (ctr_labels_parse(c, &c->args, 1, &labels, e) < 0 ||
	    ctr_container_get(c, c->args.v[0], &found, e) < 0)
		return -1;
	given.id = c->args.v[0];
	given.n_labels = labels.n;
	given.labels = labels.v;
	req.container = &given;
	req.update_mask = ctr_labels_mask(c, &labels, false);
	if (ctr_call(c, RPC_CONTAINERS_UPDATE, &req, &resp, e) < 0)
		return -1;
	puts(ctr_labels_text(c, resp->container->n_labels, resp->container->labels));
	return 0;
}
