/* containerd.services.namespaces.v1.Namespaces */
#include "containerd/namespaces.h"

#include "containerd/exchange.h"
#include "containerd/labels.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "proto/namespaces.pb-c.h"
#include "proto/service_events.pb-c.h"
#include "rpc/wkt.h"

int namespace_ensure(struct tx *tx, const char *ns, struct err *e)
{
	return tx_exec(tx, e, "INSERT OR IGNORE INTO namespaces (name) VALUES (?)", "s", ns) < 0
	               ? -1
	               : 0;
}

static Namespaces__Namespace *read_row(struct arena *a, struct rows *r)
{
	Namespaces__Namespace *n = pb_new(a, namespaces__namespace, Namespaces__Namespace);
	struct labels l = labels_unpack(a, rows_blob(r, a, 1));

	n->name = rows_text(r, a, 0);
	LABELS_TO(n, l);
	return n;
}

static Namespaces__Namespace *find(struct tx *tx, struct arena *a, const char *name, struct err *e)
{
	Namespaces__Namespace *n = NULL;
	struct rows r;

	rows_open(&r, tx, "SELECT name, labels FROM namespaces WHERE name = ?", "s", name);
	while (rows_next(&r, e))
		n = read_row(a, &r);
	if (!n && !r.failed)
		err_set(e, ERR_NOT_FOUND, "namespace \"%s\": not found", name);
	return n;
}

/* As in the original, a namespace that is not there yet is answered like an empty one. */
static int namespaces_get(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Namespaces__GetNamespaceRequest *req = reqp;
	Namespaces__GetNamespaceResponse *resp = respp;
	struct arena *a = rpc_call_arena(call);
	_cleanup_tx_ struct tx tx = { 0 };

	if (identifier_check(req->name, e) < 0 ||
	    tx_begin(&tx, request_daemon(call)->db, DB_READ, e) < 0)
		return -1;
	resp->namespace_ = find(&tx, a, req->name, e);
	if (!resp->namespace_ && e->kind != ERR_NOT_FOUND)
		return -1;
	if (!resp->namespace_) {
		resp->namespace_ = pb_new(a, namespaces__namespace, Namespaces__Namespace);
		resp->namespace_->name = req->name;
	}
	return 0;
}

static int namespaces_list(struct rpc_call *call, unused_arg const void *req, void *respp,
                           struct err *e)
{
	Namespaces__ListNamespacesResponse *resp = respp;
	struct arena *a = rpc_call_arena(call);
	struct {
		size_t n;
		Namespaces__Namespace **v;
	} list = { 0 };
	_cleanup_tx_ struct tx tx = { 0 };
	struct rows r;

	if (tx_begin(&tx, request_daemon(call)->db, DB_READ, e) < 0)
		return -1;
	rows_open(&r, &tx, "SELECT name, labels FROM namespaces ORDER BY name", "");
	while (rows_next(&r, e))
		arena_push(a, &list, read_row(a, &r));
	resp->n_namespaces = list.n;
	resp->namespaces = list.v;
	return r.failed ? -1 : 0;
}

static int namespaces_create(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Namespaces__CreateNamespaceRequest *req = reqp;
	Namespaces__CreateNamespaceResponse *resp = respp;
	Events__NamespaceCreate event = EVENTS__NAMESPACE_CREATE__INIT;
	struct daemon *d = request_daemon(call);
	Namespaces__Namespace *n = req->namespace_;
	_cleanup_tx_ struct tx tx = { 0 };
	int made;

	if (!n)
		return err_set(e, ERR_INVALID, "namespace is required: invalid argument");
	if (identifier_check(n->name, e) < 0 ||
	    labels_check(LABELS_OF(n), "namespace.Labels", e) < 0 ||
	    tx_begin(&tx, d->db, DB_DURABLE, e) < 0)
		return -1;
	made = tx_exec(&tx, e, "INSERT OR IGNORE INTO namespaces (name, labels) VALUES (?, ?)",
	               "sb", n->name, labels_pack(rpc_call_arena(call), LABELS_OF(n)));
	if (made == 0)
		err_set(e, ERR_ALREADY_EXISTS, "namespace \"%s\": already exists", n->name);
	if (made <= 0 || tx_commit(&tx, e) < 0)
		return -1;
	event.name = n->name;
	LABELS_TO(&event, LABELS_OF(n));
	exchange_publish(d->events, n->name, "/namespaces/create", &event);
	resp->namespace_ = n;
	return 0;
}

