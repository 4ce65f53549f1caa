/* containerd's snapshots, containers, version and events. See ctrd.h; tasks: task.c. */
#include "engine/ctrd/internal.h"
#include "proto/containers.pb-c.h"
#include "proto/event_service.pb-c.h"
#include "proto/pairs.pb-c.h"
#include "proto/runc.pb-c.h"
#include "proto/snapshots.pb-c.h"
#include "proto/task_events.pb-c.h"
#include "proto/version.pb-c.h"

#define GC_ROOT_LABEL "containerd.io/gc.root"
#define SPEC_URL      "types.containerd.io/opencontainers/runtime-spec/1/Spec"

/* ---- calls ---- */

/*
 * Go's clients put the kind behind a server's message, and so do the texts that people know.
 * A server that is not there is no such message.
 */
static int name_kind(struct err *e)
{
	const char *kind = err_kind_name(e->kind);
	size_t n = strlen(e->text);

	if (e->kind != ERR_UNAVAILABLE && !str_ends(e->text, kind) && n + 2 < sizeof(e->text))
		snprintf(e->text + n, sizeof(e->text) - n, ": %s", kind);
	return -1;
}

int ctrd_call(struct engine *g, enum rpc_method_id method, const void *req, struct arena *a,
              void **resp, struct err *e)
{
	return grpc_call(g->ctrd, NULL, method, req, a, resp, e) < 0 ? name_kind(e) : 0;
}

int ctrd_call_again(struct engine *g, enum rpc_method_id method, const void *req, struct arena *a,
                    void **resp, struct err *e)
{
	const struct grpc_opts opts = { .repeatable = true };

	return grpc_call(g->ctrd, &opts, method, req, a, resp, e) < 0 ? name_kind(e) : 0;
}

/* Gone already is what was wanted. */
static int fine_when_gone(int r, struct err *e)
{
	if (r == 0 || e->kind != ERR_NOT_FOUND)
		return r;
	err_clear(e);
	return 0;
}

/* ---- snapshots ---- */

static void add_label(struct arena *a, size_t *n, Pairs__StringPair ***v, const char *key,
                      const char *value)
{
	struct {
		size_t n;
		Pairs__StringPair **v;
	} list = { *n, *v };
	Pairs__StringPair *p = pb_new(a, pairs__string_pair, Pairs__StringPair);

	p->key = key;
	p->value = value;
	arena_push(a, &list, p);
	*n = list.n;
	*v = list.v;
}

static void take_mounts(struct arena *a, size_t n, Types__Mount **v, struct ctrd_mounts *out)
{
	*out = (struct ctrd_mounts){ 0 };
	for (size_t i = 0; i < n; i++) {
		struct ctrd_mount m = { v[i]->type,
			                v[i]->source,
			                { v[i]->n_options, v[i]->options } };

		arena_push(a, out, m);
	}
}

int ctrd_snapshot_prepare(struct engine *g, const char *snapshotter, const char *key,
                          const char *parent, struct arena *a, struct ctrd_mounts *out,
                          struct err *e)
{
	Snapshots__PrepareSnapshotRequest req = SNAPSHOTS__PREPARE_SNAPSHOT_REQUEST__INIT;
	Snapshots__PrepareSnapshotResponse *resp;

	req.snapshotter = snapshotter;
	req.key = key;
	req.parent = parent;
	add_label(a, &req.n_labels, &req.labels, GC_ROOT_LABEL, "true");
	add_label(a, &req.n_labels, &req.labels, CTRD_OUR_LABEL, key);
	if (ctrd_call(g, RPC_SNAPSHOTS_PREPARE, &req, a, (void **)&resp, e) < 0)
		return -1;
	take_mounts(a, resp->n_mounts, resp->mounts, out);
	return 0;
}

int ctrd_snapshot_mounts(struct engine *g, const char *snapshotter, const char *key,
                         struct arena *a, struct ctrd_mounts *out, struct err *e)
{
	Snapshots__MountsRequest req = SNAPSHOTS__MOUNTS_REQUEST__INIT;
	Snapshots__MountsResponse *resp;

	req.snapshotter = snapshotter;
	req.key = key;
	if (ctrd_call_again(g, RPC_SNAPSHOTS_MOUNTS, &req, a, (void **)&resp, e) < 0)
		return -1;
	take_mounts(a, resp->n_mounts, resp->mounts, out);
	return 0;
}

