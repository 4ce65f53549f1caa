/*
 * containerd as an image_store: content, images, snapshots and diff services over gRPC.
 *
 * A store that is opened to write holds a lease, so that nothing it writes or finds is collected
 * before the image has its name; closing it gives the lease back. Any number may be open; each may be
 * used from several threads.
 */
#ifndef ENGINE_IMAGE_STORE_H
#define ENGINE_IMAGE_STORE_H

#include "image/store.h"
#include "rpc/grpc_client.h"

enum image_store_use { IMAGE_STORE_READ, IMAGE_STORE_WRITE };

/* `snapshotter` is borrowed. */
struct image_store *image_store_open(struct grpc_client *c, const char *snapshotter,
                                     enum image_store_use use, struct err *e) must_check;
void image_store_close(struct image_store *s); /* NULL is fine */
/* What was written and has no name goes before image_store_close returns, not some time later. */
void image_store_give_up(struct image_store *s);
void image_store_cleanup(struct image_store **s);
#define _cleanup_store_ cleanup_with(image_store_cleanup)

/*
 * What the active snapshot `key` has over the chain that it was made on (NULL: nothing), as an
 * uncompressed layer in the store, held by its lease.
 */
int image_store_diff(struct image_store *s, const char *key, const char *parent, struct arena *a,
                     struct oci_descriptor *out, struct err *e) must_check;

/*
 * What an engine left behind that was killed while it pulled. The sweep, at start, removes its
 * half-unpacked layers. What it had fetched stays under its lease for the next try; once a pull has
 * succeeded, that has served its purpose, and the leases go.
 */
int image_store_sweep(struct grpc_client *c, const char *snapshotter, struct err *e) must_check;
void image_store_drop_stale(struct image_store *s);

#endif
