/* See cp_unpack.h. Each entry's folder is opened with openat2, beneath the target, without links. */
#include "cli/container/cp_unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"

#define CHUNK (64 * 1024)

/* Folders get their times last: what is put into them changes those. */
struct folder_time {
	const char *name;
	int64_t mtime;
};

struct unpacker {
	struct arena a; /* names of folders */
	struct tar_source *from;
	int root;
	struct {
		size_t n;
		struct folder_time *v;
	} folders;
};

/* Where an entry goes: its folder, open, and its name there. */
struct place {
	int dir;
	const char *name; /* as in the archive, cleaned, for messages */
	const char *base;
};

static int open_beneath(int root, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		                           RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
}

/* The same, and makes what is missing on the way. */
static int make_folders(int root, const char *path)
{
	_cleanup_close_ int at = open_beneath(root, ".");
	_cleanup_arena_ struct arena a = { 0 };

	while (at >= 0 && *path) {
		size_t n = strcspn(path, "/");
		const char *name = arena_strndup(&a, path, n);
		int next;

		if (mkdirat(at, name, 0755) < 0 && errno != EEXIST)
			return -1;
		next = open_beneath(at, name);
		fd_close(&at);
		at = next;
		path += n + (path[n] == '/');
	}
	return take_fd(&at);
}

static int find_place(struct unpacker *u, struct arena *a, const char *name, struct place *out,
                      struct err *e)
{
	const char *clean = path_clean(a, name + strspn(name, "/"));
	char *dir = arena_strdup(a, clean), *slash = strrchr(dir, '/');

	if (str_eq(clean, "..") || str_starts(clean, "../"))
		return err_set(e, ERR_INVALID, "\"%s\" is outside of the target", name);
	out->name = clean;
	out->base = slash ? clean + (slash + 1 - dir) : clean;
	if (slash)
		*slash = '\0';
	out->dir = open_beneath(u->root, slash ? dir : ".");
	if (out->dir < 0 && errno == ENOENT)
		out->dir = make_folders(u->root, dir);
	return out->dir < 0 ? err_errno(e, errno, "open folder of %s", clean) : 0;
}

