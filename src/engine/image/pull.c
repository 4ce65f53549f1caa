/* Pulling an image. See pull.h. */
#include "engine/image/pull.h"

#include "engine/image/names.h"
#include "engine/image/layer_progress.h"

struct pull {
	struct engine *g;
	const struct reference *ref;
	struct progress *progress;
	struct arena arena;
	struct registry *registry;
	struct oci_platform platform;
	struct image_progress layers;
	struct install_progress install;
};

/*
 * What the registry's refusals mean to a user. To clients the first two are "not found"; that the
 * registry is away or does not let us in is no trouble of ours, so no 503 and no 403.
 */
static int explain(struct pull *p, struct err *e)
{
	const char *said = arena_strdup(&p->arena, e->text);

	if (str_starts(said, "denied"))
		return err_set(
		        e, ERR_NOT_FOUND,
		        "pull access denied for %s, repository does not exist or may require "
		        "'docker login': %s",
		        reference_familiar_name(&p->arena, p->ref), said);
	if (e->kind == ERR_NOT_FOUND)
		return err_set(e, ERR_NOT_FOUND, "manifest for %s not found: %s",
		               reference_familiar(&p->arena, p->ref), said);
	if (e->kind == ERR_UNAVAILABLE || e->kind == ERR_PERMISSION)
		return err_kind_set(e, ERR_UNKNOWN);
	return -1;
}

static int resolve(struct pull *p, struct oci_descriptor *target, struct err *e)
{
	const char *what = p->ref->digest ? p->ref->digest : p->ref->tag;
	struct oci_document doc;
	struct slice text;

	if (registry_manifest(p->registry, what, &p->arena, target, &text, e) < 0)
		return explain(p, e);
	if (oci_document_decode(&p->arena, target->media_type, text, &doc, e) < 0)
		return err_wrap(e, "manifest of %s", reference_familiar(&p->arena, p->ref));
	target->media_type = doc.media_type;
	progress_say(p->progress, what, "Pulling from %s", p->ref->path);
	return 0;
}

static void tell_end(struct pull *p, const struct oci_descriptor *target, bool same)
{
	const char *name = reference_familiar(&p->arena, p->ref);

	progress_say(p->progress, NULL, "Digest: %s", target->digest);
	progress_say(p->progress, NULL, "Status: %s for %s",
	             same ? "Image is up to date" : "Downloaded newer image", name);
	image_event(p->g, "pull", name, reference_familiar_name(&p->arena, p->ref));
}

/* A full disk gets back at once what the pull took. */
static int install(struct image_store *s, const struct install *in,
                   const struct oci_descriptor *target, struct err *e)
{
	if (install_image(in, target, e) == 0)
		return 0;
	if (e->kind == ERR_EXHAUSTED)
		image_store_give_up(s);
	return -1;
}

static int run(struct pull *p, const struct registry_auth *auth, struct err *e)
{
	_cleanup_store_ struct image_store *s = NULL;
	struct install in = { .platform = &p->platform, .progress = &p->install };
	struct oci_descriptor target;
	int same;

	p->registry = image_registry_open(p->g, p->ref, auth, false, p->progress, e);
	if (!p->registry || resolve(p, &target, e) < 0)
		return -1;
	s = image_store_open(p->g->ctrd, p->g->opt.storage_driver, IMAGE_STORE_WRITE, e);
	if (!s)
		return -1;
	in.store = s;
	in.parallel = (unsigned)engine_live(p->g)->max_downloads;
	in.source = registry_source(p->registry);
	if (install(s, &in, &target, e) < 0)
		return -1;
	same = image_set_name(p->g, s, reference_text(&p->arena, p->ref), &target, e);
	if (same < 0)
		return -1;
	image_store_drop_stale(s);
	tell_end(p, &target, same);
	return 0;
}

int image_pull(struct engine *g, const struct reference *ref, const char *platform,
               const struct registry_auth *auth, struct progress *progress, struct err *e)
{
	struct pull p = { .g = g, .ref = ref, .progress = progress };
	int r = 0;

	p.install = image_progress_begin(&p.layers, progress, image_pull_states);
	platform_host(&p.platform);
	if (!str_empty(platform))
		r = platform_parse(&p.arena, platform, &p.platform, e);
	if (r == 0)
		r = run(&p, auth, e);
	registry_free(p.registry);
	arena_free(&p.arena);
	return r;
}
