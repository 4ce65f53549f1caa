/* What goes to registries: POST /images/NAME/push, POST /auth, GET /distribution/NAME/json. */
#include "engine/image/push.h"

int api_image_push(struct api_call *c, struct err *e)
{
	const char *tag = api_query(c, "tag"), *name = api_param(c, "name");
	struct registry_auth auth;
	struct reference ref;
	struct progress p;
	int r;

	if (!str_empty(tag))
		name = arena_printf(c->arena, "%s:%s", name, tag);
	if (reference_parse(c->arena, name, &ref, e) < 0)
		return -1;
	if (ref.digest)
		return err_set(e, ERR_INVALID, "cannot push a digest reference");
	if (api_registry_auth(c, &auth, e) < 0)
		return -1;
	progress_init(&p, c);
	r = image_push(c->engine, &ref, &auth, &p, e);
	return progress_end(&p, r, e);
}

/* ---- login ---- */

/* "https://index.docker.io/v1/" is what clients call the default registry. */
static const char *registry_domain(struct arena *a, const char *server)
{
	const char *host = str_after(server, "https://");

	if (!host)
		host = str_after(server, "http://");
	if (!host)
		host = server;
	host = arena_strndup(a, host, strcspn(host, "/"));
	return str_eq(host, "index.docker.io") || !*host ? REFERENCE_DEFAULT_DOMAIN : host;
}

int api_auth(struct api_call *c, struct err *e)
{
	struct api_auth_answer answer = { "Login Succeeded", "" };
	struct reference nothing = { .path = "" };
	struct registry_auth auth;
	struct registry *r;
	int ok;

	if (api_body(c, &registry_auth_type, &auth, false, e) < 0)
		return -1;
	nothing.domain = registry_domain(c->arena, auth.server ? auth.server : "");
	r = image_registry_open(c->engine, &nothing, &auth, false, NULL, e);
	if (!r)
		return -1;
	ok = registry_login(r, e);
	registry_free(r);
	if (ok < 0 && e->kind == ERR_PERMISSION)
		return err_kind_set(e, ERR_UNAUTHORIZED);
	if (ok < 0)
		return err_kind_set(e, ERR_UNKNOWN);
	return api_answer(c, 200, &api_auth_answer_type, &answer);
}

/* ---- distribution ---- */

#define DISTRIBUTION(F)                                     \
	F(OBJ, descriptor, "Descriptor", 0, oci_descriptor) \
	F(OBJS, platforms, "Platforms", 0, oci_platform)
JSON_STRUCT(distribution, DISTRIBUTION)
JSON_TYPE(distribution, DISTRIBUTION)

static void add_platform(struct api_call *c, struct distribution *out, const struct oci_platform *p)
{
	if (p)
		arena_push(c->arena, &out->platforms, *p);
}

/* An index lists its platforms; of a manifest the config knows. */
static int add_platforms(struct api_call *c, struct registry *r, const struct oci_document *doc,
                         struct distribution *out, struct err *e)
{
	struct image_source *source = registry_source(r);
	struct oci_platform *own = arena_new(c->arena, struct oci_platform);
	struct slice text;

	if (doc->kind == MEDIA_INDEX) {
		for (size_t i = 0; i < doc->index.manifests.n; i++)
			add_platform(c, out, doc->index.manifests.v[i].platform);
		return 0;
	}
	if (source->ops->document(source, doc->manifest.config, c->arena, &text, e) < 0 ||
	    json_decode(c->arena, &oci_platform_type, text, own, e) < 0)
		return -1;
	add_platform(c, out, own);
	return 0;
}

static int describe(struct api_call *c, struct registry *r, const struct reference *ref,
                    struct distribution *out, struct err *e)
{
	struct oci_document doc;
	struct slice text;

	out->descriptor = arena_new(c->arena, struct oci_descriptor);
	if (registry_manifest(r, ref->digest ? ref->digest : ref->tag, c->arena, out->descriptor,
	                      &text, e) < 0 ||
	    oci_document_decode(c->arena, out->descriptor->media_type, text, &doc, e) < 0)
		return -1;
	out->descriptor->media_type = doc.media_type;
	return add_platforms(c, r, &doc, out, e);
}

int api_distribution(struct api_call *c, struct err *e)
{
	struct distribution answer = { 0 };
	struct registry_auth auth;
	struct reference ref;
	struct registry *r;
	int ok;

	if (reference_parse(c->arena, api_param(c, "name"), &ref, e) < 0 ||
	    api_registry_auth(c, &auth, e) < 0)
		return -1;
	reference_default_tag(&ref);
	r = image_registry_open(c->engine, &ref, &auth, false, NULL, e);
	if (!r)
		return -1;
	ok = describe(c, r, &ref, &answer, e);
	registry_free(r);
	if (ok < 0)
		return e->kind == ERR_UNAVAILABLE ? err_kind_set(e, ERR_UNKNOWN) : -1;
	return api_answer(c, 200, &distribution_type, &answer);
}
