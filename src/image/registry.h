/*
 * A repository of a registry, reached through the `fetch` helper: an image_source.
 *
 * The helper is a child that lives from registry_open to registry_free. Any number of threads may
 * use one registry; each operation has a session of its own, which later ones use again.
 */
#ifndef IMAGE_REGISTRY_H
#define IMAGE_REGISTRY_H

#include "image/fetch.h"
#include "image/source.h"

struct registry;

/* `host` and the setup's repository name the source in labels. Copies what it needs. */
struct registry *registry_open(const char *host, const struct fetch_setup *setup, struct err *e)
        must_check;
void registry_free(struct registry *r); /* ends what is under way */

/* `canceled` is asked now and then while a document is awaited: is it not wanted any more? */
void registry_watch(struct registry *r, bool (*canceled)(void *user), void *user);

/*
 * The manifest or index that a tag or digest stands for, with its descriptor: the digest is that of
 * the bytes, and the one that was asked for, if it was one.
 */
int registry_manifest(struct registry *r, const char *reference, struct arena *a,
                      struct oci_descriptor *d, struct slice *text, struct err *e) must_check;

struct image_source *registry_source(struct registry *r);

/* ---- writing: registry_push.c ---- */

/* 1 when the registry has the blob, 0 when not. */
int registry_has(struct registry *r, const char *digest, struct err *e) must_check;

/*
 * Uploads a blob: its bytes are written to out->fd (which may break when the registry does not want
 * them), then registry_upload_end says what came of it. `from`: a repository of this registry that
 * may have it, or NULL; when it has, no bytes are taken.
 */
int registry_upload(struct registry *r, const struct oci_descriptor *d, const char *from,
                    struct blob_stream *out, struct err *e) must_check;
int registry_upload_end(struct registry *r, struct blob_stream *out, struct err *e) must_check;

/* Stores a manifest under a tag or its digest. */
int registry_put_manifest(struct registry *r, const char *reference, const char *media_type,
                          struct slice text, struct err *e) must_check;

/* Are the credentials good? ERR_PERMISSION when not. */
int registry_login(struct registry *r, struct err *e) must_check;

#endif
