/*
 * Where images go: what the code that moves images needs of a content store, an image table and a
 * snapshotter. The engine implements it over containerd's gRPC services (engine/image/store.c).
 *
 * Functions return 0 (or what is said) or -1 with an error; all may be called from several threads
 * at once, a writer from one.
 */
#ifndef IMAGE_STORE_H
#define IMAGE_STORE_H

#include "base/arena.h"
#include "base/json.h"
#include "oci/image.h"

struct image_store;
struct blob_writer;

struct image_store_ops {
	/* 1 when the whole blob is there, 0 when not. */
	int (*has)(struct image_store *s, const char *digest, struct err *e);

	/* A small blob, whole. More than `limit` bytes is ERR_EXHAUSTED. */
	int (*read)(struct image_store *s, const char *digest, size_t limit, struct arena *a,
	            struct slice *out, struct err *e);

	/* Any blob, in pieces, until `take` fails. */
	int (*stream)(struct image_store *s, const char *digest,
	              int (*take)(void *user, const void *p, size_t n, struct err *e), void *user,
	              struct err *e);

	/*
	 * Starts to write the blob, or goes on where an earlier writer was interrupted: *offset says
	 * from where. NULL with ERR_ABORTED while somebody else writes it, with
	 * ERR_ALREADY_EXISTS when it is there meanwhile.
	 */
	struct blob_writer *(*begin)(struct image_store *s, const struct oci_descriptor *d,
	                             int64_t *offset, struct err *e);
	int (*add)(struct blob_writer *w, const void *data, size_t n, struct err *e);
	/* Checks size and digest; durable when it returns. ERR_PRECONDITION: they are wrong. */
	int (*commit)(struct blob_writer *w, const struct json_map *labels, struct err *e);
	/* Ends the writer. `forget` throws away what was written; else it can be resumed. */
	void (*end)(struct blob_writer *w, bool forget);

	/* Adds labels to a blob that is there. */
	int (*label)(struct image_store *s, const char *digest, const struct json_map *labels,
	             struct err *e);

	/* 1 when the snapshot of this chain of layers is there, 0 when not. */
	int (*has_snapshot)(struct image_store *s, const char *chain, struct err *e);
	/* Makes it: the layer on top of `parent` (a chain, or NULL). Checks the diff ID; durable. */
	int (*unpack)(struct image_store *s, const struct oci_descriptor *layer, const char *parent,
	              const char *chain, const char *diff_id, struct err *e);

	/* Creates the name, or moves it to `target`. 1 when it pointed there before. */
	int (*tag)(struct image_store *s, const char *name, const struct oci_descriptor *target,
	           struct err *e);
};

struct image_store {
	const struct image_store_ops *ops;
	const char *snapshotter; /* "overlayfs", for labels */
};

/* Labels that containerd's garbage collector and clients read. */
#define LABEL_GC_CONFIG    "containerd.io/gc.ref.content.config"
#define LABEL_GC_LAYER     "containerd.io/gc.ref.content.l."
#define LABEL_GC_MANIFEST  "containerd.io/gc.ref.content.m."
#define LABEL_GC_SNAPSHOT  "containerd.io/gc.ref.snapshot."
#define LABEL_UNCOMPRESSED "containerd.io/uncompressed"
#define LABEL_SOURCE       "containerd.io/distribution.source."

#endif
