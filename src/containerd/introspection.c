/*
 * containerd.services.introspection.v1.Introspection: what is built in, under the names that the
 * original's plugins have, because clients look for those.
 */
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "base/str.h"
#include "containerd/filter.h"
#include "containerd/request.h"
#include "containerd/services.h"
#include "proto/introspection.pb-c.h"
#include "rpc/wkt.h"

static const struct plugin {
	const char *type, *id;
	bool has_platform;
} plugins[] = {
	{ "io.containerd.content.v1", "content", false },
	{ "io.containerd.snapshotter.v1", "overlayfs", true },
	{ "io.containerd.metadata.v1", "sqlite", false },
	{ "io.containerd.differ.v1", "walking", true },
	{ "io.containerd.event.v1", "exchange", false },
	{ "io.containerd.gc.v1", "scheduler", false },
	{ "io.containerd.runtime.v2", "task", true },
	{ "io.containerd.service.v1", "introspection-service", false },
	{ "io.containerd.service.v1", "containers-service", false },
	{ "io.containerd.service.v1", "content-service", false },
	{ "io.containerd.service.v1", "diff-service", false },
	{ "io.containerd.service.v1", "images-service", false },
	{ "io.containerd.service.v1", "leases-service", false },
	{ "io.containerd.service.v1", "namespaces-service", false },
	{ "io.containerd.service.v1", "snapshots-service", false },
	{ "io.containerd.service.v1", "tasks-service", false },
	{ "io.containerd.grpc.v1", "introspection", false },
	{ "io.containerd.grpc.v1", "containers", false },
	{ "io.containerd.grpc.v1", "content", false },
	{ "io.containerd.grpc.v1", "diff", false },
	{ "io.containerd.grpc.v1", "events", false },
	{ "io.containerd.grpc.v1", "healthcheck", false },
	{ "io.containerd.grpc.v1", "images", false },
	{ "io.containerd.grpc.v1", "leases", false },
	{ "io.containerd.grpc.v1", "namespaces", false },
	{ "io.containerd.grpc.v1", "snapshots", false },
	{ "io.containerd.grpc.v1", "tasks", false },
	{ "io.containerd.grpc.v1", "version", false },
};

static const char *plugin_field(const void *object, const struct strs *path)
{
	const struct plugin *p = object;

	if (str_eq(path->v[0], "type"))
		return p->type;
	return str_eq(path->v[0], "id") ? p->id : NULL;
}

/* Go's name of our architecture. */
static const char *architecture(struct arena *a)
{
	static const struct {
		const char *kernel, *go;
	} names[] = { { "x86_64", "amd64" },
		      { "aarch64", "arm64" },
		      { "armv7l", "arm" },
		      { "i686", "386" } };
	struct utsname u;

	uname(&u);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(u.machine, names[i].kernel))
			return names[i].go;
	return arena_strdup(a, u.machine);
}

static Introspection__Plugin *plugin_message(struct arena *a, const struct plugin *p)
{
	Introspection__Plugin *m = pb_new(a, introspection__plugin, Introspection__Plugin);
	Types__Platform *platform;

	m->type = p->type;
	m->id = p->id;
	if (!p->has_platform)
		return m;
	platform = pb_new(a, types__platform, Types__Platform);
	platform->os = "linux";
	platform->architecture = architecture(a);
	m->platforms = arena_new(a, Types__Platform *);
	m->platforms[0] = platform;
	m->n_platforms = 1;
	return m;
}

static int introspection_plugins(struct rpc_call *call, const void *reqp, void *respp,
                                 struct err *e)
{
	const Introspection__PluginsRequest *req = reqp;
	Introspection__PluginsResponse *resp = respp;
	_cleanup_filter_ struct filter *f = NULL;
	struct arena *a = rpc_call_arena(call);

	if (filter_parse(req->n_filters, req->filters, &f, e) < 0)
		return -1;
	resp->plugins = arena_array(a, Introspection__Plugin *, ARRAY_LEN(plugins));
	for (size_t i = 0; i < ARRAY_LEN(plugins); i++)
		if (filter_match(f, plugin_field, &plugins[i]))
			resp->plugins[resp->n_plugins++] = plugin_message(a, &plugins[i]);
	return 0;
}

static int introspection_server(struct rpc_call *call, unused_arg const void *req, void *respp,
                                unused_arg struct err *e)
{
	Introspection__ServerResponse *resp = respp;
	struct stat st;

	resp->uuid = request_daemon(call)->uuid;
	pb_set(resp, pid, (uint64_t)getpid());
	if (stat("/proc/self/ns/pid", &st) == 0)
		pb_set(resp, pidns, st.st_ino);
	return 0;
}

static int introspection_plugin_info(struct rpc_call *call, const void *reqp, void *respp,
                                     struct err *e)
{
	const Introspection__PluginInfoRequest *req = reqp;
	Introspection__PluginInfoResponse *resp = respp;

	for (size_t i = 0; i < ARRAY_LEN(plugins) && !resp->plugin; i++)
		if (str_eq(req->type, plugins[i].type) && str_eq(req->id, plugins[i].id))
			resp->plugin = plugin_message(rpc_call_arena(call), &plugins[i]);
	if (!resp->plugin)
		return err_set(e, ERR_NOT_FOUND, "plugin %s.%s: not found", field_text(req->type),
		               field_text(req->id));
	return 0;
}

SERVICE_ROUTES(introspection, { RPC_INTROSPECTION_PLUGINS, introspection_plugins },
               { RPC_INTROSPECTION_SERVER, introspection_server },
               { RPC_INTROSPECTION_PLUGIN_INFO, introspection_plugin_info })