int ctrd_snapshot_remove(struct engine *g, const char *snapshotter, const char *key, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Snapshots__RemoveSnapshotRequest req = SNAPSHOTS__REMOVE_SNAPSHOT_REQUEST__INIT;
	void *resp;

	req.snapshotter = snapshotter;
	req.key = key;
	return fine_when_gone(ctrd_call_again(g, RPC_SNAPSHOTS_REMOVE, &req, &a, &resp, e), e);
}

static int usage_of(struct engine *g, const char *snapshotter, const char *key, struct arena *a,
                    int64_t *size, const char **parent, struct err *e)
{
	Snapshots__UsageRequest req = SNAPSHOTS__USAGE_REQUEST__INIT;
	Snapshots__StatSnapshotRequest stat = SNAPSHOTS__STAT_SNAPSHOT_REQUEST__INIT;
	Snapshots__UsageResponse *usage;
	Snapshots__StatSnapshotResponse *info;

	req.snapshotter = stat.snapshotter = snapshotter;
	req.key = stat.key = key;
	if (ctrd_call_again(g, RPC_SNAPSHOTS_USAGE, &req, a, (void **)&usage, e) < 0 ||
	    ctrd_call_again(g, RPC_SNAPSHOTS_STAT, &stat, a, (void **)&info, e) < 0)
		return -1;
	*size = usage->size;
	*parent = info->info ? info->info->parent : NULL;
	return 0;
}

int ctrd_snapshot_sizes(struct engine *g, const char *snapshotter, const char *key, int64_t *own,
                        int64_t *all, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *at = key, *parent;
	int64_t size;

	for (*all = 0; !str_empty(at); at = parent, *all += size) {
		if (usage_of(g, snapshotter, at, &a, &size, &parent, e) < 0)
			return -1;
		if (at == key)
			*own = size;
	}
	return 0;
}

int ctrd_snapshot_keys(struct grpc_client *client, const char *snapshotter, const char *filter,
                       struct arena *a, struct strs *out, struct err *e)
{
	Snapshots__ListSnapshotsRequest req = SNAPSHOTS__LIST_SNAPSHOTS_REQUEST__INIT;
	Snapshots__ListSnapshotsResponse *resp;
	struct grpc_stream *s = grpc_stream_open(client, NULL, RPC_SNAPSHOTS_LIST, e);
	int more = -1;

	*out = (struct strs){ 0 };
	if (!s)
		return -1;
	req.snapshotter = snapshotter;
	req.n_filters = 1;
	req.filters = &filter;
	if (grpc_stream_send(s, &req, e) == 0 && grpc_stream_close_send(s, e) == 0)
		while ((more = grpc_stream_recv(s, a, (void **)&resp, e)) > 0)
			for (size_t i = 0; i < resp->n_info; i++)
				arena_push(a, out, resp->info[i]->name);
	grpc_stream_free(s);
	return more;
}

/* ---- containers ---- */

Google__Any *ctrd_runtime_options(struct engine *g, struct arena *a, const char *program)
{
	Runc__Options *o = pb_new(a, runc__options, Runc__Options);

	o->binary_name = program;
	o->root = engine_exec_path(g, a, "runtime-runc");
	return wkt_any(a, o);
}

int ctrd_container_create(struct engine *g, const struct ctrd_container *c, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Containers__Container box = CONTAINERS__CONTAINER__INIT;
	Containers__Container__Runtime runtime = CONTAINERS__CONTAINER__RUNTIME__INIT;
	Containers__CreateContainerRequest req = CONTAINERS__CREATE_CONTAINER_REQUEST__INIT;
	void *resp;

	runtime.name = c->runtime;
	runtime.options = ctrd_runtime_options(g, &a, c->program);
	box.id = c->id;
	box.image = c->image;
	box.runtime = &runtime;
	box.snapshotter = c->snapshotter;
	box.snapshot_key = c->id;
	box.spec = wkt_any_raw(&a, SPEC_URL, slice_of(c->spec));
	req.container = &box;
	return ctrd_call(g, RPC_CONTAINERS_CREATE, &req, &a, &resp, e);
}

