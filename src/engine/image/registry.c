/* Reaching registries. See registry.h. */
#include "engine/image/registry.h"

#include "base/base64.h"
#include "image/endpoints.h"

#define USER_AGENT "docker/" ENGINE_VERSION

int api_registry_auth(struct api_call *c, struct registry_auth *out, struct err *e)
{
	const char *header = http_header_get(&c->req->headers, "X-Registry-Auth");
	struct slice text;

	*out = (struct registry_auth){ 0 };
	if (str_empty(header))
		return 0;
	if (!base64_decode(c->arena, header, &text) ||
	    json_decode_with(c->arena, &registry_auth_type, text, JSON_FOLD, out, NULL) < 0)
		return err_set(e, ERR_INVALID, "invalid X-Registry-Auth header");
	return 0;
}

static int set_auth(struct arena *a, const struct registry_auth *auth, struct fetch_setup *setup,
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
	if (!base64_decode(a, auth->auth, &both) || !(colon = strchr(both.data, ':')))
		return err_set(e, ERR_INVALID, "invalid registry credentials");
	setup->username = arena_strndup(a, both.data, (size_t)(colon - both.data));
	setup->password = colon + 1;
	return 0;
}

static bool on_canceled(void *user)
{
	return progress_is_gone(user);
}

struct registry *image_registry_open(struct engine *g, const struct reference *ref,
                                     const struct registry_auth *auth, bool push,
                                     struct progress *watch, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct registry_config config = { .insecure = engine_live(g)->insecure_registries };
	struct fetch_setup setup = { .user_agent = USER_AGENT,
		                     .attempts = engine_live(g)->max_download_attempts,
		                     .push = push };
	struct registry *r;

	if (!push) /* mirrors are read from */
		config.mirrors = engine_live(g)->registry_mirrors;
	registry_endpoints(&a, ref, &config, &setup);
	if (set_auth(&a, auth, &setup, e) < 0)
		return NULL;
	r = registry_open(ref->domain, &setup, e);
	if (r && watch)
		registry_watch(r, on_canceled, watch);
	return r;
}
