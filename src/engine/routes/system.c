/* /_ping, /version, plugins, and what a node outside a swarm says. */
#include <sys/utsname.h>
#include "engine/routes/api.h"
#include "api/inspect.h"
#include "engine/ctrd/ctrd.h"
#include "engine/daemon/system.h"

int api_ping(struct api_call *c, unused_arg struct err *e)
{
	struct err gone = { 0 };

	http_reply_header(c->reply, "Builder-Version", "1");
	http_reply_header(c->reply, "Swarm", "inactive");
	http_reply_header(c->reply, "Cache-Control", "no-cache, no-store, must-revalidate");
	http_reply_header(c->reply, "Pragma", "no-cache");
	if (http_reply_body(c->reply, 200, "text/plain; charset=utf-8", slice_of("OK"), &gone) < 0)
		return 0; /* nobody to tell */
	return 0;
}

static struct api_component component(struct arena *a, const char *name, const char *version,
                                      const char *commit)
{
	struct api_component out = { .name = name, .version = version };

	json_map_set(a, &out.details, "GitCommit", commit);
	return out;
}

static void engine_details(struct arena *a, struct api_component *out, const struct utsname *u,
                           const struct options *o)
{
	json_map_set(a, &out->details, "ApiVersion", "1." API_VERSION_MAX_TEXT);
	json_map_set(a, &out->details, "Arch", system_arch());
	json_map_set(a, &out->details, "BuildTime", SYSTEM_BUILD_TIME);
	json_map_set(a, &out->details, "Experimental", o->experimental ? "true" : "false");
	json_map_set(a, &out->details, "GoVersion", "");
	json_map_set(a, &out->details, "KernelVersion", u->release);
	json_map_set(a, &out->details, "MinAPIVersion", o->min_api_version);
	json_map_set(a, &out->details, "Os", "linux");
}

int api_version_get(struct api_call *c, unused_arg struct err *e)
{
	struct api_name platform = { "Lighter" };
	struct api_version out = { .platform = &platform,
		                   .version = ENGINE_VERSION,
		                   .api_version = "1." API_VERSION_MAX_TEXT,
		                   .git_commit = SYSTEM_COMMIT,
		                   .go_version = "",
		                   .os = "linux",
		                   .arch = system_arch(),
		                   .build_time = SYSTEM_BUILD_TIME };
	const char *version, *revision;
	struct api_component engine;
	struct err gone = { 0 };
	struct utsname u;

	uname(&u);
	out.kernel_version = u.release;
	out.min_api_version = c->engine->opt.min_api_version;
	out.experimental = c->engine->opt.experimental;
	engine = component(c->arena, "Engine", ENGINE_VERSION, SYSTEM_COMMIT);
	engine_details(c->arena, &engine, &u, &c->engine->opt);
	arena_push(c->arena, &out.components, engine);
	if (ctrd_version(c->engine, c->arena, &version, &revision, &gone) == 0)
		arena_push(c->arena, &out.components,
		           component(c->arena, "containerd", version, revision));
	arena_push(c->arena, &out.components,
	           component(c->arena, "runc", system_runc_version(c->engine, c->arena), ""));
	return api_answer(c, 200, &api_version_type, &out);
}

int api_plugins_list(struct api_call *c, unused_arg struct err *e)
{
	return api_answer_list(c, &api_id_type, NULL, 0);
}

/* Whatever is asked of one plugin. */
int api_plugin(struct api_call *c, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "plugin \"%s\" not found", api_param(c, "name"));
}

int api_swarm(unused_arg struct api_call *c, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE,
	               "This node is not a swarm manager. Use \"docker swarm init\" or \"docker "
	               "swarm join\" to connect this node to swarm and try again.");
}
