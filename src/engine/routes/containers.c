/* GET /containers/json: which containers, and a row for each. */
#include <stdlib.h>
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "engine/routes/api.h"
#include "engine/routes/container.h"
#include "engine/container/container.h"
#include "engine/ctrd/ctrd.h"
#include "engine/filters.h"
#include "engine/container/health.h"
#include "engine/container/mounts.h"

/* ---- words for people ---- */

/* "3 minutes", as Docker's clients show durations. */
static const char *duration_words(struct arena *a, int64_t ns)
{
	static const struct {
		int64_t below, unit; /* seconds */
		const char *words;
	} steps[] = {
		{ 2 * 3600, 60, "minutes" },
		{ 48 * 3600, 3600, "hours" },
		{ 14 * 86400, 86400, "days" },
		{ 60 * 86400, 7 * 86400, "weeks" },
		{ 730 * 86400LL, 30 * 86400, "months" },
	};
	int64_t s = ns / NS_PER_S;

	if (s < 1)
		return "Less than a second";
	if (s == 1)
		return "1 second";
	if (s < 60)
		return arena_printf(a, "%lld seconds", (long long)s);
	if (s < 120)
		return "About a minute";
	if (s >= 3600 && s < 2 * 3600)
		return "About an hour";
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (s < steps[i].below)
			return arena_printf(a, "%lld %s", (long long)(s / steps[i].unit),
			                    steps[i].words);
	return arena_printf(a, "%lld years", (long long)(s / (365 * 86400LL)));
}

static const char *since(struct arena *a, int64_t ns)
{
	return duration_words(a, MAX(clock_now_ns() - ns, 0));
}

/* " (healthy)" */
static const char *health_words(struct arena *a, enum health_status s)
{
	return s == HEALTH_NONE ? ""
	                        : arena_printf(a, s == HEALTH_STARTING ? " (health: %s)" : " (%s)",
	                                       health_status_name(s));
}

const char *api_status_words(struct arena *a, const struct container_state *s)
{
	if (s->removing)
		return "Removal In Progress";
	switch (s->status) {
	case CONTAINER_RUNNING:
		return arena_printf(a, "Up %s%s", since(a, s->started_at),
		                    health_words(a, s->health));
	case CONTAINER_PAUSED:
		return arena_printf(a, "Up %s (Paused)", since(a, s->started_at));
	case CONTAINER_RESTARTING:
		return arena_printf(a, "Restarting (%d) %s ago", s->exit_code,
		                    since(a, s->finished_at));
	case CONTAINER_EXITED:
		return arena_printf(a, "Exited (%d) %s ago", s->exit_code,
		                    since(a, s->finished_at));
	case CONTAINER_DEAD:
		return "Dead";
	default:
		return "Created";
	}
}

const char *api_status_name(const struct container_state *s)
{
	return s->removing ? "removing" : container_status_name(s->status);
}

/* ---- a row ---- */

static const char *command_of(struct arena *a, const struct container_record *r)
{
	_cleanup_buf_ struct buf b = { 0 };

	buf_adds(&b, r->path ? r->path : "");
	for (size_t i = 0; i < r->args.n; i++) {
		bool quote = strpbrk(r->args.v[i], " \t\n'\"") != NULL;

		buf_printf(&b, quote ? " '%s'" : " %s", r->args.v[i]);
	}
	return arena_strdup(a, buf_cstr(&b));
}

static void add_port(struct arena *a, struct api_summary *out, const char *key,
                     const struct api_port_binding *b)
{
	size_t n = strcspn(key, "/");
	struct api_port p = { .type = key[n] ? key + n + 1 : "tcp" };

	if (!str_i64(arena_strndup(a, key, n), &p.private_port))
		return;
	if (b) {
		p.ip = b->host_ip;
		if (!str_i64(b->host_port ? b->host_port : "", &p.public_port))
			p.public_port = 0;
	}
	arena_push(a, &out->ports, p);
}

static void add_ports(struct arena *a, const struct container_net *net, struct api_summary *out)
{
	for (size_t i = 0; net && i < net->r.ports.n; i++) {
		size_t n = net->r.ports.v[i].n;

		if (n == 0)
			add_port(a, out, net->r.ports.v[i].key, NULL);
		for (size_t k = 0; k < n; k++)
			add_port(a, out, net->r.ports.v[i].key, &net->r.ports.v[i].v[k]);
	}
}

