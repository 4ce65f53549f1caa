/*
 * containerd.services.content.v1.Content/Write: one stream writes one blob, in steps that say STAT,
 * WRITE or COMMIT; each is answered. A write that breaks off can be taken up again by its reference.
 *
 * Content that another namespace already has is shared: when the digest is known beforehand and the
 * bytes are on disk, nothing is transferred and the commit only makes the row.
 */
#include <errno.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/limits.h"
#include "containerd/blobs.h"
#include "containerd/content.h"
#include "containerd/exchange.h"
#include "containerd/gc.h"
#include "containerd/labels.h"
#include "containerd/leases.h"
#include "containerd/namespaces.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "proto/service_events.pb-c.h"
#include "rpc/wkt.h"

/* An ingest that no lease holds is garbage after a day. */
#define INGEST_LIFE_NS (24 * 3600 * NS_PER_S)
#define CHUNK          (128 * KIB)

struct write {
	struct daemon *d;
	struct arena *a;
	const char *ns, *lease, *ref;
	const char *expected;  /* digest, or "" */
	int64_t total;         /* 0: not said */
	struct ingest *ingest; /* NULL while the content is shared */
	int64_t shared_size, started;
	int64_t id; /* the ingest's row */
};

/* ---- beginning ---- */

static int already_exists(const struct write *w, struct err *e)
{
	return err_set(e, ERR_ALREADY_EXISTS, "content %s: already exists", w->expected);
}

/* The namespace has it already: the lease holds it from now on, and the client is told. */
static int check_exists(struct write *w, struct tx *tx, struct err *e)
{
	if (!*w->expected)
		return 0;
	if (!content_find(tx, w->a, w->ns, w->expected, e))
		return e->kind == ERR_NOT_FOUND ? 0 : -1;
	if (lease_hold(tx, w->ns, w->lease, RESOURCE_CONTENT, w->expected, e) < 0 ||
	    tx_commit(tx, e) < 0)
		return -1;
	return already_exists(w, e);
}

static int make_row(struct write *w, struct tx *tx, struct err *e)
{
	int64_t expires = w->lease ? 0 : clock_now_ns() + INGEST_LIFE_NS;

	if (namespace_ensure(tx, w->ns, e) < 0 ||
	    tx_exec(tx, e, "INSERT OR IGNORE INTO ingests (ns, ref, expires) VALUES (?, ?, ?)",
	            "ssi", w->ns, w->ref, expires) < 0 ||
	    lease_hold(tx, w->ns, w->lease, RESOURCE_INGEST, w->ref, e) < 0)
		return -1;
	return content_ingest_id(tx, w->ns, w->ref, &w->id, e);
}

static int open_ingest(struct write *w, struct err *e)
{
	const char *ref = content_backend_ref(w->a, w->ns, w->id, w->ref);

	w->ingest = ingest_open(w->d->blobs, ref, w->total, e);
	return w->ingest ? 0 : -1;
}

static int begin(struct write *w, struct err *e)
{
	_cleanup_tx_ struct tx tx = { 0 };
	int64_t size;

	if (*w->expected && !digest_is_sha256(w->expected))
		return err_set(e, ERR_INVALID, "expected digest \"%s\": invalid argument",
		               w->expected);
	if (tx_begin(&tx, w->d->db, DB_WRITE, e) < 0 || check_exists(w, &tx, e) < 0 ||
	    make_row(w, &tx, e) < 0 || tx_commit(&tx, e) < 0)
		return -1;
	w->started = clock_now_ns();
	if (*w->expected && blobs_has(w->d->blobs, w->expected, &size) &&
	    (w->total == 0 || w->total == size)) {
		w->shared_size = size;
		return 0;
	}
	return open_ingest(w, e);
}

/* ---- steps ---- */

static int64_t offset_of(const struct write *w)
{
	return w->ingest ? w->ingest->status.offset : w->shared_size;
}

static const char *digest_of_write(struct write *w)
{
	char *text = arena_alloc(w->a, DIGEST_SIZE);

	if (!w->ingest)
		return w->expected;
	digester_text(&w->ingest->digest, text);
	return text;
}

