/*
 * See layer.h. libarchive reads the tar; this file makes the files. An entry is applied in the
 * directory that tree_dir gives for its parent, so nothing here handles a path of more than one
 * name.
 */
#include "helpers/unpack/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "base/str.h"
#include "helpers/unpack/whiteout.h"

struct layer {
	struct stream *stream;
	struct err stream_err; /* why the last read failed */
	struct archive *tar;
	struct tree *tree;
	bool lowest;
};

/* One entry on its way into the tree. */
struct entry {
	struct archive_entry *ae;
	struct arena arena;
	const char *path; /* cleaned */
	const char *base;
	int dir; /* borrowed from the tree */
	struct meta meta;
};

static ssize_t read_stream(struct archive *tar, void *arg, const void **data)
{
	struct layer *l = arg;
	ssize_t n = stream_next(l->stream, data, &l->stream_err);

	if (n < 0)
		archive_set_error(tar, EIO, "%s", l->stream_err.text);
	return n;
}

static int tar_failed(struct layer *l, struct err *e)
{
	const char *text = archive_error_string(l->tar);

	if (l->stream_err.kind != ERR_NONE) {
		if (e)
			*e = l->stream_err;
		return -1;
	}
	return err_set(e, ERR_DATA_LOSS, "tar: %s", text ? text : "unreadable");
}

/* ---- metadata of an entry ---- */

static struct timespec time_of(bool set, time_t s, long ns)
{
	/* As the original: what no clock shows is the epoch. */
	return set && s >= 0 ? (struct timespec){ s, ns } : (struct timespec){ 0 };
}

static int read_owner(const struct entry *en, struct meta *m, struct err *e)
{
	int64_t uid = archive_entry_uid(en->ae), gid = archive_entry_gid(en->ae);

	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return err_set(e, ERR_INVALID, "owner %lld:%lld is out of range", (long long)uid,
		               (long long)gid);
	m->uid = (uid_t)uid;
	m->gid = (gid_t)gid;
	return 0;
}

static int read_meta(struct entry *en, struct err *e)
{
	struct archive_entry *ae = en->ae;
	struct meta *m = &en->meta;
	struct timespec mtime = time_of(archive_entry_mtime_is_set(ae), archive_entry_mtime(ae),
	                                archive_entry_mtime_nsec(ae));
	struct timespec atime = time_of(archive_entry_atime_is_set(ae), archive_entry_atime(ae),
	                                archive_entry_atime_nsec(ae));
	const char *name;
	const void *value;
	size_t size;

	m->mode = archive_entry_perm(ae);
	m->times[0] = atime.tv_sec > mtime.tv_sec ? atime : mtime;
	m->times[1] = mtime;
	archive_entry_xattr_reset(ae);
	while (archive_entry_xattr_next(ae, &name, &value, &size) == ARCHIVE_OK)
		if (name)
			meta_add_xattr(&en->arena, m, name, value, size);
	return read_owner(en, m, e);
}

/* ---- making files ---- */

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
	return code == ARCHIVE_EOF ? 0 : tar_failed(l, e);
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
	*hidden = whiteout_is_device(&st) && !l->lowest;
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
	const char *to = tree_clean(&en->arena, target);
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

static int make(struct layer *l, struct entry *en, struct err *e)
{
	const char *link = archive_entry_hardlink(en->ae);
	mode_t type = archive_entry_filetype(en->ae);

	if (whiteout_is(en->base))
		return whiteout_apply(en->dir, en->base, l->lowest, e);
	if (link)
		return make_hardlink(l, en, link, e);
	for (size_t i = 0; i < ARRAY_LEN(makers); i++)
		if (makers[i].type == type)
			return makers[i].make(l, en, e);
	return err_set(e, ERR_INVALID, "unknown kind of entry");
}

/* The root itself: its metadata counts, it is there already. */
static int apply_root(struct layer *l, struct entry *en)
{
	if (archive_entry_filetype(en->ae) == AE_IFDIR)
		tree_set_late(l->tree, "", &en->meta);
	return 0;
}

static int apply_entry(struct layer *l, struct entry *en, const char *name, struct err *e)
{
	char *path = tree_clean(&en->arena, name), *slash = strrchr(path, '/');

	en->path = path;
	en->base = slash ? slash + 1 : path;
	if (read_meta(en, e) < 0)
		return -1;
	if (!*path)
		return apply_root(l, en);
	en->dir = tree_dir(l->tree,
	                   slash ? arena_strndup(&en->arena, path, (size_t)(slash - path)) : "", e);
	return en->dir < 0 ? -1 : make(l, en, e);
}

static int apply_entries(struct layer *l, struct err *e)
{
	struct archive_entry *ae;
	int code;

	while ((code = archive_read_next_header(l->tar, &ae)) == ARCHIVE_OK) {
		struct entry en = { .ae = ae };
		const char *name = archive_entry_pathname(ae);
		int rc = name ? apply_entry(l, &en, name, e)
		              : err_set(e, ERR_INVALID, "unreadable name");

		arena_free(&en.arena);
		if (rc < 0)
			return err_wrap(e, "entry \"%s\"", name ? name : "");
	}
	return code == ARCHIVE_EOF ? 0 : tar_failed(l, e);
}

static int drain(struct stream *s, struct err *e)
{
	const void *data;
	ssize_t n;

	while ((n = stream_next(s, &data, e)) > 0)
		;
	return n < 0 ? -1 : 0;
}

int layer_apply(struct stream *s, struct tree *t, bool lowest, struct err *e)
{
	struct layer l = { .stream = s, .tar = archive_read_new(), .tree = t, .lowest = lowest };
	int rc;

	if (archive_read_support_format_tar(l.tar) != ARCHIVE_OK ||
	    archive_read_open(l.tar, &l, NULL, read_stream, NULL) != ARCHIVE_OK)
		rc = tar_failed(&l, e);
	else
		rc = apply_entries(&l, e);
	if (rc == 0)
		rc = drain(s, e);
	archive_read_free(l.tar);
	return rc == 0 ? tree_finish(t, e) : -1;
}
