/* See cp_paths.h. */
#include "cli/container/cp_paths.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/client/errno_text.h"

#define LINKS_MAX 10

void cp_split_arg(struct arena *a, const char *arg, const char **container, const char **path)
{
	const char *colon = strchr(arg, ':');

	*container = NULL;
	*path = arg;
	/* What begins as a path is one, with colons or without. */
	if (arg[0] == '/' || arg[0] == '.' || !colon || colon == arg)
		return;
	*container = arena_strndup(a, arg, (size_t)(colon - arg));
	*path = colon + 1;
}

static bool ends_with_slash(const char *path)
{
	return *path && path[strlen(path) - 1] == '/';
}

/* Go's filepath.Base. */
const char *cp_base(struct arena *a, const char *path)
{
	size_t n = strlen(path), start;

	if (!n)
		return ".";
	while (n > 1 && path[n - 1] == '/')
		n--;
	for (start = n; start > 0 && path[start - 1] != '/'; start--)
		;
	return n == 1 && *path == '/' ? "/" : arena_strndup(a, path + start, n - start);
}

/* Go's filepath.Dir. */
static const char *dir_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	return path_clean(a, slash ? arena_strndup(a, path, (size_t)(slash - path) + 1) : "");
}

static bool means_content(struct arena *a, const char *path)
{
	return str_eq(cp_base(a, path), ".");
}

void cp_split(struct arena *a, const char *path, const char **dir, const char **base)
{
	const char *clean = path_clean(a, path);

	if (means_content(a, path)) {
		*dir = clean;
		*base = ".";
		return;
	}
	*dir = dir_of(a, clean);
	*base = cp_base(a, clean);
}

int cp_local_path(struct arena *a, const char *path, const char **out, struct err *e)
{
	char cwd[PATH_MAX];
	const char *clean;

	if (*path != '/' && !getcwd(cwd, sizeof(cwd)))
		return err_errno(e, errno, "getwd");
	clean = path_clean(a, *path == '/' ? path : path_join(a, cwd, path));
	if (means_content(a, path) && !means_content(a, clean))
		clean = arena_printf(a, "%s%s.", clean, ends_with_slash(clean) ? "" : "/");
	else if (ends_with_slash(path) && !ends_with_slash(clean))
		clean = arena_printf(a, "%s/", clean);
	*out = clean;
	return 0;
}

const char *cp_rebase(struct arena *a, const char *path, const char *resolved, const char **rebase)
{
	if (means_content(a, path) && !means_content(a, resolved))
		resolved = arena_printf(a, "%s/.", resolved);
	if (ends_with_slash(path) && !ends_with_slash(resolved))
		resolved = arena_printf(a, "%s/", resolved);
	*rebase = str_eq(cp_base(a, path), cp_base(a, resolved)) ? NULL : cp_base(a, path);
	return resolved;
}

static const char *odd_kind(mode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode) ? "got a device" : NULL;
}

int cp_check_output(struct arena *a, const char *path, struct err *e)
{
	const char *dir = dir_of(a, path_clean(a, path));
	struct stat st;

	if (!str_eq(dir, ".") && stat(dir, &st) < 0 && errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND,
		               "invalid output path: directory \"%s\" does not exist", dir);
	if (stat(path, &st) < 0) {
		if (errno == ENOENT)
			return 0;
		return err_set(e, err_from_errno(errno), "stat %s: %s", path, errno_text(a, errno));
	}
	if (odd_kind(st.st_mode))
		return err_set(e, ERR_INVALID,
		               "invalid output path: \"%s\" must be a directory or a regular file: "
		               "%s",
		               path, odd_kind(st.st_mode));
	return 0;
}

/* The first part of a path that is not there, for the message. */
static int no_such(struct arena *a, const char *path, struct err *e)
{
	struct stat st;

	for (size_t i = 1; i <= strlen(path); i++) {
		const char *part = arena_strndup(a, path, i);

		if ((path[i] == '/' || !path[i]) && !ends_with_slash(part) && lstat(part, &st) < 0)
			return err_set(e, ERR_NOT_FOUND, "lstat %s: no such file or directory",
			               part);
	}
	return err_set(e, ERR_NOT_FOUND, "lstat %s: no such file or directory", path);
}

