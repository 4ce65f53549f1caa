/*
 * What images take on disk together: layers and documents that several images have are counted
 * once. The parts of an image are its layers, packed and unpacked, its manifest and its config.
 */
#ifndef ENGINE_IMAGE_DF_H
#define ENGINE_IMAGE_DF_H

#include "base/map.h"
#include "engine/image/view.h"

struct df_images {
	struct arena *a;
	struct map parts; /* digest or chain -> struct df_part */
	size_t n;         /* images, each once however many names it has */
	struct image_view *v;
	int64_t total; /* bytes of all parts */
};

/* All images there are. */
int df_images_read(struct engine *g, struct arena *a, struct df_images *out, struct err *e)
        must_check;
void df_images_free(struct df_images *d);
#define _cleanup_df_images_ cleanup_with(df_images_free)

/* Bytes of the image's parts that other images have too. */
int64_t df_images_shared(const struct df_images *d, const struct image_view *v);

#endif
