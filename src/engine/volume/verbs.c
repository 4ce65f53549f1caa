/* What the API asks of volumes: describe, list, make, remove. See volume.h. */
#include "engine/volume/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/dir_size.h"
#include "engine/events.h"

/* ---- telling ---- */

char *volume_row(struct arena *a, const struct volume_record *r)
{
	return json_text(a, &volume_record_type, r);
}

void volume_event(struct engine *g, const struct volume_record *r, const char *action,
                  const struct json_map *more)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct json_map attributes = { 0 };

	json_map_set(&a, &attributes, "driver", r->driver);
	for (size_t i = 0; more && i < more->n; i++)
		json_map_set(&a, &attributes, more->v[i].key, more->v[i].value);
	events_publish(g->events, "volume", action, r->name, &attributes);
}

static const char *seconds_text(struct arena *a, int64_t ns)
{
	char text[CLOCK_TEXT_SIZE];

	return arena_strdup(a, clock_format(text, ns - ns % NS_PER_S));
}

/* What lives in the arena alone: the object may be gone a moment later. */
static struct api_volume describe(struct engine *g, struct arena *a, const struct volume_record *r)
{
	const struct volume_record *copy = json_copy(a, &volume_record_type, r);

	return (struct api_volume){
		.created_at = seconds_text(a, copy->created),
		.driver = copy->driver,
		.labels = copy->labels,
		.mountpoint = volume_data(a, volume_folder(g, a, copy->name)),
		.name = copy->name,
		.options = copy->options,
		.scope = "local",
	};
}

static int not_found(const char *name, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "get %.255s: no such volume", name);
}

int volume_inspect(struct engine *g, const char *name, struct arena *a, struct api_volume *out,
                   struct err *e)
{
	struct volume *v;

	pthread_mutex_lock(&g->volumes->lock);
	v = map_get(&g->volumes->by_name, name);
	if (v && v->making)
		v = NULL;
	if (v)
		*out = describe(g, a, &v->r);
	pthread_mutex_unlock(&g->volumes->lock);
	return v ? 0 : not_found(name, e);
}

static int by_name(const void *x, const void *y)
{
	return strcmp(((const struct api_volume *)x)->name, ((const struct api_volume *)y)->name);
}

struct volume_list volumes_list(struct engine *g, struct arena *a)
{
	struct volume_list l = { 0 };
	const char *name;
	void *value;

	pthread_mutex_lock(&g->volumes->lock);
	for (size_t i = 0; map_next(&g->volumes->by_name, &i, &name, &value);) {
		const struct volume *v = value;

		if (!v->making)
			arena_push(a, &l, describe(g, a, &v->r));
	}
	pthread_mutex_unlock(&g->volumes->lock);
	if (l.n > 1)
		qsort(l.v, l.n, sizeof(l.v[0]), by_name);
	return l;
}

struct volume_uses volume_uses(struct engine *g, struct arena *a)
{
	_cleanup_list_ struct container_list l = containers_list(g->containers, a);
	struct volume_uses out = { 0 };

	for (size_t i = 0; i < l.n; i++) {
		_cleanup_view_ struct container_view v = { 0 };

		container_view(l.v[i], &v);
		for (size_t k = 0; k < v.desc->r.mounts.n; k++) {
			const struct container_mount *m = &v.desc->r.mounts.v[k];
			struct volume_use use = { arena_strdup(a, m->name),
				                  arena_strdup(a, l.v[i]->id) };

			if (str_eq(m->type, "volume"))
				arena_push(a, &out, use);
		}
	}
	return out;
}

size_t volume_uses_count(const struct volume_uses *u, const char *volume)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++)
		n += str_eq(u->v[i].volume, volume);
	return n;
}

int64_t volume_size(struct engine *g, const char *name)
{
	_cleanup_arena_ struct arena a = { 0 };

	return dir_size(volume_data(&a, volume_folder(g, &a, name)));
}

/* ---- making ---- */

static int store_row_of(struct engine *g, struct arena *a, const struct volume_record *r,
                        bool remove, struct err *e)
{
	struct store_change change = { 0 };
	struct store_row row = { .kind = VOLUME_ROWS, .id = r->name };

	if (!remove)
		row.json = slice_of(volume_row(a, r));
	arena_push(a, &change.rows, row);
	return store_change(g->store, &change, e);
}

static int make(struct engine *g, struct arena *a, struct volume *v, struct err *e)
{
	struct err ignored = { 0 };

	if (store_row_of(g, a, &v->r, false, e) < 0)
		return -1;
	if (volume_make_folder(a, volume_folder(g, a, v->r.name), e) == 0)
		return 0;
	if (store_row_of(g, a, &v->r, true, &ignored) < 0)
		log_warn_of(&ignored, "volume %s", v->r.name);
	return err_wrap(e, "create %s", v->r.name);
}

