/* Bundles. See bundle.h. */
#include "containerd/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/limits.h"

#define DIR_NAME "io.containerd.runtime.v2.task"

const char *bundle_root(const struct config *c, struct arena *a)
{
	return path_join(a, c->state, DIR_NAME);
}

const char *bundle_path(const struct config *c, struct arena *a, const char *ns, const char *id)
{
	return arena_printf(a, "%s/" DIR_NAME "/%s/%s", c->state, ns, id);
}

static const char *work_path(const struct config *c, struct arena *a, const char *ns,
                             const char *id)
{
	return arena_printf(a, "%s/" DIR_NAME "/%s/%s", c->root, ns, id);
}

int bundle_write(const char *path, const char *name, const char *text, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	return file_replace_path(path_join(&a, path, name), text, strlen(text), 0600, FILE_VOLATILE,
	                         e);
}

const char *bundle_read(struct arena *a, const char *path, const char *name)
{
	struct err ignored = { 0 };
	struct slice text;

	if (file_read(a, AT_FDCWD, path_join(a, path, name), LIMIT_SMALL_FILE, &text, &ignored) < 0)
		return NULL;
	return text.data;
}

static int fill(struct arena *a, const char *path, const char *work, struct slice spec,
                struct err *e)
{
	if (dir_make(path_join(a, path, "rootfs"), 0711, e) < 0 ||
	    file_write(AT_FDCWD, path_join(a, path, "config.json"), spec.data, spec.len, 0600, e) <
	            0)
		return -1;
	if (symlink(work, path_join(a, path, "work")) < 0)
		return err_errno(e, errno, "link %s/work", path);
	if (mkfifo(path_join(a, path, "log"), 0700) < 0)
		return err_errno(e, errno, "create fifo %s/log", path);
	return 0;
}

/* The parents are searchable by all, as users in containers come through; the bundle is root's. */
int bundle_create(const struct config *c, const char *ns, const char *id, struct slice spec,
                  struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = bundle_path(c, &a, ns, id), *work = work_path(c, &a, ns, id);

	if (bundle_remove(c, ns, id, e) < 0 ||
	    dir_make(arena_printf(&a, "%s/" DIR_NAME "/%s", c->state, ns), 0711, e) < 0 ||
	    dir_make(arena_printf(&a, "%s/" DIR_NAME "/%s", c->root, ns), 0711, e) < 0 ||
	    dir_make(path, 0711, e) < 0 || dir_make(work, 0711, e) < 0 ||
	    fill(&a, path, work, spec, e) < 0)
		return err_wrap(e, "create bundle");
	return 0;
}

int bundle_remove(const struct config *c, const char *ns, const char *id, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = bundle_path(c, &a, ns, id);
	const char *rootfs = path_join(&a, path, "rootfs");

	while (umount2(rootfs, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
	if (errno != EINVAL && errno != ENOENT && errno != ENOTDIR)
		return err_errno(e, errno, "unmount %s", rootfs);
	if (tree_remove(AT_FDCWD, path, e) < 0 ||
	    tree_remove(AT_FDCWD, work_path(c, &a, ns, id), e) < 0)
		return err_wrap(e, "remove bundle");
	return 0;
}
