/* containerd.services.containers.v1.Containers: metadata; what runs is a task. */
#include "containerd/containers.h"

#include "base/clock.h"
#include "containerd/db.h"
#include "containerd/exchange.h"
#include "containerd/gc.h"
#include "containerd/labels.h"
#include "containerd/listing.h"
#include "containerd/namespaces.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "proto/service_events.pb-c.h"
#include "rpc/wkt.h"

/* ---- rows ---- */

#define COLUMNS "id, body, labels, created, updated"

static void *read_row(struct arena *a, struct rows *r, struct err *e)
{
	struct slice body = rows_blob(r, a, 1);
	struct labels labels = labels_unpack(a, rows_blob(r, a, 2));
	Containers__Container *c =
	        rpc_unpack(a, &containers__container__descriptor, body.data, body.len, e);

	if (!c) {
		err_wrap(e, "failed to read container \"%s\"", rows_text(r, a, 0));
		err_kind_set(e, ERR_DATA_LOSS);
		return NULL;
	}
	LABELS_TO(c, labels);
	c->created_at = wkt_timestamp(a, rows_int(r, 3));
	c->updated_at = wkt_timestamp(a, rows_int(r, 4));
	return c;
}

static Containers__Container *find(struct tx *tx, struct arena *a, const char *ns, const char *id,
                                   struct err *e)
{
	Containers__Container *c = NULL;
	bool found = false;
	struct rows r;

	rows_open(&r, tx, "SELECT " COLUMNS " FROM containers WHERE ns = ? AND id = ?", "ss", ns,
	          id);
	while (rows_next(&r, e)) {
		c = read_row(a, &r, e);
		found = true;
	}
	if (!found && !r.failed)
		err_set(e, ERR_NOT_FOUND, "container \"%s\" in namespace \"%s\": not found", id,
		        ns);
	return c;
}

static int write_row(struct tx *tx, struct arena *a, const char *ns, const Containers__Container *c,
                     struct err *e)
{
	Containers__Container body = *c;

	body.n_labels = 0;
	body.created_at = body.updated_at = NULL;
	return tx_exec(tx, e,
	               "INSERT OR REPLACE INTO containers"
	               " (ns, snapshotter, snapshot_key, " COLUMNS ")"
	               " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	               "ssssbbii", ns, field_text(c->snapshotter), field_text(c->snapshot_key),
	               c->id, pb_pack(a, &body), labels_pack(a, LABELS_OF(c)),
	               wkt_timestamp_ns(c->created_at), wkt_timestamp_ns(c->updated_at)) < 0
	               ? -1
	               : 0;
}

Containers__Container *container_find(struct daemon *d, struct arena *a, const char *ns,
                                      const char *id, struct err *e)
{
	_cleanup_tx_ struct tx tx = { 0 };

	return tx_begin(&tx, d->db, DB_READ, e) < 0 ? NULL : find(&tx, a, ns, id, e);
}

/* ---- reading ---- */

static int containers_get(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Containers__GetContainerRequest *req = reqp;
	Containers__GetContainerResponse *resp = respp;
	const char *ns = request_namespace(call, e);

	if (!ns)
		return -1;
	resp->container = container_find(request_daemon(call), rpc_call_arena(call), ns,
	                                 field_text(req->id), e);
	return resp->container ? 0 : -1;
}

static const char *container_field(const void *object, const struct strs *path)
{
	const Containers__Container *c = object;

	if (str_eq(path->v[0], "id"))
		return c->id;
	if (str_eq(path->v[0], "image"))
		return str_empty(c->image) ? NULL : c->image;
	if (str_eq(path->v[0], "labels"))
		return labels_field(LABELS_OF(c), path);
	if (str_eq(path->v[0], "runtime") && path->n > 1 && str_eq(path->v[1], "name"))
		return c->runtime ? c->runtime->name : NULL;
	return NULL;
}

static const struct listing listing = {
	.sql = "SELECT " COLUMNS " FROM containers WHERE ns = ? ORDER BY id",
	.read = read_row,
	.field = container_field,
};

static int containers_list(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Containers__ListContainersRequest *req = reqp;
	Containers__ListContainersResponse *resp = respp;
	struct list list = { 0 };

	if (list_read(call, &listing, req->n_filters, req->filters, &list, e) < 0)
		return -1;
	resp->n_containers = list.n;
	resp->containers = (Containers__Container **)list.v;
	return 0;
}

