/*
 * See changes.h. The format of the upper directory is overlayfs's (Documentation/filesystems/
 * overlayfs.rst): a character device 0/0 says that a name is gone, the attribute trusted.overlay.opaque
 * that nothing below a directory is seen. The container may be changing the files meanwhile: all is
 * opened by descriptor and no symlink is followed.
 */
#include "engine/container/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"

#define OPAQUE "trusted.overlay.opaque"

struct walk {
	struct arena *a;
	struct change_list *out;
	size_t nlower;
	int *lower;         /* topmost first; owned */
	const char *prefix; /* of the directory that is being read: "" or "/a/b" */
	int depth;
	struct err *e;
};

/* What Docker makes before it lets a container begin, so that there is something to mount on. */
static const char *const placeholders[] = {
	"/.dockerenv",
	"/dev",
	"/dev/console",
	"/dev/pts",
	"/dev/shm",
	"/dev/mqueue",
	"/proc",
	"/sys",
	"/etc",
	"/etc/hostname",
	"/etc/hosts",
	"/etc/mtab",
	"/etc/resolv.conf",
};

static bool is_placeholder(const char *path, const struct stat *st)
{
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(placeholders); i++)
		known |= str_eq(path, placeholders[i]);
	return known && (S_ISDIR(st->st_mode) || (S_ISREG(st->st_mode) && st->st_size == 0));
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

static bool is_opaque(int dir)
{
	char value;

	return fgetxattr(dir, OPAQUE, &value, 1) == 1 && value == 'y';
}

/* ---- the layers below ---- */

static int open_plain(int layer, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned)(flags | O_NOFOLLOW | O_CLOEXEC),
		                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };

	return (int)syscall(SYS_openat2, layer, path, &how, sizeof(how));
}

/* A directory above the path hides what deeper layers have. */
static bool layer_hides(struct arena *a, int layer, const char *path)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		_cleanup_close_ int dir =
		        open_plain(layer, arena_strndup(a, path, (size_t)(slash - path)),
		                   O_RDONLY | O_DIRECTORY);

		if (dir < 0)
			return errno != ENOENT;
		if (is_opaque(dir))
			return true;
	}
	return false;
}

/* Is there something at the path (without its first slash) below the upper directory? */
static bool find_lower(struct walk *w, const char *path, struct stat *st)
{
	for (size_t i = 0; i < w->nlower; i++) {
		_cleanup_close_ int fd = open_plain(w->lower[i], path, O_PATH);

		if (fd >= 0)
			return fstat(fd, st) == 0 && !is_whiteout(st);
		if (errno != ENOENT || layer_hides(w->a, w->lower[i], path))
			return false;
	}
	return false;
}

/* ---- the walk ---- */

static void add(struct walk *w, const char *path, enum api_change_kind kind)
{
	arena_push(w->a, w->out, ((struct api_change){ .path = path, .kind = kind }));
}

/* Times of directories and their sizes say nothing: they change with what is in them. */
static bool is_same(const struct stat *x, const struct stat *y)
{
	if (x->st_mode != y->st_mode || x->st_uid != y->st_uid || x->st_gid != y->st_gid ||
	    x->st_rdev != y->st_rdev)
		return false;
	return S_ISDIR(x->st_mode) ||
	       (x->st_size == y->st_size && x->st_mtim.tv_sec == y->st_mtim.tv_sec &&
	        x->st_mtim.tv_nsec == y->st_mtim.tv_nsec);
}

/* One of the names that a lower layer has in a directory which hides them all. */
struct hidden {
	struct walk *w;
	int upper;
	const char *path; /* of the directory */
	size_t from;      /* of w->out: this directory's */
};

static bool is_listed(const struct hidden *h, const char *path)
{
	for (size_t i = h->from; i < h->w->out->n; i++)
		if (str_eq(h->w->out->v[i].path, path))
			return true;
	return false;
}

