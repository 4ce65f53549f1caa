/*
 * Names come and go. An image that loses its last name while it may still be wanted (a pull moved
 * the name, a container uses it) keeps a dangling one, as Docker's containerd store does; clients see
 * it as <none>.
 */
#ifndef ENGINE_IMAGE_NAMES_H
#define ENGINE_IMAGE_NAMES_H

#include "engine/image/find.h"

#define IMAGE_DANGLING "moby-dangling@"

static inline bool image_is_dangling(const char *name)
{
	return str_starts(name, IMAGE_DANGLING);
}

/* Points the name to the target: 1 when it did before. */
int image_set_name(struct engine *g, struct image_store *s, const char *name,
                   const struct oci_descriptor *target, struct err *e) must_check;

/* What a removal did: names in their familiar form, then the id if the image is gone. */
struct image_removed {
	struct strs untagged;
	const char *deleted; /* or NULL */
};

/* `ref` is what the user said. ERR_PRECONDITION says who uses the image. */
int image_remove(struct engine *g, const char *ref, bool force, struct arena *a,
                 struct image_removed *out, struct err *e) must_check;

void image_event(struct engine *g, const char *action, const char *id, const char *name);

#endif
