/*
 * A tree becomes a tar. The tree may belong to a running container that changes it under our eyes:
 * every file is first opened as a mere name (O_PATH), looked at, and only then opened for reading, so
 * that nobody can make us open a device. Entries come in the order of their names.
 */
#include "helpers/files/packer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"

/* ---- what is mounted ---- */

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
	if (packer_is_virtual(fd))
		return true;
	if (p->depth == 0 || statx(fd, "", AT_EMPTY_PATH, 0, &st) < 0 ||
	    !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return false;
	for (size_t i = 0; i < p->job->mounts.n; i++)
		if (is_at(p, name, p->job->mounts.v[i].destination))
			return false;
	return true;
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
	_cleanup_close_ int dir = packer_reopen(p, fd, O_RDONLY | O_DIRECTORY);
	_cleanup_buf_ struct buf prefix = { 0 };

	if (dir < 0)
		return err_errno(e, errno, "%s", name);
	buf_printf(&prefix, !*name || str_ends(name, "/") ? "%s" : "%s/", name);
	if (*name) { /* an export begins with what is in the root */
		archive_entry_set_pathname(ae, prefix.data);
		if (entry_header(p, ae, e) < 0)
			return -1;
	}
	if (layer_mark_opaque(p, dir, buf_cstr(&prefix), e) < 0)
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
		if (S_ISREG(st.st_mode) && packer_is_virtual(fd))
			st.st_size = 0; /* as most of these say of themselves */
		entry_describe(ae, name, &st);
		r = S_ISDIR(st.st_mode)   ? pack_dir(p, ae, fd, name, e)
		    : S_ISREG(st.st_mode) ? entry_file(p, ae, fd, name, &st, e)
		                          : entry_other(p, ae, fd, name, &st, e);
	}
	archive_entry_free(ae);
	return r;
}

static int start(struct packer *p, struct err *e)
{
	p->tar = archive_write_new();
	if (archive_write_set_format_pax_restricted(p->tar) != ARCHIVE_OK ||
	    archive_write_set_options(p->tar, "xattrheader=SCHILY") != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(p->tar, PACKER_BUFFER) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(p->tar, 1) != ARCHIVE_OK ||
	    archive_write_open_fd(p->tar, STDOUT_FILENO) != ARCHIVE_OK)
		return packer_failed(p, e);
	return 0;
}

static int read_as(struct packer *p, int fd, const char *name, struct err *e)
{
	int r;

	p->buffer = arena_alloc(&p->a, PACKER_BUFFER);
	r = start(p, e);
	if (r == 0)
		r = pack(p, fd, name, e);
	if (r == 0 && archive_write_close(p->tar) != ARCHIVE_OK)
		r = packer_failed(p, e);
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