static int check_hidden(void *arg, unused_arg int dirfd, const char *name)
{
	struct hidden *h = arg;
	const char *path = arena_printf(h->w->a, "%s/%s", h->path, name);
	struct stat st;

	if (fstatat(h->upper, name, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
	    find_lower(h->w, path + 1, &st) && !is_listed(h, path))
		add(h->w, path, API_CHANGE_DELETED);
	return 0;
}

static int add_hidden(struct walk *w, int dir, const char *path)
{
	struct hidden h = { w, dir, path, w->out->n };

	for (size_t i = 0; is_opaque(dir) && i < w->nlower; i++) {
		_cleanup_close_ int lower =
		        open_plain(w->lower[i], path + 1, O_RDONLY | O_DIRECTORY);

		if (lower >= 0 && dir_each(lower, ".", check_hidden, &h, w->e) < 0)
			return -1;
	}
	return 0;
}

static int walk_dir(struct walk *w, int dir, const char *path);

/* A directory that the image has: a change is what happened to it, or to anything in it. */
static int walk_known_dir(struct walk *w, int dir, const char *path, bool same)
{
	size_t n = w->out->n;

	add(w, path, API_CHANGE_MODIFIED);
	if (add_hidden(w, dir, path) < 0 || walk_dir(w, dir, path) < 0)
		return -1;
	if (same && w->out->n == n + 1)
		w->out->n = n;
	return 0;
}

static int walk_subdir(struct walk *w, int dirfd, const char *name, const char *path,
                       const struct stat *st, const struct stat *before)
{
	_cleanup_close_ int dir =
	        openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return errno == ENOENT ? 0 : err_errno(w->e, errno, "%s", path);
	if (before && S_ISDIR(before->st_mode))
		return walk_known_dir(w, dir, path, is_same(st, before));
	if (!is_placeholder(path, st))
		add(w, path, before ? API_CHANGE_MODIFIED : API_CHANGE_ADDED);
	return walk_dir(w, dir, path);
}

static int walk_entry(void *arg, int dirfd, const char *name)
{
	struct walk *w = arg;
	const char *path = arena_printf(w->a, "%s/%s", w->prefix, name);
	struct stat st, before;
	bool known;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(w->e, errno, "%s", path);
	known = find_lower(w, path + 1, &before);
	if (is_whiteout(&st) && known)
		add(w, path, API_CHANGE_DELETED);
	if (is_whiteout(&st))
		return 0;
	if (S_ISDIR(st.st_mode))
		return walk_subdir(w, dirfd, name, path, &st, known ? &before : NULL);
	if (known ? !is_same(&st, &before) : !is_placeholder(path, &st))
		add(w, path, known ? API_CHANGE_MODIFIED : API_CHANGE_ADDED);
	return 0;
}

static int walk_dir(struct walk *w, int dir, const char *path)
{
	const char *up = w->prefix;
	int r;

	if (w->depth == LIMIT_TREE_DEPTH)
		return err_set(w->e, ERR_EXHAUSTED, "more than %d directories deep",
		               LIMIT_TREE_DEPTH);
	w->prefix = path;
	w->depth++;
	r = dir_each(dir, ".", walk_entry, w, w->e);
	w->prefix = up;
	w->depth--;
	return r;
}

static int by_path(const void *x, const void *y)
{
	return strcmp(((const struct api_change *)x)->path, ((const struct api_change *)y)->path);
}

/* ---- where the layers are ---- */

static const char *option_of(const struct ctrd_mount *m, const char *name)
{
	for (size_t i = 0; i < m->options.n; i++) {
		const char *value = str_after(m->options.v[i], name);

		if (value)
			return value;
	}
	return NULL;
}

static int open_layer(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_errno(e, errno, "open %s", path) : fd;
}

static int open_lower(struct walk *w, const char *paths)
{
	w->lower = arena_array(w->a, int, strlen(paths) / 2 + 1);
	while (*paths) {
		size_t n = strcspn(paths, ":");
		int fd = open_layer(arena_strndup(w->a, paths, n), w->e);

		if (fd < 0)
			return -1;
		w->lower[w->nlower++] = fd;
		paths += n + (paths[n] == ':');
	}
	return 0;
}

/* A container of an image without layers has one directory, and all in it is its own. */
int changes_read(const struct ctrd_mounts *rootfs, struct arena *a, struct change_list *out,
                 struct err *e)
{
	const struct ctrd_mount *m = rootfs->v;
	bool overlay = rootfs->n == 1 && str_eq(m->type, "overlay");
	const char *upper = overlay ? option_of(m, "upperdir=") : rootfs->n == 1 ? m->source : NULL;
	struct walk w = { .a = a, .out = out, .prefix = "", .e = e };
	_cleanup_close_ int dir = -1;
	int r;

	*out = (struct change_list){ 0 };
	if (!upper)
		return err_set(e, ERR_UNIMPLEMENTED, "changes are known of overlayfs only");
	r = open_lower(&w, overlay ? option_of(m, "lowerdir=") : "");
	if (r == 0 && (dir = open_layer(upper, e)) < 0)
		r = -1;
	if (r == 0)
		r = walk_dir(&w, dir, "");
	for (size_t i = 0; i < w.nlower; i++)
		fd_close(&w.lower[i]);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(out->v[0]), by_path);
	return r;
}