static int write_data(struct write *w, const Content__WriteContentRequest *req, struct err *e)
{
	if (req->offset > 0 && req->offset != offset_of(w))
		return err_set(e, ERR_OUT_OF_RANGE, "write @%lld must occur at current offset %lld",
		               (long long)req->offset, (long long)offset_of(w));
	if (!w->ingest && req->data.len == 0)
		return 0;
	if (!w->ingest && open_ingest(w, e) < 0)
		return -1;
	if (req->offset == 0 && offset_of(w) > 0 && ingest_truncate(w->ingest, e) < 0)
		return -1;
	return req->data.len ? ingest_write(w->ingest, req->data.data, req->data.len, e) : 0;
}

/* The expected digest came later than the first message, and somebody has committed it meanwhile. */
static int check_raced(struct write *w, const Content__WriteContentRequest *req, struct err *e)
{
	_cleanup_tx_ struct tx tx = { 0 };

	if (str_empty(req->expected))
		return 0;
	w->expected = arena_strdup(w->a, req->expected);
	if (tx_begin(&tx, w->d->db, DB_WRITE, e) < 0)
		return -1;
	if (!content_find(&tx, w->a, w->ns, w->expected, e))
		return e->kind == ERR_NOT_FOUND ? 0 : -1;
	if (lease_hold(&tx, w->ns, w->lease, RESOURCE_CONTENT, w->expected, e) < 0 ||
	    tx_exec(&tx, e, "DELETE FROM ingests WHERE id = ?", "i", w->id) < 0 ||
	    tx_commit(&tx, e) < 0)
		return -1;
	ingest_close(take_ptr(w->ingest));
	if (ingest_abort(w->d->blobs, content_backend_ref(w->a, w->ns, w->id, w->ref), e) < 0)
		return -1;
	return err_set(e, ERR_ALREADY_EXISTS, "blob with expected digest %s exists", w->expected);
}

/* ---- commit ---- */

static int check_result(struct write *w, const char *digest, struct err *e)
{
	if (w->total > 0 && w->total != offset_of(w))
		return err_set(e, ERR_PRECONDITION,
		               "\"%s\" failed size validation: %lld != %lld: failed precondition",
		               w->ref, (long long)offset_of(w), (long long)w->total);
	if (*w->expected && !str_eq(w->expected, digest))
		return err_set(e, ERR_PRECONDITION,
		               "unexpected commit digest %s, expected %s: failed precondition",
		               digest, w->expected);
	return 0;
}

/* Pins the digest in any case where it returns 0. */
static int place_blob(struct write *w, const char *digest, struct err *e)
{
	int64_t size;

	if (w->ingest)
		return ingest_commit(w->ingest, digest, e);
	blobs_pin(w->d->blobs, digest);
	if (blobs_has(w->d->blobs, digest, &size))
		return 0;
	blobs_unpin(w->d->blobs, digest);
	return err_set(e, ERR_UNAVAILABLE, "content %s was removed meanwhile: unavailable", digest);
}

static int write_row(struct write *w, const char *digest, struct labels labels, bool *made,
                     struct err *e)
{
	int64_t now = clock_now_ns();
	_cleanup_tx_ struct tx tx = { 0 };
	int n;

	if (tx_begin(&tx, w->d->db, DB_DURABLE, e) < 0)
		return -1;
	n = tx_exec(&tx, e,
	            "INSERT OR IGNORE INTO content (ns, digest, size, labels, created, updated)"
	            " VALUES (?, ?, ?, ?, ?, ?)",
	            "ssibii", w->ns, digest, offset_of(w), labels_pack(w->a, labels), now, now);
	*made = n == 1;
	if (n < 0 || tx_exec(&tx, e, "DELETE FROM ingests WHERE id = ?", "i", w->id) < 0 ||
	    lease_drop(&tx, w->ns, RESOURCE_INGEST, w->ref, e) < 0 ||
	    lease_hold(&tx, w->ns, w->lease, RESOURCE_CONTENT, digest, e) < 0)
		return -1;
	return tx_commit(&tx, e);
}

static int commit(struct write *w, const Content__WriteContentRequest *req, struct err *e)
{
	Events__ContentCreate event = EVENTS__CONTENT_CREATE__INIT;
	const char *digest = digest_of_write(w);
	bool made = false;
	int r;

	if (labels_check(LABELS_OF(req), "info.Labels", e) < 0 || check_result(w, digest, e) < 0 ||
	    place_blob(w, digest, e) < 0)
		return -1;
	r = write_row(w, digest, LABELS_OF(req), &made, e);
	blobs_unpin(w->d->blobs, digest);
	if (r < 0)
		return -1;
	gc_mutated(w->d->gc);
	if (!made)
		return err_set(e, ERR_ALREADY_EXISTS, "content %s: already exists", digest);
	event.digest = digest;
	pb_set(&event, size, offset_of(w));
	exchange_publish(w->d->events, w->ns, "/content/create", &event);
	return 0;
}

