/* Pulling an image. See image_pull.h. */
#include "engine/image_pull.h"

#include "base/base64.h"
#include "base/clock.h"
#include "engine/image_change.h"
#include "image/endpoints.h"
#include "image/install.h"
#include "image/registry.h"
#include "oci/digest.h"

JSON_TYPE(registry_auth, REGISTRY_AUTH)

#define USER_AGENT       "docker/" ENGINE_VERSION
#define STEP_INTERVAL_MS 100
#define SHORT_ID         12
#define WATCHED_MAX      64 /* layers whose last report is remembered */

struct pull {
	struct engine *g;
	const struct reference *ref;
	struct progress *progress;
	struct arena arena;
	struct registry *registry;
	struct oci_platform platform;
	/* When a layer's download was last reported: by digest, any collision costs a report. */
	_Atomic int64_t reported[WATCHED_MAX];
};

/* ---- progress ---- */

static const char *const states[] = {
	[LAYER_FOUND] = "Pulling fs layer",       [LAYER_WAITING] = "Waiting",
	[LAYER_DOWNLOADING] = "Downloading",      [LAYER_VERIFYING] = "Verifying Checksum",
	[LAYER_DOWNLOADED] = "Download complete", [LAYER_EXTRACTING] = "Extracting",
	[LAYER_DONE] = "Pull complete",           [LAYER_EXISTS] = "Already exists",
};

/* Ten reports a second are enough for the eye. */
static bool is_due(struct pull *p, const char *digest, int64_t current, int64_t total)
{
	_Atomic int64_t *last = &p->reported[(unsigned char)digest[DIGEST_LEN - 1] % WATCHED_MAX];
	int64_t now = clock_mono_ms();

	if (current < total && now - *last < STEP_INTERVAL_MS)
		return false;
	*last = now;
	return true;
}

static void on_layer(void *user, const char *digest, enum layer_state state, int64_t current,
                     int64_t total)
{
	struct pull *p = user;
	bool counted = state == LAYER_DOWNLOADING || state == LAYER_EXTRACTING;
	char id[SHORT_ID + 1];

	if (state == LAYER_DOWNLOADING && !is_due(p, digest, current, total))
		return;
	str_copy(id, sizeof(id), digest_hex(digest));
	progress_step(p->progress, id, states[state], current, counted ? total : 0);
}

static bool on_canceled(void *user)
{
	return progress_is_gone(((struct pull *)user)->progress);
}

/* ---- steps ---- */

static int set_auth(struct pull *p, const struct registry_auth *auth, struct fetch_setup *setup,
                    struct err *e)
{
	struct slice both;
	const char *colon;

	setup->username = auth->username;
	setup->password = auth->password;
	setup->identity_token = auth->identity_token;
	setup->registry_token = auth->registry_token;
	if (!str_empty(auth->username) || str_empty(auth->auth))
		return 0;
	if (!base64_decode(&p->arena, auth->auth, &both) || !(colon = strchr(both.data, ':')))
		return err_set(e, ERR_INVALID, "invalid registry credentials");
	setup->username = arena_strndup(&p->arena, both.data, (size_t)(colon - both.data));
	setup->password = colon + 1;
	return 0;
}

static int open_registry(struct pull *p, const struct registry_auth *auth, struct err *e)
{
	struct registry_config config = { engine_live(p->g)->registry_mirrors,
		                          engine_live(p->g)->insecure_registries };
	struct fetch_setup setup = { .user_agent = USER_AGENT,
		                     .attempts = engine_live(p->g)->max_download_attempts };

	registry_endpoints(&p->arena, p->ref, &config, &setup);
	if (set_auth(p, auth, &setup, e) < 0)
		return -1;
	p->registry = registry_open(p->ref->domain, &setup, e);
	if (!p->registry)
		return -1;
	registry_watch(p->registry, on_canceled, p);
	return 0;
}

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
	struct install_progress progress = { on_layer, on_canceled, p };
	_cleanup_store_ struct image_store *s = NULL;
	struct install in = { .platform = &p->platform, .progress = &progress };
	struct oci_descriptor target;
	int same;

	if (open_registry(p, auth, e) < 0 || resolve(p, &target, e) < 0)
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

	platform_host(&p.platform);
	if (!str_empty(platform))
		r = platform_parse(&p.arena, platform, &p.platform, e);
	if (r == 0)
		r = run(&p, auth, e);
	registry_free(p.registry);
	arena_free(&p.arena);
	return r;
}
