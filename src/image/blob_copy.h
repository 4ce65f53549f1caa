/* One blob on its way from the source to the store. Part of image/install. */
#ifndef IMAGE_BLOB_COPY_H
#define IMAGE_BLOB_COPY_H

#include <stdatomic.h>
#include "image/install.h"

struct blob_copy {
	const struct install *in;
	const struct oci_descriptor *blob;
	const struct json_map *labels; /* that it gets; the source's is added */
	const atomic_bool *stop;       /* somebody else has failed: give up; or NULL */
};

/*
 * Fetches the blob unless it is there, and reports progress. What is left of an interrupted
 * download is gone on with; what turns out to be wrong is thrown away.
 */
int blob_copy(const struct blob_copy *c, struct err *e) must_check;

/* As the store's begin, but waits while somebody else writes the blob. */
struct blob_writer *blob_begin(const struct blob_copy *c, int64_t *offset, struct err *e)
        must_check;

/* Adds the label that says which registry a blob is from. */
void blob_add_source(const struct install *in, struct arena *a, struct json_map *labels);

void blob_tell(const struct install *in, const struct oci_descriptor *blob, enum layer_state state,
               int64_t current);

#endif
