/* What the files of the image store share: store.c, blobs.c, snapshots.c. */
#ifndef ENGINE_IMAGE_STORE_INTERNAL_H
#define ENGINE_IMAGE_STORE_INTERNAL_H

#include "engine/image/store.h"
#include "proto/pairs.pb-c.h"
#include "proto/types.pb-c.h"
#include "rpc/wkt.h"

/* How our leases and the snapshots that are being unpacked under them begin. */
#define LEASE_PREFIX   "lighter-"
#define EXTRACT_PREFIX "extract-" LEASE_PREFIX

struct ctrd_store {
	struct image_store base;
	struct grpc_client *client;
	char lease[64]; /* "": none */
	bool give_up;   /* collect at the end */
};

static inline struct ctrd_store *ctrd_store(struct image_store *s)
{
	return container_of(s, struct ctrd_store, base);
}

/* A call under the store's lease. */
int store_call(struct ctrd_store *s, enum rpc_method_id method, const void *req, struct arena *a,
               void **resp, struct err *e) must_check;

/* Tidies up: a containerd that was killed gets some seconds to come back; failure is ignored. */
void store_tidy(struct ctrd_store *s, enum rpc_method_id method, const void *req);

/* Keeps what was there before from being collected while the lease, if there is one, lasts. */
int store_hold(struct ctrd_store *s, const char *type, const char *id, struct err *e) must_check;

/* 1, or 0 and no error when the call failed with ERR_NOT_FOUND. */
int store_found(int r, struct err *e);

/* The labels of a request. */
struct store_pairs {
	size_t n;
	Pairs__StringPair **v;
};
struct store_pairs store_pairs(struct arena *a, const struct json_map *labels);

Types__Descriptor *store_descriptor(struct arena *a, const struct oci_descriptor *d);

/* blobs.c */
int blobs_has(struct image_store *s, const char *digest, struct err *e);
int blobs_read(struct image_store *s, const char *digest, size_t limit, struct arena *a,
               struct slice *out, struct err *e);
int blobs_stream(struct image_store *s, const char *digest,
                 int (*take)(void *user, const void *p, size_t n, struct err *e), void *user,
                 struct err *e);
int blobs_label(struct image_store *s, const char *digest, const struct json_map *labels,
                struct err *e);
struct blob_writer *blobs_begin(struct image_store *s, const struct oci_descriptor *d,
                                int64_t *offset, struct err *e);
int blobs_add(struct blob_writer *w, const void *data, size_t n, struct err *e);
int blobs_commit(struct blob_writer *w, const struct json_map *labels, struct err *e);
void blobs_end(struct blob_writer *w, bool forget);

/* snapshots.c */
int snapshots_has(struct image_store *s, const char *chain, struct err *e);
int snapshots_unpack(struct image_store *s, const struct oci_descriptor *layer, const char *parent,
                     const char *chain, const char *diff_id, struct err *e);

#endif
