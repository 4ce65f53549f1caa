/*
 * A tree becomes a tar. The tree may belong to a running container that changes it under our eyes:
 * every file is first opened as a mere name (O_PATH), looked at, and only then opened for reading, so
 * that nobody can make us open a device. Entries come in the order of their names. What Docker puts
 * into such a tar is kept: whole seconds, no user names, of attributes the file's capabilities.
 */
#include "helpers/files/files.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <linux/magic.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/map.h"

#define CAPABILITY  "security.capability"
#define BUFFER_SIZE (128 * KIB)

struct packer {
	struct archive *tar;
	struct arena a;   /* names of files with several links */
	struct map links; /* "dev:ino" -> name of the first entry */
	int procfs;
	const struct files_job *job;
	const struct subject *top;
	bool layer; /* of an overlayfs: its marks become OCI's whiteouts */
	int depth;
	char *buffer;
};

static int tar_failed(struct packer *p, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "write tar: %s", archive_error_string(p->tar));
}

/* ---- what is mounted ---- */

static bool is_virtual(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 &&
	       (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC ||
	        fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC);
}

/* Where an entry is in the container; its name begins with the subject's. */
static bool is_at(const struct packer *p, const char *name, const char *path)
{
	const char *rest = name + strlen(p->top->name), *below = str_after(path, p->top->path);

	rest += *rest == '/';
	while (below && *below == '/')
		below++;
	return below && strncmp(rest, below, strlen(below)) == 0 &&
	       (!rest[strlen(below)] || str_eq(rest + strlen(below), "/"));
}

/* The root of a mount that is not one of the container's volumes and binds. */
static bool is_foreign(const struct packer *p, int fd, const char *name)
{
	struct statx st;

	if (p->layer)
		return false; /* nothing is mounted in it */
	if (is_virtual(fd))
		return true;
	if (p->depth == 0 || statx(fd, "", AT_EMPTY_PATH, 0, &st) < 0 ||
	    !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return false;
	for (size_t i = 0; i < p->job->mounts.n; i++)
		if (is_at(p, name, p->job->mounts.v[i].destination))
			return false;
	return true;
}

/* ---- one entry ---- */

/* The descriptor again, for reading. */
static int reopen(struct packer *p, int fd, int flags)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", fd);
	return openat(p->procfs, name, flags | O_CLOEXEC);
}

static void add_capability(struct archive_entry *ae, int fd)
{
	char value[256];
	ssize_t n = fgetxattr(fd, CAPABILITY, value, sizeof(value));

	if (n > 0)
		archive_entry_xattr_add_entry(ae, CAPABILITY, value, (size_t)n);
}

static int copy_content(struct packer *p, int fd, int64_t size, struct err *e)
{
	while (size > 0) {
		ssize_t n = read(fd, p->buffer, MIN((size_t)size, BUFFER_SIZE));

		if (n < 0)
			return err_errno(e, errno, "read");
		if (n == 0)
			return 0; /* it shrank: libarchive fills up with zeros */
		if (archive_write_data(p->tar, p->buffer, (size_t)n) < 0)
			return tar_failed(p, e);
		size -= n;
	}
	return 0;
}

/* Another name of a file that is in the tar already? */
static bool is_link(struct packer *p, struct archive_entry *ae, const char *name,
                    const struct stat *st)
{
	char key[48];
	const char *first;

	if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
		return false;
	snprintf(key, sizeof(key), "%llu:%llu", (unsigned long long)st->st_dev,
	         (unsigned long long)st->st_ino);
	first = map_get(&p->links, key);
	if (!first) {
		map_set(&p->links, key, arena_strdup(&p->a, name));
		return false;
	}
	archive_entry_set_hardlink(ae, first);
	archive_entry_unset_size(ae);
	return true;
}

static int set_symlink(struct archive_entry *ae, int fd, struct err *e)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(fd, "", text, sizeof(text) - 1);

	if (n < 0)
		return err_errno(e, errno, "read link");
	text[n] = '\0';
	archive_entry_set_symlink(ae, text);
	return 0;
}

static void describe(struct archive_entry *ae, const char *name, const struct stat *st)
{
	archive_entry_set_pathname(ae, name);
	archive_entry_set_mode(ae, st->st_mode);
	archive_entry_set_uid(ae, st->st_uid);
	archive_entry_set_gid(ae, st->st_gid);
	archive_entry_set_mtime(ae, st->st_mtim.tv_sec, 0);
	archive_entry_set_size(ae, S_ISREG(st->st_mode) ? st->st_size : 0);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
		archive_entry_set_rdevmajor(ae, major(st->st_rdev));
		archive_entry_set_rdevminor(ae, minor(st->st_rdev));
	}
}

static int write_header(struct packer *p, struct archive_entry *ae, struct err *e)
{
	return archive_write_header(p->tar, ae) < ARCHIVE_WARN ? tar_failed(p, e) : 0;
}

static int pack_file(struct packer *p, struct archive_entry *ae, int fd, const char *name,
                     const struct stat *st, struct err *e)
{
	_cleanup_close_ int in = -1;

	if (is_link(p, ae, name, st))
		return write_header(p, ae, e);
	in = reopen(p, fd, O_RDONLY);
	if (in < 0)
		return err_errno(e, errno, "open");
	add_capability(ae, in);
	return write_header(p, ae, e) < 0 ? -1 : copy_content(p, in, st->st_size, e);
}

/* ---- a layer: what overlayfs marks, the OCI image specification says by names ---- */

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"
#define OPAQUE_XATTR    "trusted.overlay.opaque"