int ctrd_container_delete(struct engine *g, const char *id, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Containers__DeleteContainerRequest req = CONTAINERS__DELETE_CONTAINER_REQUEST__INIT;
	void *resp;

	req.id = id;
	return fine_when_gone(ctrd_call_again(g, RPC_CONTAINERS_DELETE, &req, &a, &resp, e), e);
}

int ctrd_container_ids(struct engine *g, struct arena *a, struct strs *out, struct err *e)
{
	Containers__ListContainersRequest req = CONTAINERS__LIST_CONTAINERS_REQUEST__INIT;
	Containers__ListContainersResponse *resp;

	*out = (struct strs){ 0 };
	if (ctrd_call_again(g, RPC_CONTAINERS_LIST, &req, a, (void **)&resp, e) < 0)
		return -1;
	for (size_t i = 0; i < resp->n_containers; i++)
		arena_push(a, out, resp->containers[i]->id);
	return 0;
}

int ctrd_container_spec(struct engine *g, const char *id, struct arena *a, struct oci_spec *out,
                        struct err *e)
{
	Containers__GetContainerRequest req = CONTAINERS__GET_CONTAINER_REQUEST__INIT;
	Containers__GetContainerResponse *resp;
	const Google__Any *spec;

	req.id = id;
	if (ctrd_call_again(g, RPC_CONTAINERS_GET, &req, a, (void **)&resp, e) < 0)
		return -1;
	spec = resp->container ? resp->container->spec : NULL;
	if (!spec)
		return err_set(e, ERR_DATA_LOSS, "container %s has no specification", id);
	return json_decode(a, &oci_spec_type,
	                   (struct slice){ (const char *)spec->value.data, spec->value.len }, out,
	                   e);
}

int ctrd_version(struct engine *g, struct arena *a, const char **version, const char **revision,
                 struct err *e)
{
	Google__Empty req = GOOGLE__EMPTY__INIT;
	Version__VersionResponse *resp;

	if (ctrd_call_again(g, RPC_VERSION_VERSION, &req, a, (void **)&resp, e) < 0)
		return -1;
	*version = resp->version ? resp->version : "";
	*revision = resp->revision ? resp->revision : "";
	return 0;
}

/* ---- events ---- */

struct grpc_stream *ctrd_events_open(struct engine *g, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *filters[] = { arena_printf(&a, "namespace==%s,topic~=|^/tasks/|",
		                               g->opt.containerd_namespace) };
	EventService__SubscribeRequest req = EVENT_SERVICE__SUBSCRIBE_REQUEST__INIT;
	struct grpc_stream *s = grpc_stream_open(g->ctrd, NULL, RPC_EVENTS_SUBSCRIBE, e);

	if (!s)
		return NULL;
	req.n_filters = ARRAY_LEN(filters);
	req.filters = filters;
	if (grpc_stream_send(s, &req, e) == 0 && grpc_stream_close_send(s, e) == 0)
		return s;
	grpc_stream_free(s);
	return NULL;
}

static int take_exit(struct arena *a, const Google__Any *any, struct ctrd_event *out, struct err *e)
{
	const Events__TaskExit *x = wkt_any_unpack(a, &events__task_exit__descriptor, any, e);

	if (!x)
		return -1;
	*out = (struct ctrd_event){ .kind = CTRD_EXIT,
		                    .container = x->container_id ? x->container_id : "",
		                    .process = x->id ? x->id : "",
		                    .exit = { (int)x->pid, (int)x->exit_status,
		                              wkt_timestamp_ns(x->exited_at) } };
	return 1;
}

static int take_oom(struct arena *a, const Google__Any *any, struct ctrd_event *out, struct err *e)
{
	const Events__TaskOOM *x = wkt_any_unpack(a, &events__task_oom__descriptor, any, e);

	if (!x)
		return -1;
	*out = (struct ctrd_event){ .kind = CTRD_OOM,
		                    .container = x->container_id ? x->container_id : "" };
	return 1;
}

int ctrd_events_next(struct grpc_stream *s, struct arena *a, struct ctrd_event *out, struct err *e)
{
	Types__Envelope *env;
	int r;

	while ((r = grpc_stream_recv(s, a, (void **)&env, e)) > 0) {
		if (!env->event)
			continue;
		if (str_eq(env->topic, "/tasks/exit"))
			return take_exit(a, env->event, out, e);
		if (str_eq(env->topic, "/tasks/oom"))
			return take_oom(a, env->event, out, e);
	}
	return r;
}
