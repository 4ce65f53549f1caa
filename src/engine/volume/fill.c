/*
 * Copy-up: an empty volume that a container gets is filled with what its image has at that place. A
 * full copy takes the place of the empty folder at once, so that a kill leaves it empty or full;
 * only where somebody has the folder in his hands already it is filled as it lies.
 */
#include "engine/volume/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "engine/container/rootfs.h"

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
	struct claimed *x = volume_claimed(c, m->name);
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
