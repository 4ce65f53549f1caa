/* Leases, names, and what the other files of the store use. See store.h. */
#include "engine/image/store_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "proto/images.pb-c.h"
#include "proto/leases.pb-c.h"

/* A lease that a dead engine leaves behind ends by itself. */
#define LEASE_LABEL "containerd.io/gc.expire"
#define RUN_BYTES   6
#define LEASE_LASTS (24 * 3600 * NS_PER_S)

int store_call(struct ctrd_store *s, enum rpc_method_id method, const void *req, struct arena *a,
               void **resp, struct err *e)
{
	struct grpc_opts opts = { .lease = *s->lease ? s->lease : NULL };

	return grpc_call(s->client, &opts, method, req, a, resp, e);
}

#define TIDY_PAUSE_NS (100 * 1000000L)
#define TIDY_TRIES    100 /* ten seconds: longer than containerd stays away between two starts */

void store_tidy(struct ctrd_store *s, enum rpc_method_id method, const void *req)
{
	static const struct timespec pause = { 0, TIDY_PAUSE_NS };
	struct err e = { .kind = ERR_UNAVAILABLE };

	for (int i = 0; i < TIDY_TRIES && e.kind == ERR_UNAVAILABLE; i++) {
		_cleanup_arena_ struct arena a = { 0 };
		void *resp;

		if (i > 0)
			nanosleep(&pause, NULL);
		err_clear(&e);
		(void)!store_call(s, method, req, &a, &resp, &e);
	}
}

int store_found(int r, struct err *e)
{
	if (r == 0)
		return 1;
	if (e->kind != ERR_NOT_FOUND)
		return -1;
	err_clear(e);
	return 0;
}

struct store_pairs store_pairs(struct arena *a, const struct json_map *labels)
{
	struct store_pairs out = { 0 };

	for (size_t i = 0; labels && i < labels->n; i++) {
		Pairs__StringPair *p = pb_new(a, pairs__string_pair, Pairs__StringPair);

		p->key = labels->v[i].key;
		p->value = labels->v[i].value;
		arena_push(a, &out, p);
	}
	return out;
}

Types__Descriptor *store_descriptor(struct arena *a, const struct oci_descriptor *d)
{
	Types__Descriptor *t = pb_new(a, types__descriptor, Types__Descriptor);

	t->media_type = d->media_type;
	t->digest = d->digest;
	pb_set(t, size, d->size);
	return t;
}

int store_hold(struct ctrd_store *s, const char *type, const char *id, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Leases__Resource resource = LEASES__RESOURCE__INIT;
	Leases__AddResourceRequest req = LEASES__ADD_RESOURCE_REQUEST__INIT;
	void *resp;

	if (!*s->lease)
		return 0;
	resource.id = id;
	resource.type = type;
	req.id = s->lease;
	req.resource = &resource;
	return grpc_call(s->client, NULL, RPC_LEASES_ADD_RESOURCE, &req, &a, &resp, e);
}

/* ---- names ---- */

static int points_to(struct ctrd_store *s, const char *name, const char *digest, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Images__GetImageRequest req = IMAGES__GET_IMAGE_REQUEST__INIT;
	Images__GetImageResponse *resp;
	int found;

	req.name = name;
	found = store_found(store_call(s, RPC_IMAGES_GET, &req, &a, (void **)&resp, e), e);
	if (found <= 0)
		return found;
	return resp->image && resp->image->target && str_eq(resp->image->target->digest, digest);
}

static int create_or_move(struct ctrd_store *s, Images__Image *image, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Images__CreateImageRequest create = IMAGES__CREATE_IMAGE_REQUEST__INIT;
	Images__UpdateImageRequest update = IMAGES__UPDATE_IMAGE_REQUEST__INIT;
	void *resp;

	create.image = image;
	if (store_call(s, RPC_IMAGES_CREATE, &create, &a, &resp, e) == 0)
		return 0;
	if (e->kind != ERR_ALREADY_EXISTS)
		return -1;
	err_clear(e);
	update.image = image;
	return store_call(s, RPC_IMAGES_UPDATE, &update, &a, &resp, e);
}

