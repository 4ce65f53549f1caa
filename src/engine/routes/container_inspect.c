/* GET /containers/{id}/json. */
#include "base/file.h"
#include "engine/routes/container.h"
#include "engine/container/create.h"
#include "engine/ctrd/ctrd.h"
#include "engine/container/exec.h"
#include "engine/container/health.h"
#include "engine/container/mounts.h"
#include "engine/network/links.h"
#include "engine/network/networking.h"

struct container *api_container(struct api_call *c, struct err *e)
{
	return containers_find(c->engine->containers, api_param(c, "id"), e);
}

void api_networks_of(struct arena *a, const struct container_view *v,
                     struct api_summary_networks *out)
{
	const struct container_record *r = &v->desc->r;

	if (v->net) {
		memcpy(&out->networks, &v->net->r.networks, sizeof(out->networks));
		return;
	}
	for (size_t i = 0; r->networking && i < r->networking->endpoints.n; i++) {
		const struct api_endpoint *ep = r->networking->endpoints.v[i].value;
		__typeof__(out->networks.v[0]) entry = { r->networking->endpoints.v[i].key,
			                                 arena_memdup(a, ep, sizeof(*ep)) };

		if (v->state.started_at && networking_is_user_defined(entry.key))
			entry.value->aliases = networking_aliases(a, r->id, entry.value);
		arena_push(a, &out->networks, entry);
	}
}

static struct api_state *state_of(struct arena *a, const struct container_state *s)
{
	struct api_state *out = arena_new(a, struct api_state);

	*out = (struct api_state){
		.status = api_status_name(s),
		.running = container_is_running(s) || s->status == CONTAINER_RESTARTING,
		.paused = s->status == CONTAINER_PAUSED,
		.restarting = s->status == CONTAINER_RESTARTING,
		.oom_killed = s->oom_killed,
		.dead = s->status == CONTAINER_DEAD,
		.pid = s->pid,
		.exit_code = s->exit_code,
		.error = s->error,
		.started_at = s->started_at,
		.finished_at = s->finished_at,
	};
	return out;
}

/* Old readers look at the top of NetworkSettings for the bridge's address. */
static void repeat_bridge(struct api_network_settings *n)
{
	for (size_t i = 0; i < n->networks.n; i++) {
		const struct api_endpoint *ep = n->networks.v[i].value;

		if (!str_eq(n->networks.v[i].key, "bridge"))
			continue;
		n->endpoint_id = ep->endpoint_id;
		n->gateway = ep->gateway;
		n->ip_address = ep->ip_address;
		n->ip_prefix_len = ep->ip_prefix_len;
		n->mac_address = ep->mac_address;
	}
}

static struct api_network_settings *network_of(struct arena *a, const struct container_view *v)
{
	struct api_network_settings *out = arena_new(a, struct api_network_settings);
	struct api_summary_networks nets = { 0 };

	api_networks_of(a, v, &nets);
	memcpy(&out->networks, &nets.networks, sizeof(out->networks));
	if (v->net) {
		out->sandbox_id = v->net->r.sandbox_id;
		out->sandbox_key = v->net->r.sandbox_key;
		memcpy(&out->ports, &v->net->r.ports, sizeof(out->ports));
	}
	repeat_bridge(out);
	return out;
}

/* Links are shown by the names that the others have now. */
static struct api_host_config *host_of(struct api_call *c, const struct container_record *r)
{
	struct api_host_config *out = arena_memdup(c->arena, r->host, sizeof(*out));

	out->links = links_shown(c->engine, c->arena, r);
	return out;
}

static void fill_paths(struct api_call *c, const struct container_record *r,
                       struct api_inspect *out)
{
	struct engine *g = c->engine;

	out->resolv_conf_path = container_path(g, c->arena, r->id, "resolv.conf");
	out->hostname_path = container_path(g, c->arena, r->id, "hostname");
	out->hosts_path = container_path(g, c->arena, r->id, "hosts");
	if (str_eq(r->host->log_config->type,
	           "json-file")) /* the only one whose file is an interface */
		out->log_path = container_log_path(g, c->arena, r->id);
}

int api_container_inspect(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	_cleanup_view_ struct container_view v = { 0 };
	struct api_graph_driver driver = { 0 };
	const struct container_record *r;
	struct mount_rows rows;
	struct api_inspect out;

	if (!box)
		return -1;
	container_view(box, &v);
	r = &v.desc->r;
	driver.name = r->snapshotter;
	out = (struct api_inspect){
		.id = r->id,
		.created = r->created,
		.path = r->path,
		.args = r->args,
		.state = state_of(c->arena, &v.state),
		.image = r->image_id,
		.name = arena_printf(c->arena, "/%s", r->name),
		.restart_count = v.state.restart_count,
		.driver = r->snapshotter,
		.platform = "linux",
		.exec_ids = execs_of(c->engine->execs, c->arena, r->id),
		.host_config = host_of(c, r),
		.graph_driver = &driver,
		.config = r->config,
		.network_settings = network_of(c->arena, &v),
	};
	out.state->health = health_view(box, c->arena);
	rows = mounts_rows(c->arena, r);
	memcpy(&out.mounts, &rows, sizeof(out.mounts));
	fill_paths(c, r, &out);
	if (api_query_flag(c, "size")) {
		out.size_rw.set = out.size_root_fs.set = true;
		if (ctrd_snapshot_sizes(c->engine, r->snapshotter, r->id, &out.size_rw.value,
		                        &out.size_root_fs.value, e) < 0)
			return -1;
	}
	return api_answer(c, 200, &api_inspect_type, &out);
}