struct api_summary api_summary_of(struct arena *a, const struct container_view *v)
{
	const struct container_record *r = &v->desc->r;
	struct api_summary_host *host = arena_new(a, struct api_summary_host);
	struct api_summary_networks *nets = arena_new(a, struct api_summary_networks);
	struct mount_rows rows;
	struct api_summary out = { .id = r->id,
		                   .image = r->image,
		                   .image_id = r->image_id,
		                   .command = command_of(a, r),
		                   .created = r->created / NS_PER_S,
		                   .labels = r->config->labels,
		                   .state = api_status_name(&v->state),
		                   .status = api_status_words(a, &v->state),
		                   .host_config = host,
		                   .network_settings = nets };

	host->network_mode = r->host->network_mode;
	host->annotations = r->host->annotations;
	rows = mounts_rows(a, r);
	memcpy(&out.mounts, &rows, sizeof(out.mounts));
	arena_push(a, &out.names, (const char *)arena_printf(a, "/%s", r->name));
	api_networks_of(a, v, nets);
	add_ports(a, v->net, &out);
	return out;
}

/* ---- which ---- */

/* A container that before= or since= names: its age is the bound. */
static int age_bound(struct api_call *c, const struct filters *f, const char *name, int64_t absent,
                     int64_t *out, struct err *e)
{
	struct strs s = filters_get(f, name);
	_cleanup_container_ struct container *other = NULL;

	*out = absent;
	if (s.n == 0)
		return 0;
	other = containers_find(c->engine->containers, s.v[0], e);
	if (!other)
		return -1;
	*out = other->created;
	return 0;
}

struct selection {
	struct filters filters;
	bool all;
	int64_t before, after; /* bounds of creation */
	int64_t limit;
};

static bool matches_exit(const struct filters *f, const struct container_state *s)
{
	char code[12];

	if (!filters_has(f, "exited"))
		return true;
	snprintf(code, sizeof(code), "%d", s->exit_code);
	return s->status == CONTAINER_EXITED && filters_equal(f, "exited", code);
}

static bool matches_health(const struct filters *f, enum health_status s)
{
	return filters_equal(f, "health", s == HEALTH_NONE ? "none" : health_status_name(s));
}

static bool matches_network(const struct filters *f, const struct container_view *v)
{
	if (!filters_has(f, "network"))
		return true;
	if (filters_equal(f, "network", v->desc->r.host->network_mode))
		return true;
	for (size_t i = 0; v->net && i < v->net->r.networks.n; i++)
		if (filters_equal(f, "network", v->net->r.networks.v[i].key) ||
		    filters_prefix(f, "network", v->net->r.networks.v[i].value->network_id))
			return true;
	return false;
}

static bool matches_volume(const struct filters *f, const struct container_record *r)
{
	if (!filters_has(f, "volume"))
		return true;
	for (size_t i = 0; i < r->mounts.n; i++)
		if (filters_equal(f, "volume", r->mounts.v[i].name) ||
		    filters_equal(f, "volume", r->mounts.v[i].destination))
			return true;
	return false;
}

/* expose=80, publish=8080/tcp, by number and protocol of either side. */
static bool matches_ports(const struct filters *f, const char *name, const struct api_summary *s,
                          bool public_only)
{
	struct strs want = filters_get(f, name);

	for (size_t i = 0; i < want.n; i++) {
		size_t n = strcspn(want.v[i], "/");
		const char *proto = want.v[i][n] ? want.v[i] + n + 1 : "tcp";

		for (size_t k = 0; k < s->ports.n; k++) {
			const struct api_port *p = &s->ports.v[k];
			int64_t port = strtol(want.v[i], NULL, 10);

			if (str_eq(p->type, proto) &&
			    ((!public_only && p->private_port == port) || p->public_port == port))
				return true;
		}
	}
	return want.n == 0;
}

/* With the slash that names have in the API, and without. */
static bool matches_name(const struct filters *f, const char *name)
{
	char slashed[LIMIT_NAME_BYTES + 2];

	snprintf(slashed, sizeof(slashed), "/%s", name);
	return filters_match(f, "name", name) || filters_match(f, "name", slashed);
}

static bool matches(const struct selection *sel, const struct container_view *v)
{
	const struct filters *f = &sel->filters;
	const struct container_record *r = &v->desc->r;
	bool any_status =
	        sel->all || sel->limit > 0 || filters_has(f, "status") || filters_has(f, "exited");

	if (!any_status && !container_is_running(&v->state) &&
	    v->state.status != CONTAINER_RESTARTING)
		return false;
	if (r->created >= sel->before || r->created <= sel->after)
		return false;
	return filters_equal(f, "status", api_status_name(&v->state)) &&
	       filters_prefix(f, "id", r->id) && matches_name(f, r->name) &&
	       filters_labels(f, "label", &r->config->labels) && matches_exit(f, &v->state) &&
	       matches_health(f, v->state.health) && matches_network(f, v) && matches_volume(f, r);
}