/* ---- from a file of ours ---- */

static int fill(struct write *w, int fd, struct err *e)
{
	char *chunk = arena_alloc(w->a, CHUNK);
	ssize_t n;

	if (offset_of(w) > 0 && ingest_truncate(w->ingest, e) < 0)
		return -1;
	while ((n = read(fd, chunk, CHUNK)) > 0)
		if (ingest_write(w->ingest, chunk, (size_t)n, e) < 0)
			return -1;
	return n < 0 ? err_errno(e, errno, "read what is stored") : 0;
}

int content_put(struct rpc_call *call, const char *ref, int fd, const char **digest, int64_t *size,
                struct err *e)
{
	struct write w = { .d = request_daemon(call),
		           .a = rpc_call_arena(call),
		           .lease = request_lease(call),
		           .ref = ref,
		           .expected = "" };
	char label[DIGEST_SIZE];
	Pairs__StringPair pair = PAIRS__STRING_PAIR__INIT, *pairs[] = { &pair };
	Content__WriteContentRequest req = CONTENT__WRITE_CONTENT_REQUEST__INIT;
	int r = -1;

	w.ns = request_namespace(call, e);
	if (w.ns && begin(&w, e) == 0 && fill(&w, fd, e) == 0) {
		*digest = digest_of_write(&w);
		*size = offset_of(&w);
		str_copy(label, sizeof(label), *digest);
		pair.key = "containerd.io/uncompressed";
		pair.value = label;
		req.n_labels = 1;
		req.labels = pairs;
		r = commit(&w, &req, e);
	}
	ingest_close(w.ingest);
	if (r < 0 && e->kind == ERR_ALREADY_EXISTS) {
		err_clear(e);
		return 0;
	}
	return r;
}

/* ---- the stream ---- */

static int step(struct write *w, const Content__WriteContentRequest *req,
                Content__WriteContentResponse *resp, struct err *e)
{
	*resp = (Content__WriteContentResponse)CONTENT__WRITE_CONTENT_RESPONSE__INIT;
	if (check_raced(w, req, e) < 0)
		return -1;
	if (req->total > 0)
		w->total = req->total;
	pb_set(resp, action, req->action);
	if (req->action == CONTENT__WRITE_ACTION__STAT) {
		int64_t updated = w->ingest ? w->ingest->status.updated : w->started;

		resp->started_at = wkt_timestamp(w->a, w->started);
		resp->updated_at = wkt_timestamp(w->a, updated);
		pb_set(resp, total, w->total);
	} else if (write_data(w, req, e) < 0) {
		return -1;
	}
	pb_set(resp, offset, offset_of(w));
	resp->digest = digest_of_write(w);
	return req->action == CONTENT__WRITE_ACTION__COMMIT ? commit(w, req, e) : 0;
}

static int run(struct write *w, struct rpc_call *call, const Content__WriteContentRequest *req,
               struct err *e)
{
	for (;;) {
		Content__WriteContentResponse resp;
		void *next;
		int r;

		if (step(w, req, &resp, e) < 0 || rpc_call_send(call, &resp, e) < 0)
			return -1;
		if (req->action == CONTENT__WRITE_ACTION__COMMIT)
			return 0;
		r = rpc_call_recv(call, &next, e);
		if (r <= 0)
			return r;
		req = next;
	}
}

static int content_write_write(struct rpc_call *call, unused_arg const void *none,
                               unused_arg void *resp, struct err *e)
{
	struct write w = { .d = request_daemon(call), .a = rpc_call_arena(call) };
	Content__WriteContentRequest *req;
	void *first;
	int r;

	w.ns = request_namespace(call, e);
	if (!w.ns)
		return -1;
	r = rpc_call_recv(call, &first, e);
	if (r <= 0)
		return r;
	req = first;
	if (str_empty(req->ref))
		return err_set(e, ERR_INVALID, "first message must have a reference");
	w.lease = request_lease(call);
	w.ref = arena_strdup(w.a, req->ref);
	w.expected = arena_strdup(w.a, field_text(req->expected));
	w.total = req->total;
	r = begin(&w, e) < 0 ? -1 : run(&w, call, req, e);
	ingest_close(w.ingest);
	return r;
}

SERVICE_ROUTES(content_write, { RPC_CONTENT_WRITE, content_write_write })