/* All links followed. */
static int resolve(struct arena *a, const char *path, const char **out, struct err *e)
{
	char text[PATH_MAX];

	if (!realpath(path, text)) {
		if (errno == ENOENT)
			return no_such(a, path, e);
		if (errno == ENOTDIR)
			return err_set(e, ERR_INVALID, "not a directory");
		return err_set(e, err_from_errno(errno), "lstat %s: %s", path,
		               errno_text(a, errno));
	}
	*out = arena_strdup(a, text);
	return 0;
}

/* The last part of a path stays a link unless links are to be followed. */
static int resolve_source(struct arena *a, const char *path, bool follow, struct cp_info *out,
                          struct err *e)
{
	const char *slash = strrchr(path, '/'), *dir;

	if (follow) {
		if (resolve(a, path, &dir, e) < 0)
			return -1;
		out->path = cp_rebase(a, path, dir, &out->rebase);
		return 0;
	}
	if (resolve(a, arena_strndup(a, path, (size_t)(slash - path) + 1), &dir, e) < 0)
		return -1;
	out->path = arena_printf(a, "%s/%s", dir, slash + 1);
	if (ends_with_slash(path) && !str_eq(cp_base(a, path), cp_base(a, out->path)))
		out->rebase = cp_base(a, path);
	return 0;
}

int cp_source_info(struct arena *a, const char *path, bool follow, struct cp_info *out,
                   struct err *e)
{
	struct stat st;

	*out = (struct cp_info){ .exists = true };
	if (resolve_source(a, path, follow, out, e) < 0)
		return -1;
	if (lstat(out->path, &st) < 0)
		return err_set(e, err_from_errno(errno), "lstat %s: %s", out->path,
		               errno_text(a, errno));
	out->is_dir = S_ISDIR(st.st_mode);
	return 0;
}

static int check_parent(struct arena *a, const char *path, struct err *e)
{
	const char *dir, *base;
	struct stat st;

	cp_split(a, path, &dir, &base);
	if (stat(dir, &st) < 0)
		return err_set(e, err_from_errno(errno), "stat %s: %s", dir, errno_text(a, errno));
	return S_ISDIR(st.st_mode) ? 0 : err_set(e, ERR_INVALID, "not a directory");
}

int cp_target_info(struct arena *a, const char *path, struct cp_info *out, struct err *e)
{
	char target[PATH_MAX];
	struct stat st;
	int missing = lstat(path, &st);

	for (int n = 0; missing == 0 && S_ISLNK(st.st_mode); n++) {
		ssize_t len = readlink(path, target, sizeof(target) - 1);
		const char *dir, *base;

		if (len < 0 || n == LINKS_MAX)
			return err_set(e, ERR_INVALID, "too many symlinks in \"%s\"", path);
		target[len] = '\0';
		cp_split(a, path, &dir, &base);
		path = path_clean(a, *target == '/' ? target : path_join(a, dir, target));
		missing = lstat(path, &st);
	}
	*out = (struct cp_info){ .path = path };
	if (missing) {
		if (errno != ENOENT)
			return err_set(e, err_from_errno(errno), "lstat %s: %s", path,
			               errno_text(a, errno));
		return check_parent(a, path, e);
	}
	out->exists = true;
	out->is_dir = S_ISDIR(st.st_mode);
	return 0;
}

int cp_plan(struct arena *a, const struct cp_info *from, const struct cp_info *to,
            struct cp_plan *out, struct err *e)
{
	const char *dir, *base, *source_dir, *source;

	cp_split(a, to->path, &dir, &base);
	cp_split(a, from->path, &source_dir, &source);
	if (from->rebase)
		source = from->rebase;
	if (to->exists && to->is_dir) {
		*out = (struct cp_plan){ .dir = to->path };
		return 0;
	}
	if (to->exists && from->is_dir)
		return err_set(e, ERR_INVALID, "cannot copy directory");
	if (!to->exists && !from->is_dir &&
	    (ends_with_slash(to->path) || means_content(a, to->path)))
		return err_set(e, ERR_NOT_FOUND, "no such directory");
	*out = (struct cp_plan){ dir, str_eq(source, "/") ? "" : source, base };
	return 0;
}

const char *cp_rename(struct arena *a, const struct cp_plan *plan, const char *name)
{
	const char *rest = plan->from ? str_after(name, plan->from) : NULL;

	if (!rest || (*rest && *rest != '/'))
		return name;
	return arena_printf(a, "%s%s", plan->to, rest);
}