static int check(const struct api_volume_create *body, const char *name, struct err *e)
{
	if (body->cluster.len > 0 && !slice_eq(body->cluster, "null"))
		return err_set(e, ERR_UNAVAILABLE,
		               "create %.64s: cluster volumes need a swarm, and this node is not a "
		               "swarm manager",
		               name);
	if (volume_driver_check(body->driver, name, e) < 0 || volume_name_check(name, e) < 0)
		return -1;
	return volume_options_check(&body->driver_opts, e) < 0 ? err_wrap(e, "create %s", name) : 0;
}

int volume_create(struct engine *g, const struct api_volume_create *body, struct arena *a,
                  struct api_volume *out, struct err *e)
{
	struct volume_record r = { .name = body->name,
		                   .driver = VOLUME_DRIVER,
		                   .created = clock_now_ns(),
		                   .labels = body->labels,
		                   .options = body->driver_opts };
	char id[ID_SIZE];
	struct volume *v;
	bool added;

	id_new(id);
	if (str_empty(r.name)) {
		r.name = id;
		json_map_set(a, &r.labels, API_VOLUME_ANONYMOUS, "");
	}
	if (check(body, r.name, e) < 0)
		return -1;
	v = volume_begin_or_add(g->volumes, &r, &added);
	if (added && make(g, a, v, e) < 0) {
		volume_drop(g->volumes, v);
		return -1;
	}
	*out = describe(g, a, &v->r);
	volume_made(g->volumes, v);
	volume_end(g->volumes, v);
	if (added)
		volume_event(g, &r, "create", NULL);
	return 0;
}

/* ---- removing ---- */

/* For the changer: nobody refers to it, and no container that is being made will. */
static int check_unused(struct engine *g, struct arena *a, struct volume *v, const char *except,
                        struct err *e)
{
	_cleanup_buf_ struct buf users = { 0 };
	struct volume_uses uses;
	bool held;

	pthread_mutex_lock(&g->volumes->lock);
	held = v->held > 0;
	pthread_mutex_unlock(&g->volumes->lock);
	uses = volume_uses(g, a); /* after `held`: one that was made meanwhile is seen here */
	for (size_t i = 0; i < uses.n; i++)
		if (str_eq(uses.v[i].volume, v->r.name) && !str_eq(uses.v[i].container, except))
			buf_printf(&users, "%s%s", users.len ? ", " : "", uses.v[i].container);
	if (users.len == 0 && !held)
		return 0;
	return err_set(e, ERR_PRECONDITION, "remove %.255s: volume is in use - [%s]", v->r.name,
	               buf_cstr(&users));
}

static int sync_folder(const char *path, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_errno(e, errno, "open %s", path) : file_fsync_dir(fd, e);
}

/* Out of the way, then out of the books; *gone is what is left to remove. */
static int take_away(struct engine *g, struct arena *a, const struct volume *v, const char **gone,
                     struct err *e)
{
	const char *folder = volume_folder(g, a, v->r.name);
	char unique[17];

	id_random_hex(unique, 8);
	*gone = engine_data_path(g, a, "volumes/.gone.%s.%s", unique, v->r.name);
	if (volume_is_mount(&v->r))
		volume_unmount_data(volume_data(a, folder));
	if (rename(folder, *gone) < 0 && errno != ENOENT)
		return err_errno(e, errno, "remove %s", v->r.name);
	if (sync_folder(volumes_folder(g, a), e) == 0 && store_row_of(g, a, &v->r, true, e) == 0)
		return 0;
	if (rename(*gone, folder) < 0)
		log_warn("volume %s lies in %s until the next start", v->r.name, *gone);
	return err_wrap(e, "remove %s", v->r.name);
}

int volume_remove(struct engine *g, const char *name, const char *except, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct volume *v = volume_begin(g->volumes, name);
	struct err ignored = { 0 };
	const char *gone;

	if (!v)
		return not_found(name, e);
	if (check_unused(g, &a, v, except, e) < 0 || take_away(g, &a, v, &gone, e) < 0) {
		volume_end(g->volumes, v);
		return -1;
	}
	volume_event(g, &v->r, "destroy", NULL);
	volume_drop(g->volumes, v);
	if (volume_remove_folder(&a, gone, &ignored) < 0)
		log_warn_of(&ignored, "what was volume %s stays until the next start", name);
	return 0;
}
