/*
 * Moves an image from a source into a store: documents first, then the layers, several downloads at
 * a time, unpacked in order while later ones still arrive; the name comes last. What is there
 * already is not moved again, and whatever fails leaves nothing that looks like an image.
 *
 * Threads: `parallel` that download, each with one layer; the caller's unpacks.
 */
#ifndef IMAGE_INSTALL_H
#define IMAGE_INSTALL_H

#include "image/source.h"
#include "image/store.h"
#include "oci/platform.h"

enum layer_state {
	LAYER_FOUND, /* it will be fetched */
	LAYER_WAITING,
	LAYER_DOWNLOADING, /* current, total */
	LAYER_VERIFYING,
	LAYER_DOWNLOADED,
	LAYER_EXTRACTING, /* current, total */
	LAYER_DONE,
	LAYER_EXISTS,
};

struct install_progress {
	/* From any thread, one at a time for each layer. The digest is the blob's. */
	void (*layer)(void *user, const char *digest, enum layer_state state, int64_t current,
	              int64_t total);
	/* Asked now and then while something is fetched: is it not wanted any more? */
	bool (*canceled)(void *user);
	void *user;
};

struct install {
	struct image_store *store;
	struct image_source *source;
	const struct oci_platform *platform;     /* which manifest of an index */
	const struct install_progress *progress; /* or NULL */
	unsigned parallel;                       /* downloads at a time; 0: 3 */
};

/* Everything `target` (an index or a manifest) needs on this platform. Does not name it. */
int install_image(const struct install *in, const struct oci_descriptor *target, struct err *e)
        must_check;

/*
 * One document of a source or, when it is there, of the store: checked against its descriptor.
 * When it came from the source the caller stores it, after what it refers to.
 */
int install_document(const struct install *in, const struct oci_descriptor *d, struct arena *a,
                     struct slice *out, struct err *e) must_check;

/* Writes a document that is not there yet and labels it. */
int install_put(const struct install *in, const struct oci_descriptor *d, struct slice text,
                struct json_map *labels, struct arena *a, struct err *e) must_check;

#endif
