/*
 * Making files. See entry.h. Everything happens in one directory, by one name: nothing here handles a
 * path. What was there before under that name makes way, except that directories are merged.
 */
#include "helpers/unpack/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "helpers/unpack/whiteout.h"

static int write_content(struct layer *l, int fd, struct err *e)
{
	const void *data;
	size_t n;
	la_int64_t offset, end = 0;
	int code;

	while ((code = archive_read_data_block(l->tar, &data, &n, &offset)) == ARCHIVE_OK) {
		if (offset != end && lseek(fd, offset, SEEK_SET) < 0)
			return err_errno(e, errno, "seek");
		if (fd_write_all(fd, data, n, e) < 0)
			return -1;
		end = offset + (la_int64_t)n;
	}
	return code == ARCHIVE_EOF ? 0 : layer_tar_failed(l, e);
}

#define NEW_FILE (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)

static int make_file(struct layer *l, struct entry *en, struct err *e)
{
	mode_t plain = en->meta.mode & 0777;
	_cleanup_close_ int fd = openat(en->dir, en->base, NEW_FILE, plain);
	la_int64_t size = archive_entry_size(en->ae);

	if (fd < 0 && errno == EEXIST) {
		if (tree_clear(l->tree, en->dir, en->base, e) < 0)
			return -1;
		fd = openat(en->dir, en->base, NEW_FILE, plain);
	}
	if (fd < 0)
		return err_errno(e, errno, "create");
	if (size > 0 && write_content(l, fd, e) < 0)
		return -1;
	if (archive_entry_sparse_count(en->ae) > 0 && ftruncate(fd, size) < 0)
		return err_errno(e, errno, "truncate");
	return meta_apply(fd, &en->meta, plain, e);
}

/* 1: there is a directory already, 0: the name is free now. *hidden: a whiteout was in the way. */
static int prepare_dir(struct layer *l, struct entry *en, bool *hidden, struct err *e)
{
	struct stat st;

	*hidden = false;
	if (fstatat(en->dir, en->base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "stat");
	if (S_ISDIR(st.st_mode))
		return 1;
	*hidden = whiteout_is_device(&st) && !l->o->lowest;
	return tree_clear(l->tree, en->dir, en->base, e);
}

static int make_opaque_at(int dir, const char *base, struct err *e)
{
	_cleanup_close_ int fd = openat(dir, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_errno(e, errno, "open") : whiteout_make_opaque(fd, e);
}

static int make_dir(struct layer *l, struct entry *en, struct err *e)
{
	bool hidden = false;
	int rc = mkdirat(en->dir, en->base, 0700);

	if (rc < 0 && errno == EEXIST) {
		rc = prepare_dir(l, en, &hidden, e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			rc = mkdirat(en->dir, en->base, 0700);
	}
	if (rc < 0)
		return err_errno(e, errno, "make directory");
	if (hidden && make_opaque_at(en->dir, en->base, e) < 0)
		return -1;
	tree_set_late(l->tree, en->path, &en->meta);
	return 0;
}

static int make_symlink(struct layer *l, struct entry *en, struct err *e)
{
	const char *to = archive_entry_symlink(en->ae);

	if (str_empty(to))
		return err_set(e, ERR_INVALID, "symlink without a target");
	if (tree_clear(l->tree, en->dir, en->base, e) < 0)
		return -1;
	if (symlinkat(to, en->dir, en->base) < 0)
		return err_errno(e, errno, "make symlink");
	return meta_apply_at(en->dir, en->base, &en->meta, true, e);
}

static int make_node(struct layer *l, struct entry *en, struct err *e)
{
	mode_t type = archive_entry_filetype(en->ae);
	dev_t dev = type == AE_IFIFO ? 0 : archive_entry_rdev(en->ae);

	if (tree_clear(l->tree, en->dir, en->base, e) < 0)
		return -1;
	if (mknodat(en->dir, en->base, type | 0600, dev) < 0)
		return err_errno(e, errno, "make device");
	return meta_apply_at(en->dir, en->base, &en->meta, false, e);
}

/*
 * A hard link is the file that it names: same owner, mode and attributes, so those of the link's
 * own header are not applied (a change of owner would drop the file's capabilities).
 */
static int make_hardlink(struct layer *l, struct entry *en, const char *target, struct err *e)
{
	const char *to = layer_path(l, &en->arena, target);
	const char *slash = strrchr(to, '/');
	const char *up = slash ? arena_strndup(&en->arena, to, (size_t)(slash - to)) : "";
	_cleanup_close_ int dir = fcntl(en->dir, F_DUPFD_CLOEXEC, 0);
	int from;

	if (dir < 0)
		return err_errno(e, errno, "duplicate descriptor");
	if (str_eq(to, en->path))
		return err_set(e, ERR_INVALID, "hard link to itself");
	if (tree_clear(l->tree, dir, en->base, e) < 0)
		return -1;
	from = tree_dir(l->tree, up, e);
	if (from < 0)
		return -1;
	if (linkat(from, slash ? slash + 1 : to, dir, en->base, 0) < 0)
		return err_errno(e, errno, "link to %s", target);
	return 0;
}

static const struct {
	mode_t type;
	int (*make)(struct layer *, struct entry *, struct err *);
} makers[] = {
	{ AE_IFREG, make_file }, { AE_IFDIR, make_dir },  { AE_IFLNK, make_symlink },
	{ AE_IFCHR, make_node }, { AE_IFBLK, make_node }, { AE_IFIFO, make_node },
};

static int hide_lower_roots(struct layer *l, struct entry *en, struct err *e)
{
	for (size_t i = 0; i < l->tree->nparents; i++)
		if (whiteout_hide_all(en->dir, l->tree->parents[i], e) < 0)
			return -1;
	return 0;
}

static int check_kind(const struct entry *en, mode_t type, struct err *e)
{
	struct stat st;

	if (fstatat(en->dir, en->base, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    S_ISDIR(st.st_mode) == (type == AE_IFDIR))
		return 0;
	return err_set(e, ERR_INVALID,
	               S_ISDIR(st.st_mode)
	                       ? "cannot overwrite directory \"/%s\" with non-directory"
	                       : "cannot overwrite non-directory \"/%s\" with directory",
	               en->path);
}

int entry_make(struct layer *l, struct entry *en, struct err *e)
{
	const char *link = archive_entry_hardlink(en->ae);
	mode_t type = archive_entry_filetype(en->ae);

	if (l->o->keep_kinds && check_kind(en, type, e) < 0)
		return -1;
	if (!l->o->plain && whiteout_is_opaque_name(en->base) && str_eq(en->base, en->path))
		return hide_lower_roots(l, en, e);
	if (!l->o->plain && whiteout_is(en->base))
		return whiteout_apply(en->dir, en->base, l->o->lowest, e);
	if (link)
		return make_hardlink(l, en, link, e);
	for (size_t i = 0; i < ARRAY_LEN(makers); i++)
		if (makers[i].type == type)
			return makers[i].make(l, en, e);
	return err_set(e, ERR_INVALID, "unknown kind of entry");
}
