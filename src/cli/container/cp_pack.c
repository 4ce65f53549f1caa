/* See cp_pack.h. The tree is walked by descriptor; a name is looked up once, by its folder. */
#include "cli/container/cp_pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"

#define CHUNK (64 * 1024)

/* A file with several names, and the first of them. */
struct seen {
	dev_t dev;
	ino_t ino;
	const char *name;
};

struct packer {
	const struct tar_sink *to;
	struct arena a; /* names of files with several */
	struct {
		size_t n;
		struct seen *v;
	} seen;
	int depth;
};

static int pack(struct packer *p, int dir, const char *entry, const char *name, struct err *e);

static const char *seen_before(struct packer *p, const struct stat *st, const char *name)
{
	struct seen fresh = { st->st_dev, st->st_ino, NULL };

	for (size_t i = 0; i < p->seen.n; i++)
		if (p->seen.v[i].dev == st->st_dev && p->seen.v[i].ino == st->st_ino)
			return p->seen.v[i].name;
	fresh.name = arena_strdup(&p->a, name);
	arena_push(&p->a, &p->seen, fresh);
	return NULL;
}

static int describe(const struct stat *st, struct tar_entry *t)
{
	static const struct {
		mode_t mode;
		enum tar_type type;
	} types[] = { { S_IFREG, TAR_FILE },         { S_IFDIR, TAR_FOLDER },
		      { S_IFLNK, TAR_SYMLINK },      { S_IFCHR, TAR_CHAR },
		      { S_IFBLK, TAR_BLOCK_DEVICE }, { S_IFIFO, TAR_FIFO } };

	t->mode = st->st_mode & 07777;
	t->uid = st->st_uid;
	t->gid = st->st_gid;
	t->mtime = (int64_t)st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec;
	t->major = major(st->st_rdev);
	t->minor = minor(st->st_rdev);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if ((st->st_mode & S_IFMT) != types[i].mode)
			continue;
		t->type = types[i].type;
		return 0;
	}
	return -1;
}

/* A file that shrinks while it is read is filled up: its size was announced. */
static int put_content(struct packer *p, int fd, int64_t size, struct err *e)
{
	static char chunk[CHUNK];

	for (int64_t left = size; left > 0;) {
		ssize_t n = read(fd, chunk, (size_t)MIN(left, (int64_t)sizeof(chunk)));

		if (n < 0)
			return err_errno(e, errno, "read");
		if (n == 0)
			return err_set(e, ERR_ABORTED, "file became shorter while it was read");
		if (p->to->write(p->to->arg, chunk, (size_t)n, e) < 0)
			return -1;
		left -= n;
	}
	return tar_put_padding(p->to, size, e);
}

static int pack_file(struct packer *p, int dir, const char *entry, struct tar_entry *t,
                     const struct stat *st, struct err *e)
{
	_cleanup_close_ int fd = -1;
	char capability[64];
	ssize_t n;

	t->link = st->st_nlink > 1 ? seen_before(p, st, t->name) : NULL;
	if (t->link) {
		t->type = TAR_HARD_LINK;
		return tar_put(p->to, t, e);
	}
	fd = openat(dir, entry, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return err_errno(e, errno, "open %s", t->name);
	t->size = st->st_size;
	n = fgetxattr(fd, "security.capability", capability, sizeof(capability));
	if (n > 0)
		t->capability = (struct slice){ capability, (size_t)n };
	return tar_put(p->to, t, e) < 0 || put_content(p, fd, t->size, e) < 0 ? -1 : 0;
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static int list_folder(int fd, struct arena *a, struct strs *out, struct err *e)
{
	DIR *d = fdopendir(dup(fd));

	if (!d)
		return err_errno(e, errno, "read folder");
	for (struct dirent *entry; (entry = readdir(d));)
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			arena_push(a, out, (const char *)arena_strdup(a, entry->d_name));
	closedir(d);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_text);
	return 0;
}

static int pack_folder(struct packer *p, int dir, const char *entry, const struct tar_entry *t,
                       struct err *e)
{
	_cleanup_close_ int fd =
	        openat(dir, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_arena_ struct arena a = { 0 };
	struct strs names = { 0 };

	if (fd < 0)
		return err_errno(e, errno, "open %s", t->name);
	if (++p->depth > LIMIT_TREE_DEPTH)
		return err_set(e, ERR_EXHAUSTED, "%s: folders are nested too deep", t->name);
	if (tar_put(p->to, t, e) < 0 || list_folder(fd, &a, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		const char *name =
		        arena_printf(&a, "%s/%s", str_eq(t->name, "/") ? "" : t->name, names.v[i]);

		if (pack(p, fd, names.v[i], name, e) < 0)
			return -1;
	}
	p->depth--;
	return 0;
}

static int pack(struct packer *p, int dir, const char *entry, const char *name, struct err *e)
{
	struct tar_entry t = { .name = name };
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstatat(dir, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(e, errno, "lstat %s", name);
	if (describe(&st, &t) < 0) /* a socket */
		return 0;
	if (t.type == TAR_FOLDER)
		return pack_folder(p, dir, entry, &t, e);
	if (t.type == TAR_FILE)
		return pack_file(p, dir, entry, &t, &st, e);
	if (t.type == TAR_SYMLINK) {
		n = readlinkat(dir, entry, target, sizeof(target) - 1);
		if (n < 0)
			return err_errno(e, errno, "readlink %s", name);
		target[n] = '\0';
		t.link = target;
	}
	return tar_put(p->to, &t, e);
}

int cp_pack(const struct tar_sink *to, const char *path, const char *name, struct err *e)
{
	struct packer p = { .to = to };
	int r = pack(&p, AT_FDCWD, path, name, e);

	arena_free(&p.a);
	return r < 0 ? -1 : tar_put_end(to, e);
}
