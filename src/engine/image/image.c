/* Images for the rest of the engine: to make containers on, to count, to preload. See image.h. */
#include "engine/image/image.h"

#include <fcntl.h>
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "engine/image/find.h"
#include "image/archive.h"
#include "image/install.h"

/* ---- getting one ---- */

static int no_document(struct image_source *s unused_arg, const struct oci_descriptor *d,
                       struct arena *a unused_arg, struct slice *out unused_arg, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "content %s is not there: pull the image again",
	               d->digest);
}

static int no_blob(struct image_source *s unused_arg, const struct oci_descriptor *d,
                   int64_t offset unused_arg, struct blob_stream *out unused_arg, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "content %s is not there: pull the image again",
	               d->digest);
}

/* Nothing comes from outside: an image that is there already is unpacked from it. */
static const struct image_source_ops nowhere_ops = { .document = no_document, .open = no_blob };

static int unpack(struct engine *g, const struct oci_descriptor *target,
                  const struct oci_platform *platform, struct err *e)
{
	struct image_source nowhere = { .ops = &nowhere_ops };
	_cleanup_store_ struct image_store *s =
	        image_store_open(g->ctrd, g->opt.storage_driver, IMAGE_STORE_WRITE, e);
	struct install in = { .store = s, .source = &nowhere, .platform = platform };

	return s ? install_image(&in, target, e) : -1;
}

static int get(struct engine *g, const struct image_name *name, const struct oci_platform *platform,
               struct arena *a, struct image *out, struct err *e)
{
	_cleanup_store_ struct image_store *s =
	        image_store_open(g->ctrd, g->opt.storage_driver, IMAGE_STORE_READ, e);
	struct image_content content;
	int there;

	if (!s || image_content(g, s, &name->target, platform, a, &content, e) < 0)
		return -1;
	*out = (struct image){ .id = name->target.digest,
		               .name = name->name,
		               .config = content.config };
	if (content.manifest.layers.n == 0) {
		out->snapshot = "";
		return 0;
	}
	out->snapshot = content.chains[content.manifest.layers.n - 1];
	there = s->ops->has_snapshot(s, out->snapshot, e);
	if (there == 0)
		return unpack(g, &name->target, platform, e);
	return there < 0 ? -1 : 0;
}

int image_get(struct engine *g, const char *ref, const char *platform, struct arena *a,
              struct image *out, struct err *e)
{
	struct oci_platform want;
	struct image_name name;

	platform_host(&want);
	if (!str_empty(platform) && platform_parse(a, platform, &want, e) < 0)
		return -1;
	if (image_find(g, ref, a, &name, e) < 0)
		return -1;
	return get(g, &name, &want, a, out, e);
}

/* Names that share a target are one image. */
int image_count(struct engine *g, int64_t *out, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct image_names all;

	*out = 0;
	if (image_names(g, &a, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		size_t j = 0;

		while (!str_eq(all.v[j].target.digest, all.v[i].target.digest))
			j++;
		*out += j == i;
	}
	return 0;
}

/* ---- preloading ---- */

struct preload {
	struct engine *g;
	struct arena arena;
	const char *folder;
	struct image_names there;
	struct image_store *store; /* opened when there is something to load */
};

static bool is_there(const struct preload *p, const char *name)
{
	for (size_t i = 0; i < p->there.n; i++)
		if (str_eq(p->there.v[i].name, name))
			return true;
	return false;
}

static int load(struct preload *p, struct image_archive *ar, const struct archived_image *image,
                struct err *e)
{
	struct oci_platform host;
	struct install in = { .source = image_archive_source(ar), .platform = &host };

	if (!p->store)
		p->store = image_store_open(p->g->ctrd, p->g->opt.storage_driver, IMAGE_STORE_WRITE,
		                            e);
	if (!p->store)
		return -1;
	platform_host(&host);
	in.store = p->store;
	if (install_image(&in, &image->target, e) < 0 ||
	    p->store->ops->tag(p->store, image->name, &image->target, e) < 0)
		return err_wrap(e, "load %s", image->name);
	log_info("preloaded image %s", image->name);
	return 0;
}

static int load_archive(struct preload *p, const char *path, struct err *e)
{
	struct image_archive *ar = image_archive_open(path, e);
	const struct archived_images *images;
	int r = 0;

	if (!ar)
		return -1;
	images = image_archive_images(ar);
	for (size_t i = 0; i < images->n && r == 0; i++)
		if (images->v[i].name && !is_there(p, images->v[i].name))
			r = load(p, ar, &images->v[i], e);
	image_archive_free(ar);
	return r;
}

/* A bad archive does not keep the engine from starting; the log names it. */
static int preload_entry(void *arg, int dirfd, const char *name)
{
	struct preload *p = arg;
	struct err e = { 0 };

	if (image_archive_is_likely(dirfd, name) &&
	    load_archive(p, path_join(&p->arena, p->folder, name), &e) < 0)
		log_error_of(&e, "preload %s", name);
	return 0;
}

int image_preload(struct engine *g, struct err *e)
{
	struct preload p = { .g = g, .folder = g->opt.preload };
	int r = 0;

	if (image_store_sweep(g->ctrd, g->opt.storage_driver, e) < 0)
		return -1;
	if (!p.folder)
		p.folder = proc_beside(&p.arena, "../share/lighter/images");
	if (path_exists(p.folder)) {
		r = image_names(g, &p.arena, &p.there, e);
		if (r == 0)
			r = dir_each(AT_FDCWD, p.folder, preload_entry, &p, e);
	}
	image_store_close(p.store);
	arena_free(&p.arena);
	return r < 0 ? err_wrap(e, "preload images") : 0;
}