static int tag(struct image_store *base, const char *name, const struct oci_descriptor *target,
               struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct ctrd_store *s = ctrd_store(base);
	Images__Image image = IMAGES__IMAGE__INIT;
	int same = points_to(s, name, target->digest, e);

	if (same != 0)
		return same;
	image.name = name;
	image.target = store_descriptor(&a, target);
	return create_or_move(s, &image, e) < 0 ? err_wrap(e, "name image %s", name) : 0;
}

/* ---- leases: "lighter-RUN-NUMBER", RUN being this process ---- */

static pthread_once_t run_once = PTHREAD_ONCE_INIT;
static char run_prefix[sizeof(LEASE_PREFIX) + 2 * RUN_BYTES + 1];
static atomic_uint lease_number;

static void name_run(void)
{
	char random[2 * RUN_BYTES + 1];

	id_random_hex(random, RUN_BYTES);
	snprintf(run_prefix, sizeof(run_prefix), LEASE_PREFIX "%s-", random);
}

static void name_lease(struct ctrd_store *s)
{
	pthread_once(&run_once, name_run);
	snprintf(s->lease, sizeof(s->lease), "%s%u", run_prefix,
	         atomic_fetch_add(&lease_number, 1));
}

static bool is_stale(const char *id)
{
	return str_starts(id, LEASE_PREFIX) && !str_starts(id, run_prefix);
}

void image_store_drop_stale(struct image_store *base)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct ctrd_store *s = ctrd_store(base);
	Leases__ListRequest list = LEASES__LIST_REQUEST__INIT;
	Leases__DeleteRequest drop = LEASES__DELETE_REQUEST__INIT;
	Leases__ListResponse *resp;
	struct err ignored; /* they end by themselves */

	if (grpc_call(s->client, NULL, RPC_LEASES_LIST, &list, &a, (void **)&resp, &ignored) < 0)
		return;
	for (size_t i = 0; i < resp->n_leases; i++) {
		drop.id = resp->leases[i]->id;
		if (drop.id && is_stale(drop.id))
			store_tidy(s, RPC_LEASES_DELETE, &drop);
	}
}

static int take_lease(struct ctrd_store *s, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Leases__CreateRequest req = LEASES__CREATE_REQUEST__INIT;
	struct json_map labels = { 0 };
	struct store_pairs pairs;
	char until[CLOCK_TEXT_SIZE];
	void *resp;

	name_lease(s);
	json_map_set(&a, &labels, LEASE_LABEL, clock_format(until, clock_now_ns() + LEASE_LASTS));
	pairs = store_pairs(&a, &labels);
	req.id = s->lease;
	req.n_labels = pairs.n;
	req.labels = pairs.v;
	return grpc_call(s->client, NULL, RPC_LEASES_CREATE, &req, &a, &resp, e);
}

static const struct image_store_ops ops = {
	.has = blobs_has,
	.read = blobs_read,
	.stream = blobs_stream,
	.begin = blobs_begin,
	.add = blobs_add,
	.commit = blobs_commit,
	.end = blobs_end,
	.label = blobs_label,
	.has_snapshot = snapshots_has,
	.unpack = snapshots_unpack,
	.tag = tag,
};

struct image_store *image_store_open(struct grpc_client *c, const char *snapshotter,
                                     enum image_store_use use, struct err *e)
{
	struct ctrd_store *s = xalloc(sizeof(*s));

	s->base.ops = &ops;
	s->base.snapshotter = snapshotter;
	s->client = c;
	if (use == IMAGE_STORE_READ || take_lease(s, e) == 0)
		return &s->base;
	free(s);
	return NULL;
}

void image_store_give_up(struct image_store *s)
{
	ctrd_store(s)->give_up = true;
}

void image_store_close(struct image_store *base)
{
	Leases__DeleteRequest req = LEASES__DELETE_REQUEST__INIT;
	struct ctrd_store *s;
	char id[sizeof(s->lease)];

	if (!base)
		return;
	s = ctrd_store(base);
	str_copy(id, sizeof(id), s->lease);
	*s->lease = '\0'; /* not sent along with its own end */
	req.id = id;
	pb_set(&req, sync, s->give_up);
	if (*id)
		store_tidy(s, RPC_LEASES_DELETE, &req);
	free(s);
}

void image_store_cleanup(struct image_store **s)
{
	image_store_close(*s);
}
