/*
 * Content on disk, in the original's layout below ROOT/io.containerd.content.v1.content:
 *
 *     blobs/sha256/HEX          what is committed; its name is the digest of its bytes
 *     ingest/HEX/{data,ref}     what is being written; HEX is the SHA-256 of the reference
 *
 * A blob that is there is whole and on disk. Which namespace sees it is a row's matter (content.c).
 */
#ifndef CONTAINERD_BLOBS_H
#define CONTAINERD_BLOBS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "oci/digest.h"

struct blobs;

struct blobs *blobs_new(const char *root, struct err *e) must_check;

/* A descriptor for reading; ERR_NOT_FOUND. */
int blobs_read(struct blobs *b, const char *digest, int64_t *size, struct err *e) must_check;
bool blobs_has(struct blobs *b, const char *digest, int64_t *size);

/*
 * Between the moment a blob's file is there and the moment its row is, the blob is pinned: it looks
 * unreferenced but must not be removed. Pins count.
 */
void blobs_pin(struct blobs *b, const char *digest);
void blobs_unpin(struct blobs *b, const char *digest);

/* Removes the file unless it is pinned or still referenced: `referenced` is asked under the lock. */
int blobs_remove(struct blobs *b, const char *digest,
                 bool (*referenced)(void *arg, const char *digest), void *arg, struct err *e)
        must_check;

/* Calls fn with the digest of each blob on disk. */
int blobs_each(struct blobs *b, int (*fn)(void *arg, const char *digest), void *arg, struct err *e)
        must_check;

/* ---- ingests ---- */

struct ingest_status {
	int64_t offset, total; /* total 0: not said */
	int64_t started, updated;
};

/* A write under way. One at a time for a reference: others get ERR_UNAVAILABLE. */
struct ingest {
	struct blobs *blobs;
	char *ref;
	char name[DIGEST_HEX + 1]; /* the directory's */
	int data;
	struct digester digest;
	struct ingest_status status;
};

/* Begins, or takes up where an earlier write of this reference stopped. */
struct ingest *ingest_open(struct blobs *b, const char *ref, int64_t total, struct err *e)
        must_check;
int ingest_write(struct ingest *i, const void *p, size_t n, struct err *e) must_check;
int ingest_truncate(struct ingest *i, struct err *e) must_check; /* to nothing */
/*
 * Puts the bytes on disk and gives them their name. Pins the digest, which is what *i->digest says;
 * the caller unpins it when the row is there. The ingest's directory is gone afterwards.
 */
int ingest_commit(struct ingest *i, const char *digest, struct err *e) must_check;
void ingest_close(struct ingest *i); /* keeps the data for later, unless committed */

#define _cleanup_ingest_ cleanup_with(ingest_cleanup)
void ingest_cleanup(struct ingest **i);

int ingest_stat(struct blobs *b, const char *ref, struct ingest_status *st, struct err *e)
        must_check;
/* ERR_UNAVAILABLE while somebody writes it. Nothing there is success. */
/* A file without a name beside the ingests: it goes with its descriptor. */
int ingest_scratch(struct blobs *b, struct err *e) must_check;

int ingest_abort(struct blobs *b, const char *ref, struct err *e) must_check;
/* Removes the directories whose names (HEX) `keep` does not want. */
int ingest_clean(struct blobs *b, bool (*keep)(void *arg, const char *name), void *arg,
                 struct err *e) must_check;
void ingest_name(const char *ref, char name[DIGEST_HEX + 1]);

#endif
