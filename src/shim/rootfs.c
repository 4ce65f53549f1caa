/*
 * Mounts of the root file system. See rootfs.h.
 *
 * mount(2) takes one page of options. An overlay of many layers has more, so when they are too long
 * the paths in lowerdir are written relative to the directory that they have in common, which is the
 * working directory while the kernel reads them.
 */
#include "shim/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"

#define MAX_DATA 4095

/* Words of fstab(5) that are flags; `clear` ones take the flag away again. */
static const struct {
	const char *word;
	unsigned long flag;
	bool clear;
} words[] = {
	{ "async", MS_SYNCHRONOUS, true },
	{ "atime", MS_NOATIME, true },
	{ "bind", MS_BIND },
	{ "defaults", 0 },
	{ "dev", MS_NODEV, true },
	{ "diratime", MS_NODIRATIME, true },
	{ "dirsync", MS_DIRSYNC },
	{ "exec", MS_NOEXEC, true },
	{ "mand", MS_MANDLOCK },
	{ "noatime", MS_NOATIME },
	{ "nodev", MS_NODEV },
	{ "nodiratime", MS_NODIRATIME },
	{ "noexec", MS_NOEXEC },
	{ "nomand", MS_MANDLOCK, true },
	{ "norelatime", MS_RELATIME, true },
	{ "nostrictatime", MS_STRICTATIME, true },
	{ "nosuid", MS_NOSUID },
	{ "rbind", MS_BIND | MS_REC },
	{ "relatime", MS_RELATIME },
	{ "remount", MS_REMOUNT },
	{ "ro", MS_RDONLY },
	{ "rw", MS_RDONLY, true },
	{ "strictatime", MS_STRICTATIME },
	{ "suid", MS_NOSUID, true },
	{ "sync", MS_SYNCHRONOUS },
};

struct options {
	unsigned long flags;
	struct buf data; /* the rest, for the file system */
};

static bool add_flag(struct options *o, const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!str_eq(words[i].word, word))
			continue;
		o->flags = words[i].clear ? o->flags & ~words[i].flag : o->flags | words[i].flag;
		return true;
	}
	return false;
}

static void add_option(struct options *o, const char *word, const char *lowerdir)
{
	if (add_flag(o, word))
		return;
	if (o->data.len)
		buf_addc(&o->data, ',');
	if (lowerdir && str_starts(word, "lowerdir="))
		buf_printf(&o->data, "lowerdir=%s", lowerdir);
	else
		buf_adds(&o->data, word);
}

/* What "/a/b/1/fs:/a/b/2/fs" has in common: "/a/b"; "" when that is nothing. */
static char *common_dir(struct arena *a, const char *paths)
{
	char *common = arena_strndup(a, paths, strcspn(paths, ":"));
	size_t n = strlen(common);

	for (const char *p = paths; *p; p += strcspn(p, ":"), p += *p == ':')
		for (size_t i = 0; i < n; i++)
			if (p[i] != common[i])
				n = i;
	while (n > 0 && common[n] != '/')
		n--;
	common[n] = '\0';
	return common;
}

static char *relative_to(struct arena *a, const char *paths, size_t prefix)
{
	char *out = arena_strdup(a, paths), *w = out;

	for (const char *p = paths; *p;) {
		size_t n = strcspn(p, ":");

		memmove(w, p + prefix, n - prefix);
		w += n - prefix;
		p += n;
		if (*p)
			*w++ = *p++;
	}
	*w = '\0';
	return out;
}

static const char *find_option(const Types__Mount *m, const char *prefix)
{
	const char *value = NULL;

	for (size_t i = 0; i < m->n_options && !value; i++)
		value = str_after(m->options[i], prefix);
	return value;
}

/* Fills o; *dir is where to be while mounting, or NULL. */
static int parse(struct arena *a, const Types__Mount *m, struct options *o, const char **dir,
                 struct err *e)
{
	const char *lowerdir = find_option(m, "lowerdir=");

	*dir = NULL;
	for (size_t i = 0; i < m->n_options; i++)
		add_option(o, m->options[i], NULL);
	if (o->data.len <= MAX_DATA)
		return 0;
	*dir = lowerdir ? common_dir(a, lowerdir) : "";
	if (**dir) {
		buf_reset(&o->data);
		lowerdir = relative_to(a, lowerdir, strlen(*dir) + 1);
		for (size_t i = 0; i < m->n_options; i++)
			add_option(o, m->options[i], lowerdir);
	}
	if (o->data.len > MAX_DATA)
		return err_set(e, ERR_INVALID, "mount options are too long (%zu bytes)",
		               o->data.len);
	return 0;
}

/* A bind mount ignores other flags until it is remounted. */
static int remount_bind(const char *target, unsigned long flags, struct err *e)
{
	unsigned long rest = flags & ~(unsigned long)(MS_BIND | MS_REC);

	if (!(flags & MS_BIND) || !rest)
		return 0;
	if (mount(NULL, target, NULL, MS_BIND | MS_REMOUNT | rest, NULL) < 0)
		return err_errno(e, errno, "remount %s", target);
	return 0;
}

static int mount_one(const char *rootfs, const Types__Mount *m, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int cwd = -1;
	struct options o = { 0 };
	const char *dir, *source = str_empty(m->source) ? "none" : m->source;
	const char *target = str_empty(m->target) ? rootfs : path_join(&a, rootfs, m->target);
	int r = parse(&a, m, &o, &dir, e);

	if (r == 0 && dir && ((cwd = open(".", O_PATH | O_CLOEXEC)) < 0 || chdir(dir) < 0))
		r = err_errno(e, errno, "change to %s", dir);
	if (r == 0 && mount(source, target, m->type, o.flags, buf_cstr(&o.data)) < 0)
		r = err_errno(e, errno, "mount %s on %s", source, target);
	if (cwd >= 0 && fchdir(cwd) < 0)
		r = err_errno(e, errno, "change back");
	if (r == 0)
		r = remount_bind(target, o.flags, e);
	buf_free(&o.data);
	return r;
}

int rootfs_mount(const char *bundle, Types__Mount *const *mounts, size_t n, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *rootfs = path_join(&a, bundle, "rootfs");

	if (n == 0)
		return 0;
	if (mkdir(rootfs, 0711) < 0 && errno != EEXIST)
		return err_errno(e, errno, "create %s", rootfs);
	for (size_t i = 0; i < n; i++) {
		if (mount_one(rootfs, mounts[i], e) < 0) {
			(void)!rootfs_unmount(bundle, NULL);
			return err_wrap(e, "failed to mount rootfs component");
		}
	}
	return 0;
}

int rootfs_unmount(const char *bundle, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *rootfs = path_join(&a, bundle, "rootfs");

	while (umount2(rootfs, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
	if (errno != EINVAL && errno != ENOENT)
		return err_errno(e, errno, "unmount %s", rootfs);
	return 0;
}