/* What stands there gives way, unless one is a folder and the other is not. */
static int make_room(const struct place *at, enum tar_type type, bool *keep, struct err *e)
{
	struct stat st;
	bool folder;

	*keep = false;
	if (fstatat(at->dir, at->base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "lstat %s", at->name);
	folder = S_ISDIR(st.st_mode);
	if (folder && type != TAR_FOLDER)
		return err_set(e, ERR_INVALID,
		               "cannot overwrite directory \"%s\" with non-directory \"%s\"",
		               at->name, at->name);
	if (!folder && type == TAR_FOLDER)
		return err_set(e, ERR_INVALID,
		               "cannot overwrite non-directory \"%s\" with directory \"%s\"",
		               at->name, at->name);
	*keep = folder;
	if (!folder && unlinkat(at->dir, at->base, 0) < 0)
		return err_errno(e, errno, "remove %s", at->name);
	return 0;
}

static int write_file(struct unpacker *u, const struct place *at, const struct tar_entry *t,
                      struct err *e)
{
	_cleanup_close_ int fd = openat(at->dir, at->base,
	                                O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	static char chunk[CHUNK];
	ssize_t n;

	if (fd < 0)
		return err_errno(e, errno, "open %s", at->name);
	while ((n = tar_content(u->from, chunk, sizeof(chunk), e)) > 0)
		if (fd_write_all(fd, chunk, (size_t)n, e) < 0)
			return err_wrap(e, "write %s", at->name);
	if (n < 0)
		return -1;
	return fchmod(fd, t->mode) < 0 ? err_errno(e, errno, "chmod %s", at->name) : 0;
}

static int make_hard_link(struct unpacker *u, struct arena *a, const struct place *at,
                          const struct tar_entry *t, struct err *e)
{
	struct place target;
	int r;

	if (find_place(u, a, t->link, &target, e) < 0)
		return -1;
	r = linkat(target.dir, target.base, at->dir, at->base, 0);
	fd_close(&target.dir);
	return r < 0 ? err_errno(e, errno, "link %s", at->name) : 0;
}

static int make_node(const struct place *at, const struct tar_entry *t, mode_t kind, struct err *e)
{
	if (mknodat(at->dir, at->base, kind | t->mode, makedev(t->major, t->minor)) < 0)
		return err_errno(e, errno, "mknod %s", at->name);
	return 0;
}

static int make_folder(struct unpacker *u, const struct place *at, const struct tar_entry *t,
                       bool there, struct err *e)
{
	struct folder_time time = { arena_strdup(&u->a, at->name), t->mtime };

	if (str_eq(at->name, ".")) /* the target itself stays as it is */
		return 0;
	if (!there && mkdirat(at->dir, at->base, 0700) < 0)
		return err_errno(e, errno, "mkdir %s", at->name);
	if (fchmodat(at->dir, at->base, t->mode, 0) < 0)
		return err_errno(e, errno, "chmod %s", at->name);
	arena_push(&u->a, &u->folders, time);
	return 0;
}

static int make(struct unpacker *u, struct arena *a, const struct place *at,
                const struct tar_entry *t, struct err *e)
{
	bool there;

	if (make_room(at, t->type, &there, e) < 0)
		return -1;
	switch (t->type) {
	case TAR_FOLDER:
		return make_folder(u, at, t, there, e);
	case TAR_FILE:
		return write_file(u, at, t, e);
	case TAR_HARD_LINK:
		return make_hard_link(u, a, at, t, e);
	case TAR_SYMLINK:
		return symlinkat(t->link, at->dir, at->base) < 0
		               ? err_errno(e, errno, "symlink %s", at->name)
		               : 0;
	case TAR_CHAR:
		return make_node(at, t, S_IFCHR, e);
	case TAR_BLOCK_DEVICE:
		return make_node(at, t, S_IFBLK, e);
	case TAR_FIFO:
		return make_node(at, t, S_IFIFO, e);
	}
	return err_set(e, ERR_INVALID, "unhandled tar header type %d", (int)t->type);
}

static void set_time(int dir, const char *name, int64_t mtime)
{
	struct timespec times[2] = { { mtime / NS_PER_S, mtime % NS_PER_S },
		                     { mtime / NS_PER_S, mtime % NS_PER_S } };

	/* A time is no content: where the file system knows none, the copy is whole. */
	if (utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		errno = 0;
}

static int unpack_one(struct unpacker *u, struct arena *a, const struct tar_entry *t,
                      const char *name, struct err *e)
{
	struct place at = { .dir = -1 };
	int r = find_place(u, a, name, &at, e);

	if (r == 0)
		r = make(u, a, &at, t, e);
	if (r == 0 && t->type != TAR_FOLDER && t->type != TAR_HARD_LINK)
		set_time(at.dir, at.base, t->mtime);
	fd_close(&at.dir);
	return r;
}

static int unpack_all(struct unpacker *u, const struct cp_plan *rebase, const struct cp_plan *plan,
                      struct err *e)
{
	for (;;) {
		_cleanup_arena_ struct arena a = { 0 };
		struct tar_entry t;
		int r = tar_next(u->from, &a, &t, e);

		if (r <= 0)
			return r;
		if (t.type == TAR_HARD_LINK)
			t.link = cp_rename(&a, plan, cp_rename(&a, rebase, t.link));
		if (unpack_one(u, &a, &t, cp_rename(&a, plan, cp_rename(&a, rebase, t.name)), e) <
		    0)
			return -1;
	}
}

int cp_unpack(struct tar_source *from, const struct cp_plan *rebase, const struct cp_plan *plan,
              struct err *e)
{
	struct unpacker u = { .from = from };
	int r;

	u.root = open(plan->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (u.root < 0)
		return err_errno(e, errno, "open %s", plan->dir);
	r = unpack_all(&u, rebase, plan, e);
	for (size_t i = u.folders.n; i-- > 0;)
		set_time(u.root, u.folders.v[i].name, u.folders.v[i].mtime);
	fd_close(&u.root);
	arena_free(&u.a);
	return r;
}
