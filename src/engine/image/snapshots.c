/*
 * Layers become snapshots: prepare one on top of the parent, have containerd apply the layer to it,
 * compare what came out with the diff ID, commit it under the chain's name. The durability of a
 * committed layer is containerd's (DESIGN.md, "containerd").
 */
#include <stdio.h>
#include "base/clock.h"
#include "engine/ctrd/ctrd.h"
#include "engine/image/store_internal.h"
#include "proto/diff.pb-c.h"
#include "proto/snapshots.pb-c.h"

#define LABEL_SNAPSHOT_REF "containerd.io/snapshot.ref"

int snapshots_has(struct image_store *base, const char *chain, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct ctrd_store *s = ctrd_store(base);
	Snapshots__StatSnapshotRequest req = SNAPSHOTS__STAT_SNAPSHOT_REQUEST__INIT;
	Snapshots__StatSnapshotResponse *resp;
	int found;

	req.snapshotter = base->snapshotter;
	req.key = chain;
	found = store_found(store_call(s, RPC_SNAPSHOTS_STAT, &req, &a, (void **)&resp, e), e);
	if (found <= 0)
		return found;
	if (!resp->info || resp->info->kind != SNAPSHOTS__KIND__COMMITTED)
		return 0;
	if (store_hold(s, arena_printf(&a, "snapshots/%s", base->snapshotter), chain, e) < 0)
		return -1;
	return 1;
}

static int prepare(struct ctrd_store *s, const char *key, const char *parent, const char *chain,
                   struct arena *a, Snapshots__PrepareSnapshotResponse **resp, struct err *e)
{
	Snapshots__PrepareSnapshotRequest req = SNAPSHOTS__PREPARE_SNAPSHOT_REQUEST__INIT;
	struct json_map labels = { 0 };
	struct store_pairs pairs;

	json_map_set(a, &labels, LABEL_SNAPSHOT_REF, chain);
	pairs = store_pairs(a, &labels);
	req.snapshotter = s->base.snapshotter;
	req.key = key;
	req.parent = parent;
	req.n_labels = pairs.n;
	req.labels = pairs.v;
	return store_call(s, RPC_SNAPSHOTS_PREPARE, &req, a, (void **)resp, e);
}

static int apply(struct ctrd_store *s, const struct oci_descriptor *layer,
                 const Snapshots__PrepareSnapshotResponse *prepared, const char *diff_id,
                 struct arena *a, struct err *e)
{
	Diff__ApplyRequest req = DIFF__APPLY_REQUEST__INIT;
	Diff__ApplyResponse *resp;

	req.diff = store_descriptor(a, layer);
	req.n_mounts = prepared->n_mounts;
	req.mounts = prepared->mounts;
	pb_set(&req, sync_fs, true);
	if (store_call(s, RPC_DIFF_APPLY, &req, a, (void **)&resp, e) < 0)
		return -1;
	if (!resp->applied || !str_eq(resp->applied->digest, diff_id))
		return err_set(e, ERR_DATA_LOSS, "its uncompressed digest is %s instead of %s",
		               resp->applied && resp->applied->digest ? resp->applied->digest
		                                                      : "unknown",
		               diff_id);
	return 0;
}

static int commit(struct ctrd_store *s, const char *key, const char *chain, struct arena *a,
                  struct err *e)
{
	Snapshots__CommitSnapshotRequest req = SNAPSHOTS__COMMIT_SNAPSHOT_REQUEST__INIT;
	struct json_map labels = { 0 };
	struct store_pairs pairs;
	void *resp;

	json_map_set(a, &labels, LABEL_SNAPSHOT_REF, chain);
	pairs = store_pairs(a, &labels);
	req.snapshotter = s->base.snapshotter;
	req.name = chain;
	req.key = key;
	req.n_labels = pairs.n;
	req.labels = pairs.v;
	return store_call(s, RPC_SNAPSHOTS_COMMIT, &req, a, &resp, e);
}

static void discard(struct ctrd_store *s, const char *key)
{
	Snapshots__RemoveSnapshotRequest req = SNAPSHOTS__REMOVE_SNAPSHOT_REQUEST__INIT;

	req.snapshotter = s->base.snapshotter;
	req.key = key;
	store_tidy(s, RPC_SNAPSHOTS_REMOVE, &req);
}