static int write_mark(struct packer *p, const char *folder, size_t n, const char *prefix,
                      const char *name, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct archive_entry *ae = archive_entry_new();
	const struct stat empty = { .st_mode = S_IFREG | 0600 };
	int r;

	describe(ae, arena_printf(&a, "%.*s%s%s", (int)n, folder, prefix, name), &empty);
	r = write_header(p, ae, e);
	archive_entry_free(ae);
	return r;
}

static bool is_whiteout(const struct packer *p, const struct stat *st)
{
	return p->layer && S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

static int write_whiteout(struct packer *p, const char *name, struct err *e)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;

	return write_mark(p, name, (size_t)(base - name), WHITEOUT_PREFIX, base, e);
}

static int write_opaque(struct packer *p, int dir, const char *prefix, struct err *e)
{
	char value = 0;

	if (!p->layer || fgetxattr(dir, OPAQUE_XATTR, &value, 1) != 1 || value != 'y')
		return 0;
	return write_mark(p, prefix, strlen(prefix), "", WHITEOUT_OPAQUE, e);
}

static int pack_other(struct packer *p, struct archive_entry *ae, int fd, const char *name,
                      const struct stat *st, struct err *e)
{
	if (S_ISSOCK(st->st_mode))
		return 0; /* tar has no word for it */
	if (is_whiteout(p, st))
		return write_whiteout(p, name, e);
	if (S_ISLNK(st->st_mode) && set_symlink(ae, fd, e) < 0)
		return -1;
	is_link(p, ae, name, st);
	return write_header(p, ae, e);
}

/* ---- the walk ---- */

struct listing {
	struct arena *a;
	struct strs names;
};

static int collect(void *arg, unused_arg int dirfd, const char *name)
{
	struct listing *c = arg;

	arena_push(c->a, &c->names, (const char *)arena_strdup(c->a, name));
	return 0;
}

static int by_name(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static int pack(struct packer *p, int fd, const char *name, struct err *e);

static int pack_child(struct packer *p, int dir, const char *name, const char *path, struct err *e)
{
	_cleanup_close_ int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "%s", path); /* gone meanwhile */
	return pack(p, fd, path, e);
}

static int pack_below(struct packer *p, int dir, const char *prefix, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct listing c = { &a, { 0 } };

	if (p->depth == LIMIT_TREE_DEPTH)
		return err_set(e, ERR_EXHAUSTED, "more than %d directories deep", LIMIT_TREE_DEPTH);
	if (dir_each(dir, ".", collect, &c, e) < 0)
		return -1;
	if (c.names.n > 1)
		qsort(c.names.v, c.names.n, sizeof(c.names.v[0]), by_name);
	p->depth++;
	for (size_t i = 0; i < c.names.n; i++)
		if (pack_child(p, dir, c.names.v[i], arena_printf(&a, "%s%s", prefix, c.names.v[i]),
		               e) < 0)
			return -1;
	p->depth--;
	return 0;
}

static int pack_dir(struct packer *p, struct archive_entry *ae, int fd, const char *name,
                    struct err *e)
{
	_cleanup_close_ int dir = reopen(p, fd, O_RDONLY | O_DIRECTORY);
	_cleanup_buf_ struct buf prefix = { 0 };

	if (dir < 0)
		return err_errno(e, errno, "%s", name);
	buf_printf(&prefix, !*name || str_ends(name, "/") ? "%s" : "%s/", name);
	if (*name) { /* an export begins with what is in the root */
		archive_entry_set_pathname(ae, prefix.data);
		if (write_header(p, ae, e) < 0)
			return -1;
	}
	if (write_opaque(p, dir, buf_cstr(&prefix), e) < 0)
		return -1;
	return is_foreign(p, dir, buf_cstr(&prefix)) ? 0 : pack_below(p, dir, buf_cstr(&prefix), e);
}

static int pack(struct packer *p, int fd, const char *name, struct err *e)
{
	struct archive_entry *ae = archive_entry_new();
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0) {
		r = err_errno(e, errno, "%s", name);
	} else {
		if (S_ISREG(st.st_mode) && is_virtual(fd))
			st.st_size = 0; /* as most of these say of themselves */
		describe(ae, name, &st);
		r = S_ISDIR(st.st_mode)   ? pack_dir(p, ae, fd, name, e)
		    : S_ISREG(st.st_mode) ? pack_file(p, ae, fd, name, &st, e)
		                          : pack_other(p, ae, fd, name, &st, e);
	}
	archive_entry_free(ae);
	return r;
}

static int start(struct packer *p, struct err *e)
{
	p->tar = archive_write_new();
	if (archive_write_set_format_pax_restricted(p->tar) != ARCHIVE_OK ||
	    archive_write_set_options(p->tar, "xattrheader=SCHILY") != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(p->tar, BUFFER_SIZE) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(p->tar, 1) != ARCHIVE_OK ||
	    archive_write_open_fd(p->tar, STDOUT_FILENO) != ARCHIVE_OK)
		return tar_failed(p, e);
	return 0;
}

static int read_as(struct packer *p, int fd, const char *name, struct err *e)
{
	int r;

	p->buffer = arena_alloc(&p->a, BUFFER_SIZE);
	r = start(p, e);
	if (r == 0)
		r = pack(p, fd, name, e);
	if (r == 0 && archive_write_close(p->tar) != ARCHIVE_OK)
		r = tar_failed(p, e);
	archive_write_free(p->tar);
	map_free(&p->links);
	arena_free(&p->a);
	return r;
}

int read_tree(const struct subject *s, int procfs, const struct files_job *job, struct err *e)
{
	struct packer p = { .procfs = procfs, .job = job, .top = s };

	return read_as(&p, s->fd, s->name, e);
}

int read_layer(int fd, int procfs, struct err *e)
{
	struct packer p = { .procfs = procfs, .layer = true };

	return read_as(&p, fd, "", e);
}
