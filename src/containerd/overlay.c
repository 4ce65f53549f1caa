/* Snapshots on disk. See overlay.h. */
#include "containerd/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "containerd/usage.h"
#include "rpc/wkt.h"

struct overlay {
	char *path; /* .../snapshots */
	int dir;
	bool index; /* the kernel knows index=: it must be off, lower layers are shared */
	_Atomic int64_t last_id;
};

#define NAME_SIZE 32

static const char *id_name(char dst[NAME_SIZE], int64_t id, const char *below)
{
	snprintf(dst, NAME_SIZE, "%lld%s", (long long)id, below);
	return dst;
}

static int see_id(void *arg, int64_t id)
{
	struct overlay *o = arg;

	if (id > o->last_id)
		o->last_id = id;
	return 0;
}

struct overlay *overlay_new(const char *root, int64_t last_id, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	char *base = path_join(&a, root, "io.containerd.snapshotter.v1.overlayfs");
	char *path = path_join(&a, base, "snapshots");
	struct overlay *o;
	int fd;

	if (dir_make(base, 0700, e) < 0 || dir_make(path, 0700, e) < 0)
		return NULL;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		err_errno(e, errno, "open %s", path);
		return NULL;
	}
	o = xalloc(sizeof(*o));
	o->dir = fd;
	o->path = strdup(path);
	o->index = path_exists("/sys/module/overlay/parameters/index");
	o->last_id = last_id;
	return overlay_each(o, see_id, o, e) < 0 ? NULL : o;
}

/* ---- directories ---- */

/* An existing directory is fine where `restore` says so. */
static int make_dir(const struct overlay *o, const char *name, mode_t mode, bool restore,
                    struct err *e)
{
	if (mkdirat(o->dir, name, mode) == 0 || (restore && errno == EEXIST))
		return 0;
	return err_errno(e, errno, "create snapshot directory %s", name);
}

/* The layer's directory belongs to whom the parent's does. */
static int copy_owner(const struct overlay *o, const char *fs, int64_t parent, struct err *e)
{
	char parent_fs[NAME_SIZE];
	struct stat st;

	if (parent == 0)
		return 0;
	if (fstatat(o->dir, id_name(parent_fs, parent, "/fs"), &st, 0) < 0)
		return err_errno(e, errno, "stat parent snapshot %s", parent_fs);
	if ((st.st_uid != 0 || st.st_gid != 0) &&
	    fchownat(o->dir, fs, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(e, errno, "change owner of snapshot %s", fs);
	return 0;
}

static int make_snapshot(const struct overlay *o, int64_t id, bool writable, int64_t parent,
                         bool restore, struct err *e)
{
	char name[NAME_SIZE], fs[NAME_SIZE], work[NAME_SIZE];
	bool has_fs = restore && faccessat(o->dir, id_name(fs, id, "/fs"), F_OK, 0) == 0;

	if (make_dir(o, id_name(name, id, ""), 0700, restore, e) < 0 ||
	    make_dir(o, id_name(fs, id, "/fs"), 0755, restore, e) < 0 ||
	    (!has_fs && copy_owner(o, fs, parent, e) < 0))
		return -1;
	return writable ? make_dir(o, id_name(work, id, "/work"), 0711, restore, e) : 0;
}

int overlay_restore(const struct overlay *o, int64_t id, bool writable, int64_t parent,
                    struct err *e)
{
	return make_snapshot(o, id, writable, parent, true, e);
}

int64_t overlay_create(struct overlay *o, bool writable, int64_t parent, struct err *e)
{
	int64_t id = ++o->last_id;

	if (make_snapshot(o, id, writable, parent, false, e) == 0)
		return id;
	if (overlay_remove(o, id, NULL) < 0)
		return -1; /* what is left has no row: the next start removes it */
	return -1;
}

int overlay_remove(const struct overlay *o, int64_t id, struct err *e)
{
	char name[NAME_SIZE];

	return tree_remove(o->dir, id_name(name, id, ""), e);
}

int overlay_sync(const struct overlay *o, int64_t id, struct err *e)
{
	char name[NAME_SIZE];
	_cleanup_close_ int fd =
	        openat(o->dir, id_name(name, id, "/fs"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || syncfs(fd) < 0)
		return err_errno(e, errno, "sync snapshot %s", name);
	return 0;
}

int overlay_usage(const struct overlay *o, int64_t id, int64_t *size, int64_t *inodes,
                  struct err *e)
{
	char name[NAME_SIZE];

	return usage_of_tree(o->dir, id_name(name, id, "/fs"), size, inodes, e);
}

struct each {
	int (*fn)(void *arg, int64_t id);
	void *arg;
};

static int each_name(void *arg, unused_arg int dirfd, const char *name)
{
	struct each *each = arg;
	int64_t id;

	return str_i64(name, &id) && id > 0 ? each->fn(each->arg, id) : 0;
}

int overlay_each(const struct overlay *o, int (*fn)(void *arg, int64_t id), void *arg,
                 struct err *e)
{
	struct each each = { fn, arg };

	return dir_each(o->dir, ".", each_name, &each, e);
}

/* ---- mounts ---- */

static char *fs_path(const struct overlay *o, struct arena *a, int64_t id, const char *below)
{
	return arena_printf(a, "%s/%lld/%s", o->path, (long long)id, below);
}

static Types__Mount *mount_new(struct arena *a, const char *type, const char *source,
                               struct strs options)
{
	Types__Mount *m = pb_new(a, types__mount, Types__Mount);

	m->type = type;
	m->source = source;
	m->n_options = options.n;
	m->options = options.v;
	return m;
}

static Types__Mount *bind_mount(const struct overlay *o, struct arena *a, int64_t id, bool writable)
{
	struct strs options = { 0 };

	arena_push(a, &options, writable ? "rw" : "ro");
	arena_push(a, &options, "rbind");
	return mount_new(a, "bind", fs_path(o, a, id, "fs"), options);
}

static const char *lowerdir(const struct overlay *o, struct arena *a, const struct overlay_stack *s)
{
	_cleanup_buf_ struct buf b = { 0 };

	buf_adds(&b, "lowerdir=");
	for (size_t i = 0; i < s->parents.n; i++)
		buf_printf(&b, "%s%s/%lld/fs", i ? ":" : "", o->path, (long long)s->parents.v[i]);
	return arena_strdup(a, b.data);
}

static Types__Mount *overlay_mount(const struct overlay *o, struct arena *a,
                                   const struct overlay_stack *s)
{
	struct strs options = { 0 };

	if (o->index)
		arena_push(a, &options, "index=off");
	if (s->writable) {
		arena_push(a, &options,
		           arena_printf(a, "workdir=%s", fs_path(o, a, s->id, "work")));
		arena_push(a, &options, arena_printf(a, "upperdir=%s", fs_path(o, a, s->id, "fs")));
	}
	arena_push(a, &options, lowerdir(o, a, s));
	return mount_new(a, "overlay", "overlay", options);
}

Types__Mount **overlay_mounts(const struct overlay *o, struct arena *a,
                              const struct overlay_stack *s, size_t *n)
{
	Types__Mount **v = arena_array(a, Types__Mount *, 1);

	*n = 1;
	if (s->parents.n == 0)
		v[0] = bind_mount(o, a, s->id, s->writable);
	else if (s->parents.n == 1 && !s->writable)
		v[0] = bind_mount(o, a, s->parents.v[0], false);
	else
		v[0] = overlay_mount(o, a, s);
	return v;
}
