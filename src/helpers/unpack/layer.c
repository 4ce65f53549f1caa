/*
 * See layer.h. libarchive reads the tar, entry by entry; entry.c makes the files, each in the
 * directory that tree_dir gives for its parent.
 */
#include "helpers/unpack/layer.h"

#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "helpers/unpack/entry.h"

static ssize_t read_stream(struct archive *tar, void *arg, const void **data)
{
	struct layer *l = arg;
	ssize_t n = stream_next(l->stream, data, &l->stream_err);

	if (n < 0)
		archive_set_error(tar, EIO, "%s", l->stream_err.text);
	return n;
}

int layer_tar_failed(struct layer *l, struct err *e)
{
	const char *text = archive_error_string(l->tar);

	if (l->stream_err.kind != ERR_NONE) {
		if (e)
			*e = l->stream_err;
		return -1;
	}
	return err_set(e, ERR_DATA_LOSS, "tar: %s", text ? text : "unreadable");
}

static const char *below(const struct layer *l)
{
	return l->o->below ? l->o->below : "";
}

char *layer_path(const struct layer *l, struct arena *a, const char *name)
{
	const char *clean = tree_clean(a, name), *top = below(l);

	return arena_printf(a, "%s%s%s", top, *top && *clean ? "/" : "", clean);
}

/* ---- metadata of an entry ---- */

static struct timespec time_of(bool set, time_t s, long ns)
{
	/* As the original: what no clock shows is the epoch. */
	return set && s >= 0 ? (struct timespec){ s, ns } : (struct timespec){ 0 };
}

static int read_owner(const struct layer *l, const struct entry *en, struct meta *m, struct err *e)
{
	int64_t uid = l->o->owner ? l->o->uid : archive_entry_uid(en->ae);
	int64_t gid = l->o->owner ? l->o->gid : archive_entry_gid(en->ae);

	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return err_set(e, ERR_INVALID, "owner %lld:%lld is out of range", (long long)uid,
		               (long long)gid);
	m->uid = (uid_t)uid;
	m->gid = (gid_t)gid;
	return 0;
}

static int read_meta(const struct layer *l, struct entry *en, struct err *e)
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
	return read_owner(l, en, m, e);
}

/* The root itself: its metadata counts, it is there already. */
static int apply_root(struct layer *l, struct entry *en)
{
	if (archive_entry_filetype(en->ae) == AE_IFDIR)
		tree_set_late(l->tree, en->path, &en->meta);
	return 0;
}

static int apply_entry(struct layer *l, struct entry *en, const char *name, struct err *e)
{
	char *path = layer_path(l, &en->arena, name), *slash = strrchr(path, '/');

	en->path = path;
	en->base = slash ? slash + 1 : path;
	if (read_meta(l, en, e) < 0)
		return -1;
	if (str_eq(path, below(l)))
		return apply_root(l, en);
	en->dir = tree_dir(l->tree,
	                   slash ? arena_strndup(&en->arena, path, (size_t)(slash - path)) : "", e);
	return en->dir < 0 ? -1 : entry_make(l, en, e);
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
	return code == ARCHIVE_EOF ? 0 : layer_tar_failed(l, e);
}

static int drain(struct stream *s, struct err *e)
{
	const void *data;
	ssize_t n;

	while ((n = stream_next(s, &data, e)) > 0)
		;
	return n < 0 ? -1 : 0;
}

int layer_apply(struct stream *s, struct tree *t, const struct layer_options *o, struct err *e)
{
	struct layer l = { .stream = s, .tar = archive_read_new(), .tree = t, .o = o };
	int rc;

	if (archive_read_support_format_tar(l.tar) != ARCHIVE_OK ||
	    archive_read_open(l.tar, &l, NULL, read_stream, NULL) != ARCHIVE_OK)
		rc = layer_tar_failed(&l, e);
	else
		rc = apply_entries(&l, e);
	if (rc == 0)
		rc = drain(s, e);
	archive_read_free(l.tar);
	return rc == 0 ? tree_finish(t, e) : -1;
}
