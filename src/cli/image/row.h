/* Images as rows: of `images` and of `system df -v`. An image has a row for each of its tags. */
#ifndef CLI_IMAGE_ROW_H
#define CLI_IMAGE_ROW_H

#include "api/image.h"
#include "cli/format/list.h"

extern const struct row_type image_row_type;

struct image_view {
	bool trunc;       /* ids are short */
	bool digests;     /* digests without a tag are rows of their own */
	bool each_digest; /* a row for each digest of a tag */
};

struct rows {
	size_t n;
	const void **v;
};

/* Appends the rows of one image; they point to it. */
void image_rows_add(struct arena *a, const struct image_view *view,
                    const struct api_image_summary *image, struct rows *rows);
/* One row: the first tag, no digest. */
void image_row_add_one(struct arena *a, bool trunc, const struct api_image_summary *image,
                       struct rows *rows);

#endif
