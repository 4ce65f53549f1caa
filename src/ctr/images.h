/* An image's documents, read from the content store. See image_content.c. */
#ifndef CTR_IMAGES_H
#define CTR_IMAGES_H

#include "ctr/ctr.h"
#include "oci/image.h"
#include "proto/images.pb-c.h"

struct ctr_image {
	const char *name;
	const Images__Image *found;
	struct strs platforms;        /* "linux/amd64", sorted, each once */
	struct oci_manifest manifest; /* of this machine's platform */
	struct oci_image config;
	int64_t size; /* of the documents and layers of this machine's platform */
};

int ctr_image_get(struct ctr *c, const char *name, Images__Image **out, struct err *e) must_check;
int ctr_image_read(struct ctr *c, const Images__Image *found, struct ctr_image *out, struct err *e)
        must_check;
/* The name of the snapshot with all layers: the chain ID of the OCI image specification. */
const char *ctr_chain_id(struct ctr *c, const struct strs *diff_ids);

#endif