/* Somebody who pulled the same layer at the same time was faster: that is fine too. */
static int fine_when_there(int r, struct err *e)
{
	if (r == 0 || e->kind != ERR_ALREADY_EXISTS)
		return r;
	err_clear(e);
	return 0;
}

int snapshots_unpack(struct image_store *base, const struct oci_descriptor *layer,
                     const char *parent, const char *chain, const char *diff_id, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct ctrd_store *s = ctrd_store(base);
	Snapshots__PrepareSnapshotResponse *prepared;
	const char *key =
	        arena_printf(&a, "extract-%s-%lld %s", s->lease, (long long)clock_mono_ns(), chain);
	int r = prepare(s, key, parent, chain, &a, &prepared, e);

	if (r == 0)
		r = apply(s, layer, prepared, diff_id, &a, e);
	if (r == 0)
		r = commit(s, key, chain, &a, e);
	if (r < 0)
		discard(s, key); /* a prepare whose answer was lost has made one too */
	return fine_when_there(r, e);
}

/* ---- a snapshot becomes a layer ---- */

/* The chain as mounts: a view for as long as the diff takes. */
static int open_view(struct ctrd_store *s, const char *key, const char *parent, struct arena *a,
                     Diff__DiffRequest *req, struct err *e)
{
	Snapshots__ViewSnapshotRequest view = SNAPSHOTS__VIEW_SNAPSHOT_REQUEST__INIT;
	Snapshots__ViewSnapshotResponse *resp;

	view.snapshotter = s->base.snapshotter;
	view.key = key;
	view.parent = parent;
	if (store_call(s, RPC_SNAPSHOTS_VIEW, &view, a, (void **)&resp, e) < 0)
		return -1;
	req->n_left = resp->n_mounts;
	req->left = resp->mounts;
	return 0;
}

static int make_diff(struct ctrd_store *s, const char *key, Diff__DiffRequest *req, struct arena *a,
                     struct oci_descriptor *out, struct err *e)
{
	Snapshots__MountsRequest mounts = SNAPSHOTS__MOUNTS_REQUEST__INIT;
	Snapshots__MountsResponse *right;
	Diff__DiffResponse *resp;

	mounts.snapshotter = s->base.snapshotter;
	mounts.key = key;
	if (store_call(s, RPC_SNAPSHOTS_MOUNTS, &mounts, a, (void **)&right, e) < 0)
		return -1;
	req->n_right = right->n_mounts;
	req->right = right->mounts;
	req->media_type = MEDIA_OCI_LAYER;
	if (store_call(s, RPC_DIFF_DIFF, req, a, (void **)&resp, e) < 0)
		return -1;
	if (!resp->diff || !resp->diff->digest)
		return err_set(e, ERR_DATA_LOSS, "containerd describes no layer");
	*out = (struct oci_descriptor){ .digest = resp->diff->digest, .size = resp->diff->size };
	return 0;
}

int image_store_diff(struct image_store *base, const char *key, const char *parent, struct arena *a,
                     struct oci_descriptor *out, struct err *e)
{
	struct ctrd_store *s = ctrd_store(base);
	Diff__DiffRequest req = DIFF__DIFF_REQUEST__INIT;
	const char *view =
	        arena_printf(a, "extract-%s-view-%lld", s->lease, (long long)clock_mono_ns());
	int r = parent ? open_view(s, view, parent, a, &req, e) : 0;

	req.ref = view;
	if (r == 0)
		r = make_diff(s, key, &req, a, out, e);
	if (parent)
		discard(s, view);
	return r;
}

/* ---- what a killed engine left ---- */

int image_store_sweep(struct grpc_client *c, const char *snapshotter, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct ctrd_store s = { .base = { .snapshotter = snapshotter }, .client = c };
	struct strs keys = { 0 };

	if (ctrd_snapshot_keys(c, snapshotter, "kind!=committed,name~=/^" EXTRACT_PREFIX "/", &a,
	                       &keys, e) < 0)
		return err_wrap(e, "list half-unpacked layers");
	for (size_t i = 0; i < keys.n; i++)
		discard(&s, keys.v[i]);
	return 0;
}