static int containers_list_stream(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                                  struct err *e)
{
	const Containers__ListContainersRequest *req = reqp;
	Containers__ListContainerMessage m = CONTAINERS__LIST_CONTAINER_MESSAGE__INIT;
	struct list list = { 0 };

	if (list_read(call, &listing, req->n_filters, req->filters, &list, e) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		m.container = list.v[i];
		if (rpc_call_send(call, &m, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- writing ---- */

static void publish_create(struct daemon *d, const char *ns, const Containers__Container *c)
{
	Events__ContainerCreate event = EVENTS__CONTAINER_CREATE__INIT;
	Events__ContainerCreate__Runtime runtime = EVENTS__CONTAINER_CREATE__RUNTIME__INIT;

	runtime.name = c->runtime->name;
	runtime.options = c->runtime->options;
	event.id = c->id;
	event.image = c->image;
	event.runtime = &runtime;
	exchange_publish(d->events, ns, "/containers/create", &event);
}

static int containers_create(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Containers__CreateContainerRequest *req = reqp;
	Containers__CreateContainerResponse *resp = respp;
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e);
	struct arena *a = rpc_call_arena(call);
	Containers__Container *c = req->container;
	_cleanup_tx_ struct tx tx = { 0 };

	if (!ns)
		return -1;
	if (!c || container_check(c, e) < 0)
		return c ? err_wrap(e, "create container failed validation")
		         : err_set(e, ERR_INVALID, "container is required: invalid argument");
	c->created_at = c->updated_at = wkt_timestamp(a, clock_now_ns());
	if (tx_begin(&tx, d->db, DB_DURABLE, e) < 0 || namespace_ensure(&tx, ns, e) < 0)
		return -1;
	if (find(&tx, a, ns, c->id, e))
		return err_set(e, ERR_ALREADY_EXISTS, "container \"%s\": already exists", c->id);
	if (e->kind != ERR_NOT_FOUND || write_row(&tx, a, ns, c, e) < 0 || tx_commit(&tx, e) < 0)
		return -1;
	publish_create(d, ns, c);
	resp->container = c;
	return 0;
}

static void publish_update(struct daemon *d, const char *ns, const Containers__Container *c)
{
	Events__ContainerUpdate event = EVENTS__CONTAINER_UPDATE__INIT;

	event.id = c->id;
	event.image = c->image;
	event.snapshot_key = c->snapshot_key;
	LABELS_TO(&event, LABELS_OF(c));
	exchange_publish(d->events, ns, "/containers/update", &event);
}

static int containers_update(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Containers__UpdateContainerRequest *req = reqp;
	Containers__UpdateContainerResponse *resp = respp;
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e);
	struct arena *a = rpc_call_arena(call);
	_cleanup_tx_ struct tx tx = { 0 };
	Containers__Container *c;

	if (!ns)
		return -1;
	if (!req->container || str_empty(req->container->id))
		return err_set(e, ERR_INVALID, "must specify a container id: invalid argument");
	if (tx_begin(&tx, d->db, DB_DURABLE, e) < 0)
		return -1;
	c = find(&tx, a, ns, req->container->id, e);
	if (!c || container_merge(a, c, req->container, req->update_mask, e) < 0)
		return -1;
	c->updated_at = wkt_timestamp(a, clock_now_ns());
	if (write_row(&tx, a, ns, c, e) < 0 || tx_commit(&tx, e) < 0)
		return -1;
	publish_update(d, ns, c);
	resp->container = c;
	return 0;
}

static int containers_delete(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                             struct err *e)
{
	const Containers__DeleteContainerRequest *req = reqp;
	Events__ContainerDelete event = EVENTS__CONTAINER_DELETE__INIT;
	struct daemon *d = request_daemon(call);
	const char *ns = request_namespace(call, e), *id = field_text(req->id);
	_cleanup_tx_ struct tx tx = { 0 };
	int gone;

	if (!ns || tx_begin(&tx, d->db, DB_WRITE, e) < 0)
		return -1;
	gone = tx_exec(&tx, e, "DELETE FROM containers WHERE ns = ? AND id = ?", "ss", ns, id);
	if (gone == 0)
		err_set(e, ERR_NOT_FOUND, "container \"%s\" in namespace \"%s\": not found", id,
		        ns);
	if (gone <= 0 || tx_commit(&tx, e) < 0)
		return -1;
	event.id = id;
	exchange_publish(d->events, ns, "/containers/delete", &event);
	gc_schedule(d->gc);
	return 0;
}

SERVICE_ROUTES(containers, { RPC_CONTAINERS_GET, containers_get },
               { RPC_CONTAINERS_LIST, containers_list },
               { RPC_CONTAINERS_LIST_STREAM, containers_list_stream },
               { RPC_CONTAINERS_CREATE, containers_create },
               { RPC_CONTAINERS_UPDATE, containers_update },
               { RPC_CONTAINERS_DELETE, containers_delete })
