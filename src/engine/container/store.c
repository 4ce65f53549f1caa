/* See store.h. */
#include "engine/container/store.h"

#include "base/log.h"

#define STORED_STATE(F)                                          \
	F(STR, status, "status", REQUIRED)                       \
	F(I64, pid, "pid", OMIT_EMPTY)                           \
	F(I64, exit_code, "exitCode", OMIT_EMPTY)                \
	F(STR, error, "error", OMIT_EMPTY)                       \
	F(TIME, started_at, "startedAt", OMIT_EMPTY)             \
	F(TIME, finished_at, "finishedAt", OMIT_EMPTY)           \
	F(I64, restart_count, "restartCount", OMIT_EMPTY)        \
	F(BOOL, oom_killed, "oomKilled", OMIT_EMPTY)             \
	F(BOOL, stopped_by_user, "stoppedByUser", OMIT_EMPTY)    \
	F(BOOL, removing, "removing", OMIT_EMPTY)                \
	F(BOOL, removing_volumes, "removingVolumes", OMIT_EMPTY) \
	F(OBJ, net, "net", OMIT_EMPTY, container_net_record)
JSON_STRUCT(stored_state, STORED_STATE)
JSON_TYPE(stored_state, STORED_STATE)

static void encode_state(struct buf *out, struct container_view *v)
{
	struct container_state *s = &v->state;
	struct stored_state doc = {
		.status = container_status_name(s->status),
		.pid = s->pid,
		.exit_code = s->exit_code,
		.error = s->error,
		.started_at = s->started_at,
		.finished_at = s->finished_at,
		.restart_count = s->restart_count,
		.oom_killed = s->oom_killed,
		.stopped_by_user = s->stopped_by_user,
		.removing = s->removing,
		.removing_volumes = s->removing_volumes,
		.net = v->net ? &v->net->r : NULL,
	};

	json_encode(out, &stored_state_type, &doc);
}

static struct slice slice_of_buf(const struct buf *b)
{
	return (struct slice){ b->data, b->len };
}

int container_save_with(struct container *c, struct store_change *change, struct err *e)
{
	_cleanup_view_ struct container_view v;
	_cleanup_buf_ struct buf record = { 0 }, state = { 0 };

	container_view(c, &v);
	json_encode(&record, &container_record_type, &v.desc->r);
	encode_state(&state, &v);
	change->container = c->id;
	change->record = slice_of_buf(&record);
	change->state = slice_of_buf(&state);
	return store_change(c->engine->store, change, e);
}

int container_save(struct container *c, struct err *e)
{
	return container_save_with(c, &(struct store_change){ 0 }, e);
}

int container_save_state(struct container *c, enum store_durability d, struct err *e)
{
	_cleanup_view_ struct container_view v;
	_cleanup_buf_ struct buf state = { 0 };

	container_view(c, &v);
	encode_state(&state, &v);
	return store_container_state(c->engine->store, c->id, slice_of_buf(&state), d, e);
}

int container_save_exit(struct container *c, int code, int64_t at, struct err *e)
{
	_cleanup_view_ struct container_view v;
	_cleanup_buf_ struct buf state = { 0 };

	container_view(c, &v);
	v.state.exit_code = code;
	v.state.finished_at = at;
	encode_state(&state, &v);
	return store_container_state(c->engine->store, c->id, slice_of_buf(&state), STORE_FAST, e);
}

/* ---- bringing them back ---- */

static int restore_state(struct container *c, const struct stored_state *doc, struct err *e)
{
	struct container_state s = {
		.pid = (int)doc->pid,
		.exit_code = (int)doc->exit_code,
		.started_at = doc->started_at,
		.finished_at = doc->finished_at,
		.restart_count = (int)doc->restart_count,
		.oom_killed = doc->oom_killed,
		.stopped_by_user = doc->stopped_by_user,
		.removing = doc->removing,
		.removing_volumes = doc->removing_volumes,
	};

	if (!container_status_parse(doc->status, &s.status))
		return err_set(e, ERR_DATA_LOSS, "unknown status \"%s\"", doc->status);
	str_copy(s.error, sizeof(s.error), doc->error ? doc->error : "");
	c->state = s; /* nobody else knows the object yet */
	c->net = doc->net ? container_net_new(doc->net) : NULL;
	return 0;
}

static int restore(struct engine *g, struct slice record, struct slice state, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_container_ struct container *c = NULL;
	struct container_record r;
	struct stored_state s;

	if (json_decode(&a, &container_record_type, record, &r, e) < 0 ||
	    json_decode(&a, &stored_state_type, state, &s, e) < 0)
		return -1;
	c = container_new(g, &r);
	if (restore_state(c, &s, e) < 0)
		return -1;
	return containers_add(g->containers, c, e);
}

static int restore_row(void *arg, const char *id, struct slice record, struct slice state)
{
	struct err e = { 0 };

	if (restore(arg, record, state, &e) < 0)
		log_error_of(&e, "container %s cannot be read from the database", id);
	return 0;
}

int containers_load(struct engine *g, struct err *e)
{
	return store_containers(g->store, restore_row, g, e);
}
