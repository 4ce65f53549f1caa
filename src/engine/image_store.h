/*
 * containerd as an image_store: content, images, snapshots and diff services over gRPC.
 *
 * An opened store holds a lease, so that nothing it writes or finds is collected before the image
 * has its name; closing it gives the lease back. Any number may be open; each may be used from
 * several threads.
 */
#ifndef ENGINE_IMAGE_STORE_H
#define ENGINE_IMAGE_STORE_H

#include "image/store.h"
#include "rpc/grpc_client.h"

/* `snapshotter` is borrowed. */
struct image_store *image_store_open(struct grpc_client *c, const char *snapshotter, struct err *e)
        must_check;
void image_store_close(struct image_store *s); /* NULL is fine */

#endif