static bool is_status(const char *s)
{
	enum container_status known;

	return str_eq(s, "removing") || container_status_parse(s, &known);
}

static bool is_exit_code(const char *s)
{
	int64_t n;

	return str_i64(s, &n);
}

static bool is_boolean(const char *s)
{
	return str_eq(s, "0") || str_eq(s, "1") || str_ieq(s, "true") || str_ieq(s, "false");
}

/* "80", "80-90", "80/udp" */
static bool is_port(const char *s)
{
	size_t n = strspn(s, "0123456789-");

	return n > 0 && s[0] != '-' && (!s[n] || s[n] == '/');
}

/* Filters whose values are words or numbers of a known kind. */
static int check_values(const struct filters *f, struct err *e)
{
	static const struct {
		const char *name;
		bool (*fits)(const char *value);
	} kinds[] = {
		{ "status", is_status },
		{ "exited", is_exit_code },
		{ "health", health_status_known },
		{ "is-task", is_boolean },
		{ "publish", is_port },
		{ "expose", is_port },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct strs given = filters_get(f, kinds[i].name);

		for (size_t k = 0; k < given.n; k++)
			if (!kinds[i].fits(given.v[k]))
				return err_set(e, ERR_INVALID, "invalid filter '%s=%s'",
				               kinds[i].name, given.v[k]);
	}
	return 0;
}

static int read_selection(struct api_call *c, struct selection *sel, struct err *e)
{
	static const char *const allowed[] = { "ancestor", "before",  "expose", "exited", "health",
		                               "id",       "is-task", "label",  "name",   "network",
		                               "publish",  "since",   "status", "volume", NULL };
	sel->all = api_query_flag(c, "all");
	if (api_query_int(c, "limit", 0, &sel->limit, e) < 0 ||
	    filters_parse(c->arena, api_query(c, "filters"), allowed, &sel->filters, e) < 0 ||
	    age_bound(c, &sel->filters, "before", INT64_MAX, &sel->before, e) < 0 ||
	    age_bound(c, &sel->filters, "since", INT64_MIN, &sel->after, e) < 0)
		return -1;
	return check_values(&sel->filters, e);
}

/* ancestor=IMAGE by the words the client used, by name and by id. */
static bool matches_ancestor(const struct filters *f, const struct container_record *r)
{
	struct strs s = filters_get(f, "ancestor");

	for (size_t i = 0; i < s.n; i++) {
		const char *want = s.v[i], *hex = str_after(r->image_id, "sha256:");
		size_t n = strlen(want);

		if (str_eq(want, r->image) || str_eq(want, r->image_id) ||
		    str_eq(want, r->image_name) || (n >= 4 && hex && str_starts(hex, want)))
			return true;
		if (str_starts(r->image, want) && str_eq(r->image + n, ":latest"))
			return true;
		if (str_starts(want, r->image) && str_eq(want + strlen(r->image), ":latest"))
			return true;
	}
	return s.n == 0;
}

void api_summary_sizes(struct engine *g, const struct container_record *r, struct api_summary *row)
{
	struct err e = { 0 };

	if (ctrd_snapshot_sizes(g, r->snapshotter, r->id, &row->size_rw, &row->size_root_fs, &e) <
	    0)
		log_warn_of(&e, "size of container %s", r->id);
}

int api_containers_list(struct api_call *c, struct err *e)
{
	_cleanup_list_ struct container_list l = { 0 };
	struct container_view *views;
	struct selection sel;
	struct {
		size_t n;
		struct api_summary *v;
	} out = { 0 };

	if (read_selection(c, &sel, e) < 0)
		return -1;
	l = containers_list(c->engine->containers, c->arena);
	views = arena_array(c->arena, struct container_view, l.n);
	for (size_t i = 0; i < l.n; i++) {
		struct api_summary row;

		container_view(l.v[i], &views[i]);
		if (!matches(&sel, &views[i]) || !matches_ancestor(&sel.filters, &views[i].desc->r))
			continue;
		row = api_summary_of(c->arena, &views[i]);
		if (matches_ports(&sel.filters, "expose", &row, false) &&
		    matches_ports(&sel.filters, "publish", &row, true) &&
		    (sel.limit <= 0 || (int64_t)out.n < sel.limit)) {
			if (api_query_flag(c, "size"))
				api_summary_sizes(c->engine, &views[i].desc->r, &row);
			arena_push(c->arena, &out, row);
		}
	}
	api_answer_list(c, &api_summary_type, out.v, out.n);
	for (size_t i = 0; i < l.n; i++)
		container_view_release(&views[i]);
	return 0;
}
