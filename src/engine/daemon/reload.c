/*
 * See reload.h. Everything is read and checked into a new struct options first; then the part that
 * may change replaces the old one in one step. Old ones stay, because a request may still read them.
 */
#include "engine/daemon/reload.h"

#include <stdlib.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/notify.h"
#include "engine/events.h"
#include "engine/daemon/runtimes.h"

struct configuration {
	struct arena arena;
	struct options options;
};

/* ---- the event ---- */

static const char *json_list(struct arena *a, const struct strs *s)
{
	_cleanup_buf_ struct buf b = { 0 };

	buf_addc(&b, '[');
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			buf_addc(&b, ',');
		json_quote(&b, slice_of(s->v[i]));
	}
	buf_addc(&b, ']');
	return arena_strdup(a, b.data);
}

static const char *runtime_names(struct arena *a, const struct runtimes *r)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < r->n; i++)
		buf_printf(&b, i ? " %s:%s" : "%s:%s", r->v[i].name, r->v[i].path);
	return arena_strdup(a, buf_cstr(&b));
}

static const char *number(struct arena *a, int64_t n)
{
	return arena_printf(a, "%lld", (long long)n);
}

static void publish(struct engine *g, const struct live_options *o)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct json_map m = { 0 };
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1) < 0)
		log_debug("the machine has no name");
	json_map_set(&a, &m, "name", host);
	json_map_set(&a, &m, "debug", o->debug ? "true" : "false");
	json_map_set(&a, &m, "labels", json_list(&a, &o->labels));
	json_map_set(&a, &m, "live-restore",
	             o->live_restore.set && !o->live_restore.value ? "false" : "true");
	json_map_set(&a, &m, "shutdown-timeout", number(&a, o->shutdown_timeout));
	json_map_set(&a, &m, "default-runtime", o->default_runtime);
	json_map_set(&a, &m, "runtimes", runtime_names(&a, &o->runtimes));
	json_map_set(&a, &m, "default-shm-size", number(&a, o->shm_size));
	json_map_set(&a, &m, "default-ipc-mode", o->ipc_mode);
	json_map_set(&a, &m, "default-cgroupns-mode", o->cgroupns_mode ? o->cgroupns_mode : "");
	json_map_set(&a, &m, "insecure-registries", json_list(&a, &o->insecure_registries));
	json_map_set(&a, &m, "registry-mirrors", json_list(&a, &o->registry_mirrors));
	json_map_set(&a, &m, "max-concurrent-downloads", number(&a, o->max_downloads));
	json_map_set(&a, &m, "max-concurrent-uploads", number(&a, o->max_uploads));
	json_map_set(&a, &m, "max-download-attempts", number(&a, o->max_download_attempts));
	events_publish(g->events, "daemon", "reload", g->id, &m);
}

/* ---- reading ---- */

static void warn_of_fixed(struct engine *g, struct configuration *c)
{
	struct strs fixed = { 0 };

	options_changed(&c->arena, &g->opt, &c->options, &fixed);
	for (size_t i = 0; i < fixed.n; i++)
		log_warn("configuration: \"%s\" has changed; it counts from the next start",
		         fixed.v[i]);
}

static int read_again(struct engine *g, struct err *e)
{
	struct configuration *c = xalloc(sizeof(*c));

	if (options_load(&c->arena, g->argc, g->argv, &c->options, e) < 0 ||
	    runtimes_prepare(g, &c->options.live, e) < 0) {
		arena_free(&c->arena);
		free(c);
		return -1;
	}
	warn_of_fixed(g, c);
	atomic_store(&g->live, &c->options.live);
	engine_setup_log(g);
	return 0;
}

void engine_reload(struct engine *g)
{
	struct err e = { 0 };

	notify_reloading();
	if (read_again(g, &e) < 0) {
		log_error_of(&e, "the configuration stays as it was");
	} else {
		log_info("the configuration was read again");
		publish(g, engine_live(g));
	}
	notify_ready();
}
