/* Images by name and id. See find.h. */
#include "engine/image/find.h"

#include <string.h>
#include "oci/digest.h"
#include "oci/reference.h"
#include "proto/images.pb-c.h"
#include "rpc/wkt.h"

#define PREFIX_MIN 4 /* hex digits that may stand for an id */

static struct image_name take(const Images__Image *x)
{
	const Types__Descriptor *t = x->target;

	return (struct image_name){
		.name = x->name ? x->name : "",
		.target = { .media_type = t ? t->media_type : NULL,
		            .digest = t && t->digest ? t->digest : "",
		            .size = t ? t->size : 0 },
		.updated = wkt_timestamp_ns(x->updated_at),
	};
}

int image_names(struct engine *g, struct arena *a, struct image_names *out, struct err *e)
{
	Images__ListImagesRequest req = IMAGES__LIST_IMAGES_REQUEST__INIT;
	Images__ListImagesResponse *resp;

	*out = (struct image_names){ 0 };
	if (grpc_call(g->ctrd, NULL, RPC_IMAGES_LIST, &req, a, (void **)&resp, e) < 0)
		return -1;
	for (size_t i = 0; i < resp->n_images; i++) {
		struct image_name x = take(resp->images[i]);

		arena_push(a, out, x);
	}
	return 0;
}

/* 1, or 0 when there is no such name. */
static int get(struct engine *g, const char *name, struct arena *a, struct image_name *out,
               struct err *e)
{
	Images__GetImageRequest req = IMAGES__GET_IMAGE_REQUEST__INIT;
	Images__GetImageResponse *resp;

	req.name = name;
	if (grpc_call(g->ctrd, NULL, RPC_IMAGES_GET, &req, a, (void **)&resp, e) < 0) {
		if (e->kind != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		return 0;
	}
	if (!resp->image)
		return err_set(e, ERR_DATA_LOSS, "containerd describes no image %s", name);
	*out = take(resp->image);
	return 1;
}

/* The hex digits of "sha256:ab12" or "ab12", or NULL. */
static const char *id_digits(const char *ref)
{
	const char *hex = str_after(ref, DIGEST_PREFIX);
	size_t n;

	hex = hex ? hex : ref;
	n = strlen(hex);
	return n >= PREFIX_MIN && n <= DIGEST_HEX && str_is_hex(hex, n) ? hex : NULL;
}

bool image_found_by_id(const struct image_name *found, const char *ref)
{
	const char *hex = id_digits(ref);

	return hex && str_starts(found->target.digest, DIGEST_PREFIX) &&
	       str_starts(digest_hex(found->target.digest), hex);
}

static int find_by_id(struct engine *g, const char *ref, struct arena *a, struct image_name *out,
                      struct err *e)
{
	struct image_names all;
	int found = 0;

	if (image_names(g, a, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		if (!image_found_by_id(&all.v[i], ref))
			continue;
		if (found && !str_eq(out->target.digest, all.v[i].target.digest))
			return err_set(e, ERR_INVALID, "ambiguous image id prefix: %s", ref);
		if (!found)
			*out = all.v[i];
		found = 1;
	}
	return found;
}

/* "name@digest" is any name of that repository which points there. */
static int find_by_digest(struct engine *g, const struct reference *r, struct arena *a,
                          struct image_name *out, struct err *e)
{
	const char *repository = reference_name(a, r);
	struct image_names all;

	if (image_names(g, a, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		const char *rest = str_after(all.v[i].name, repository);

		if (rest && (*rest == ':' || *rest == '@') &&
		    str_eq(all.v[i].target.digest, r->digest)) {
			*out = all.v[i];
			return 1;
		}
	}
	return 0;
}

static int find_by_name(struct engine *g, struct reference *r, struct arena *a,
                        struct image_name *out, struct err *e)
{
	int found;

	reference_default_tag(r);
	found = get(g, reference_text(a, r), a, out, e);
	return found == 0 && r->digest ? find_by_digest(g, r, a, out, e) : found;
}

int image_find(struct engine *g, const char *ref, struct arena *a, struct image_name *out,
               struct err *e)
{
	struct reference r;
	bool is_name = reference_parse(a, ref, &r, e) == 0;
	int found = 0;

	if (!is_name && !id_digits(ref))
		return -1;
	err_clear(e);
	if (is_name)
		found = find_by_name(g, &r, a, out, e);
	if (found == 0 && id_digits(ref))
		found = find_by_id(g, ref, a, out, e);
	if (found == 0)
		return err_set(e, ERR_NOT_FOUND, "No such image: %s",
		               is_name ? reference_familiar(a, &r) : ref);
	return found < 0 ? -1 : 0;
}