/* Labels with an empty value are removed. Without a mask every label that is named is set. */
static int merge_labels(struct arena *a, Namespaces__Namespace *to, Namespaces__Namespace *from,
                        const Google__FieldMask *mask, struct err *e)
{
	struct labels l = LABELS_OF(to);

	for (size_t i = 0; mask && i < mask->n_paths; i++)
		if (!labels_mask(a, &l, LABELS_OF(from), mask->paths[i]))
			return err_set(e, ERR_INVALID,
			               "cannot update \"%s\" field: invalid argument",
			               mask->paths[i]);
	for (size_t i = 0; (!mask || mask->n_paths == 0) && i < from->n_labels; i++)
		labels_set(a, &l, field_text(from->labels[i]->key),
		           field_text(from->labels[i]->value));
	for (size_t i = l.n; i > 0; i--)
		if (str_empty(l.v[i - 1]->value))
			labels_remove(&l, field_text(l.v[i - 1]->key));
	LABELS_TO(to, l);
	return labels_check(l, "namespace.Labels", e);
}

static int namespaces_update(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Namespaces__UpdateNamespaceRequest *req = reqp;
	Namespaces__UpdateNamespaceResponse *resp = respp;
	Events__NamespaceUpdate event = EVENTS__NAMESPACE_UPDATE__INIT;
	struct daemon *d = request_daemon(call);
	struct arena *a = rpc_call_arena(call);
	_cleanup_tx_ struct tx tx = { 0 };
	Namespaces__Namespace *n;

	if (!req->namespace_)
		return err_set(e, ERR_INVALID, "namespace is required: invalid argument");
	if (tx_begin(&tx, d->db, DB_DURABLE, e) < 0)
		return -1;
	n = find(&tx, a, field_text(req->namespace_->name), e);
	if (!n || merge_labels(a, n, req->namespace_, req->update_mask, e) < 0 ||
	    tx_exec(&tx, e, "UPDATE namespaces SET labels = ? WHERE name = ?", "bs",
	            labels_pack(a, LABELS_OF(n)), n->name) < 0 ||
	    tx_commit(&tx, e) < 0)
		return -1;
	event.name = n->name;
	LABELS_TO(&event, LABELS_OF(n));
	exchange_publish(d->events, n->name, "/namespaces/update", &event);
	resp->namespace_ = n;
	return 0;
}

/* The kinds of things that keep a namespace from being deleted. */
static const struct {
	const char *what, *sql;
} contents[] = {
	{ "images", "SELECT 1 FROM images WHERE ns = ? LIMIT 1" },
	{ "blobs", "SELECT 1 FROM content WHERE ns = ? LIMIT 1" },
	{ "containers", "SELECT 1 FROM containers WHERE ns = ? LIMIT 1" },
	{ "snapshots on \"overlayfs\" snapshotter",
	  "SELECT 1 FROM snapshots WHERE ns = ? LIMIT 1" },
};

static int check_empty(struct tx *tx, const char *name, struct err *e)
{
	_cleanup_buf_ struct buf list = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
		struct rows r;

		rows_open(&r, tx, contents[i].sql, "s", name);
		while (rows_next(&r, e))
			buf_printf(&list, "%s%s", list.len ? ", " : "", contents[i].what);
		if (r.failed)
			return -1;
	}
	if (list.len == 0)
		return 0;
	return err_set(e, ERR_PRECONDITION,
	               "namespace \"%s\" must be empty, but it still has %s: failed precondition",
	               name, list.data);
}

static int namespaces_delete(struct rpc_call *call, const void *reqp, unused_arg void *resp,
                             struct err *e)
{
	const Namespaces__DeleteNamespaceRequest *req = reqp;
	Events__NamespaceDelete event = EVENTS__NAMESPACE_DELETE__INIT;
	struct daemon *d = request_daemon(call);
	const char *name = field_text(req->name);
	_cleanup_tx_ struct tx tx = { 0 };
	int gone;

	if (tx_begin(&tx, d->db, DB_DURABLE, e) < 0 || check_empty(&tx, name, e) < 0)
		return -1;
	gone = tx_exec(&tx, e, "DELETE FROM namespaces WHERE name = ?", "s", name);
	if (gone == 0)
		err_set(e, ERR_NOT_FOUND, "namespace \"%s\": not found", name);
	if (gone <= 0 || tx_exec(&tx, e, "DELETE FROM leases WHERE ns = ?", "s", name) < 0 ||
	    tx_exec(&tx, e, "DELETE FROM lease_resources WHERE ns = ?", "s", name) < 0 ||
	    tx_commit(&tx, e) < 0)
		return -1;
	event.name = name;
	exchange_publish(d->events, name, "/namespaces/delete", &event);
	return 0;
}

SERVICE_ROUTES(namespaces, { RPC_NAMESPACES_GET, namespaces_get },
               { RPC_NAMESPACES_LIST, namespaces_list },
               { RPC_NAMESPACES_CREATE, namespaces_create },
               { RPC_NAMESPACES_UPDATE, namespaces_update },
               { RPC_NAMESPACES_DELETE, namespaces_delete })
