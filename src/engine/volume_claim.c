/*
 * The volumes of a container that is being made. New ones are made aside, filled from the image and
 * stored in the container's own transaction, so that both are there or neither. See volume.h.
 */
#include "engine/volume_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statfs.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/rootfs.h"

struct claimed {
	const char *name;
	struct container_mount *first; /* the first mount of it */
	struct volume *v;
	bool added; /* ours: we are its changer until it is settled */
};

struct volume_claim {
	struct engine *g;
	struct arena *a;
	struct container_record *r;
	size_t n;
	struct claimed *v; /* by name: everybody waits for volumes in this order */
};

/* ---- taking ---- */

static int by_name(const void *x, const void *y)
{
	return strcmp(((const struct claimed *)x)->name, ((const struct claimed *)y)->name);
}

static struct claimed *find(const struct volume_claim *c, const char *name)
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
		if (!find(c, m->name))
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

/* ---- filling ---- */

static int count_one(void *arg, unused_arg int dirfd, unused_arg const char *name)
{
	*(bool *)arg = false;
	return 1;
}

static bool is_empty(int dir)
{
	struct err ignored;
	bool empty = true;

	return dir_each(dir, ".", count_one, &empty, &ignored) >= 0 && empty;
}

static int open_dir(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_errno(e, errno, "open %s", path) : fd;
}

/* Just as an empty folder that the next start would make in its place. */
static bool is_plain(int dir)
{
	struct stat st;

	return is_empty(dir) && fstat(dir, &st) == 0 && st.st_uid == 0 && st.st_gid == 0 &&
	       (st.st_mode & 07777) == VOLUME_DATA_MODE;
}

/* Nobody has the directory in his hands: a full copy takes its place at once. */
static int fill_by_rename(struct arena *a, int from, const char *folder, struct err *e)
{
	const char *aside = arena_printf(a, "%s/_fill", folder);
	_cleanup_close_ int to = -1;

	if (tree_remove(AT_FDCWD, aside, e) < 0 || dir_make(aside, 0700, e) < 0)
		return -1;
	to = open_dir(aside, e);
	if (to < 0 || volume_copy(from, to, e) < 0)
		return -1;
	if (!is_plain(to) && syncfs(to) < 0)
		return err_errno(e, errno, "sync %s", aside);
	if (rename(aside, volume_data(a, folder)) < 0)
		return err_errno(e, errno, "rename %s", aside);
	return 0;
}

static bool is_mounted_somewhere(struct volumes *all, struct volume *v)
{
	size_t i = 0;
	const char *id;
	void *value;
	bool yes;

	pthread_mutex_lock(&all->lock);
	yes = map_next(&v->mounted, &i, &id, &value);
	pthread_mutex_unlock(&all->lock);
	return yes;
}

/* A mount of its own, or a running container, has hold of the directory: it is filled as it is. */
static int fill_in_place(struct volume_claim *c, struct volume *v, int from, const char *data,
                         struct err *e)
{
	bool mounted = is_mounted_somewhere(c->g->volumes, v),
	     ours = volume_is_mount(&v->r) && !mounted;
	_cleanup_close_ int to = -1;
	int r;

	if (ours && volume_mount_data(&v->r, data, e) < 0)
		return -1;
	to = open_dir(data, e);
	r = to < 0 ? -1 : !is_empty(to) ? 0 : volume_copy(from, to, e);
	fd_close(&to);
	if (ours)
		volume_unmount_data(data);
	return r;
}

/* A tmpfs would forget what was copied as soon as it is unmounted. */
static bool forgets(const struct volume_record *r)
{
	const char *type = json_map_get(&r->options, "type");

	return str_eq(type, "tmpfs") || str_eq(type, "ramfs");
}

static int fill_one(struct volume_claim *c, struct claimed *x, int from, struct err *e)
{
	const char *folder = x->added ? volume_new_folder(c->g, c->a, x->name)
	                              : volume_folder(c->g, c->a, x->name);
	const char *data = volume_data(c->a, folder);
	_cleanup_close_ int to = -1;

	if (forgets(&x->v->r))
		return 0;
	if (volume_is_mount(&x->v->r) || is_mounted_somewhere(c->g->volumes, x->v))
		return fill_in_place(c, x->v, from, data, e);
	to = open_dir(data, e);
	if (to < 0)
		return -1;
	return is_empty(to) ? fill_by_rename(c->a, from, folder, e) : 0;
}

static int fill_from(struct volume_claim *c, const struct container_mount *m, int rootfs,
                     struct err *e)
{
	struct claimed *x = find(c, m->name);
	_cleanup_close_ int from = open_in_root(rootfs, m->destination, O_RDONLY | O_DIRECTORY);
	int r;

	if (from < 0 && errno == ENOENT)
		return 0;
	if (from < 0 && errno == ENOTDIR)
		return err_set(e, ERR_INVALID, "source %s is not directory", m->destination);
	if (from < 0)
		return err_errno(e, errno, "copy the image's %s into volume %s", m->destination,
		                 m->name);
	if (!x->added && !volume_begin(c->g->volumes, x->name))
		return err_set(e, ERR_INTERNAL, "volume %s is gone", x->name); /* it is held */
	r = fill_one(c, x, from, e);
	if (!x->added)
		volume_end(c->g->volumes, x->v);
	return r < 0 ? err_wrap(e, "copy the image's %s into volume %s", m->destination, m->name)
	             : 0;
}

int volumes_fill(struct volume_claim *c, const struct ctrd_mounts *mounts, struct err *e)
{
	_cleanup_close_ int rootfs = -1;

	for (size_t i = 0; i < c->r->mounts.n; i++) {
		const struct container_mount *m = &c->r->mounts.v[i];

		if (!str_eq(m->type, "volume") || m->no_copy)
			continue;
		if (rootfs < 0 && (rootfs = rootfs_open(mounts, e)) < 0)
			return -1;
		if (fill_from(c, m, rootfs, e) < 0)
			return -1;
	}
	return 0;
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
