/*
 * The volumes of a container that is being made. New ones are made aside, filled from the image and
 * stored in the container's own transaction, so that both are there or neither. See volume.h.
 */
#include "engine/volume/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/log.h"

/* ---- taking ---- */

static int by_name(const void *x, const void *y)
{
	return strcmp(((const struct claimed *)x)->name, ((const struct claimed *)y)->name);
}

struct claimed *volume_claimed(const struct volume_claim *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (str_eq(c->v[i].name, name))
			return &c->v[i];
	return NULL;
}

static void collect(struct volume_claim *c)
{
	for (size_t i = 0; i < c->r->mounts.n; i++) {
		struct container_mount *m = &c->r->mounts.v[i];
		char id[ID_SIZE];

		if (!str_eq(m->type, "volume"))
			continue;
		if (str_empty(m->name)) {
			id_new(id);
			m->name = arena_strdup(c->a, id);
		}
		m->driver = VOLUME_DRIVER;
		m->source = volume_data(c->a, volume_folder(c->g, c->a, m->name));
		if (!volume_claimed(c, m->name))
			arena_push(c->a, c, ((struct claimed){ .name = m->name, .first = m }));
	}
	if (c->n > 1)
		qsort(c->v, c->n, sizeof(c->v[0]), by_name);
}

static void hold(struct volume_claim *c, struct claimed *x, int by)
{
	pthread_mutex_lock(&c->g->volumes->lock);
	x->v->held += (unsigned)by;
	pthread_mutex_unlock(&c->g->volumes->lock);
}

static int take(struct volume_claim *c, struct claimed *x, struct err *e)
{
	const struct container_mount *m = x->first;
	struct volume_record r = { .name = x->name,
		                   .driver = VOLUME_DRIVER,
		                   .created = c->r->created,
		                   .labels = m->labels,
		                   .options = m->driver_opts };

	if (m->anonymous)
		json_map_set(c->a, &r.labels, API_VOLUME_ANONYMOUS, "");
	if (volume_options_check(&r.options, e) < 0)
		return err_wrap(e, "create %s", x->name);
	x->v = volume_begin_or_add(c->g->volumes, &r, &x->added);
	hold(c, x, 1);
	if (!x->added)
		volume_end(c->g->volumes, x->v);
	else if (volume_make_folder(c->a, volume_new_folder(c->g, c->a, x->name), e) < 0)
		return err_wrap(e, "create %s", x->name);
	return 0;
}

struct volume_claim *volumes_claim(struct engine *g, struct arena *a, struct container_record *r,
                                   struct err *e)
{
	struct volume_claim *c = arena_new(a, struct volume_claim);

	*c = (struct volume_claim){ .g = g, .a = a, .r = r };
	collect(c);
	for (size_t i = 0; i < c->n; i++) {
		if (take(c, &c->v[i], e) == 0)
			continue;
		volumes_unclaim(c);
		return NULL;
	}
	return c;
}

/* ---- the end of it ---- */

void volumes_rows(struct volume_claim *c, struct store_change *change)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct claimed *x = &c->v[i];
		struct store_row row = { .kind = VOLUME_ROWS, .id = x->name };

		if (!x->added)
			continue;
		row.json = slice_of(volume_row(c->a, &x->v->r));
		arena_push(c->a, &change->rows, row);
	}
}

void volumes_settle(struct volume_claim *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct claimed *x = &c->v[i];

		hold(c, x, -1);
		if (!x->added)
			continue;
		if (rename(volume_new_folder(c->g, c->a, x->name),
		           volume_folder(c->g, c->a, x->name)) < 0)
			log_error("volume %s: %s", x->name, strerror(errno));
		volume_event(c->g, &x->v->r, "create", NULL);
		volume_made(c->g->volumes, x->v);
		volume_end(c->g->volumes, x->v);
	}
}

void volumes_unclaim(struct volume_claim *c)
{
	struct err e = { 0 };

	for (size_t i = 0; c && i < c->n; i++) {
		struct claimed *x = &c->v[i];

		if (!x->v)
			continue;
		hold(c, x, -1);
		if (!x->added)
			continue;
		if (volume_remove_folder(c->a, volume_new_folder(c->g, c->a, x->name), &e) < 0)
			log_warn_of(&e, "volume %s", x->name);
		volume_drop(c->g->volumes, x->v);
	}
}

/* ---- a container goes ---- */

void volumes_remove_anonymous(struct engine *g, const struct container_record *r)
{
	for (size_t i = 0; i < r->mounts.n; i++) {
		const struct container_mount *m = &r->mounts.v[i];
		struct err e = { 0 };

		if (!m->anonymous || volume_remove(g, m->name, r->id, &e) == 0)
			continue;
		if (e.kind != ERR_NOT_FOUND && e.kind != ERR_PRECONDITION)
			log_warn_of(&e, "container %s: its volume %s", r->id, m->name);
	}
}
