/* GET /info. */
#include <sys/utsname.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "engine/routes/api.h"
#include "api/inspect.h"
#include "engine/container/container.h"
#include "engine/ctrd/ctrd.h"
#include "engine/events.h"
#include "engine/image/image.h"
#include "engine/daemon/system.h"
#include "libnetwork/libnetwork.h"

static void count_containers(struct api_call *c, struct api_info *out)
{
	_cleanup_list_ struct container_list l = containers_list(c->engine->containers, c->arena);

	out->containers = (int64_t)l.n;
	for (size_t i = 0; i < l.n; i++) {
		struct container_state s;

		container_get_state(l.v[i], &s);
		if (s.status == CONTAINER_PAUSED)
			out->paused++;
		else if (s.status == CONTAINER_RUNNING)
			out->running++;
		else
			out->stopped++;
	}
}

/* A controller is there when it has a hierarchy (v1) or is listed at the root (v2). */
static bool has_controller(const char *name)
{
	char path[64];

	if (system_cgroup_v2())
		return true;
	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", name);
	return path_exists(path);
}

static void cgroups(struct api_info *out)
{
	bool memory = has_controller("memory"), cpu = has_controller("cpu"),
	     v2 = system_cgroup_v2();

	out->cgroup_driver = "cgroupfs";
	out->cgroup_version = v2 ? "2" : "1";
	out->memory_limit = out->swap_limit = memory;
	out->oom_kill_disable = memory && !v2;
	out->cpu_cfs_period = out->cpu_cfs_quota = out->cpu_shares = cpu;
	out->cpu_set = has_controller("cpuset");
	out->pids_limit = has_controller("pids");
}

static void machine(struct api_call *c, struct api_info *out)
{
	struct utsname *u = arena_new(c->arena, struct utsname);
	struct system_os os = system_os(c->arena);
	char now[CLOCK_TEXT_SIZE];

	uname(u);
	out->kernel_version = u->release;
	out->name = u->nodename;
	out->architecture = u->machine;
	out->os_type = "linux";
	out->operating_system = os.name;
	out->os_version = os.version;
	out->ncpu = system_cpus();
	out->mem_total = system_memory();
	out->system_time = arena_strdup(c->arena, clock_format(now, clock_now_ns()));
	out->ipv4_forwarding = true;
}

static void plugins(struct api_call *c, struct api_info *out)
{
	struct api_info_plugins *p = arena_new(c->arena, struct api_info_plugins);

	arena_push(c->arena, &p->volume, "local");
	arena_push(c->arena, &p->log, "json-file");
	arena_push(c->arena, &p->log, "local");
	net_controller_drivers(c->engine->net, c->arena, &p->network);
	out->plugins = p;
	out->logging_driver = c->engine->opt.log_driver;
}

static void registries(struct api_call *c, struct api_info *out)
{
	struct api_info_registry *r = arena_new(c->arena, struct api_info_registry);

	arena_push(c->arena, &r->insecure_cidrs, "127.0.0.0/8");
	r->mirrors = engine_live(c->engine)->registry_mirrors;
	for (size_t i = 0; i < engine_live(c->engine)->insecure_registries.n; i++) {
		const char *name = engine_live(c->engine)->insecure_registries.v[i];
		struct api_info_index *x = arena_new(c->arena, struct api_info_index);
		__typeof__(r->index_configs.v[0]) entry = { name, x };

		if (strchr(name, '/')) {
			arena_push(c->arena, &r->insecure_cidrs, name);
			continue;
		}
		x->name = name;
		arena_push(c->arena, &r->index_configs, entry);
	}
	out->registry = r;
	out->index_server = "https://index.docker.io/v1/";
}

/* Nobody learns the password of a proxy. */
static const char *shown_proxy(struct arena *a, const char *url)
{
	const char *at = url ? strrchr(url, '@') : NULL, *host = at ? strstr(url, "://") : NULL;

	if (!at)
		return url ? url : "";
	return arena_printf(a, "%.*sxxxxx:xxxxx%s", host ? (int)(host + 3 - url) : 0, url, at);
}

static void runtimes(struct api_call *c, struct api_info *out)
{
	const struct live_options *live = engine_live(c->engine);
	const char *version, *revision = "";
	struct err gone = { 0 };

	for (size_t i = 0; i < live->runtimes.n; i++) {
		struct api_info_runtime *r = arena_new(c->arena, struct api_info_runtime);
		__typeof__(out->runtimes.v[0]) named = { live->runtimes.v[i].name, r };

		r->path = live->runtimes.v[i].path;
		r->args = live->runtimes.v[i].args;
		arena_push(c->arena, &out->runtimes, named);
	}
	out->default_runtime = live->default_runtime;
	if (ctrd_version(c->engine, c->arena, &version, &revision, &gone) < 0)
		arena_push(c->arena, &out->warnings,
		           (const char *)arena_printf(
		                   c->arena, "WARNING: containerd does not answer: %s", gone.text));
	out->containerd_commit = arena_new(c->arena, struct api_commit);
	out->containerd_commit->id = out->containerd_commit->expected = revision;
	out->runc_commit = arena_new(c->arena, struct api_commit);
	out->runc_commit->id = system_runc_version(c->engine, c->arena);
	out->runc_commit->expected = out->runc_commit->id;
	out->init_commit = arena_new(c->arena, struct api_commit);
	out->init_binary = c->engine->opt.init_path;
}

int api_info_get(struct api_call *c, unused_arg struct err *e)
{
	struct engine *g = c->engine;
	const struct live_options *live = engine_live(g);
	struct api_info_swarm swarm = { .local_node_state = "inactive" };
	struct api_info out = { .id = g->id,
		                .driver = g->opt.storage_driver,
		                .driver_status = slice_of(
		                        "[[\"driver-type\",\"io.containerd.snapshotter.v1\"]]"),
		                .debug = live->debug,
		                .root_dir = g->opt.data_root,
		                .labels = live->labels,
		                .server_version = ENGINE_VERSION,
		                .swarm = &swarm,
		                .events_listeners = events_clients(g->events),
		                .live_restore = !live->live_restore.set || live->live_restore.value,
		                .experimental_build = g->opt.experimental,
		                .http_proxy = shown_proxy(c->arena, g->opt.http_proxy),
		                .https_proxy = shown_proxy(c->arena, g->opt.https_proxy),
		                .no_proxy = g->opt.no_proxy ? g->opt.no_proxy : "" };
	struct err gone = { 0 };

	if (image_count(g, &out.images, &gone) < 0)
		out.images = 0; /* the missing containerd is a warning below */
	arena_push(c->arena, &out.security_options, "name=seccomp,profile=builtin");
	count_containers(c, &out);
	cgroups(&out);
	machine(c, &out);
	plugins(c, &out);
	registries(c, &out);
	runtimes(c, &out);
	return api_answer(c, 200, &api_info_type, &out);
}
