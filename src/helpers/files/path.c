/* Paths as `docker cp` reads them. See files.h. */
#include "helpers/files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"

#define LINKS_MAX 255

struct place place_of(struct arena *a, const char *path)
{
	const char *absolute = path_clean(a, arena_printf(a, "/%s", path));
	bool dot = str_eq(path, ".") || str_ends(path, "/.");

	return (struct place){
		.absolute = absolute,
		.name = dot           ? "."
		        : absolute[1] ? strrchr(absolute, '/') + 1
		                      : "/",
		.follow = dot || str_ends(path, "/"),
	};
}

static int failed(const struct place *p, struct err *e)
{
	if (errno == ENOTDIR)
		return err_set(e, ERR_INVALID, "%s: not a directory", p->absolute);
	return err_errno(e, errno, "%s", p->absolute);
}

/* The way to it may lead over symlinks, which stay inside the root. */
int place_open(int root, const struct place *p, struct err *e)
{
	int fd;

	if (p->follow || !p->absolute[1])
		fd = open_in_root(root, p->absolute, O_PATH | O_DIRECTORY);
	else
		fd = open_in_root(root, p->absolute, O_PATH | O_NOFOLLOW);
	return fd < 0 ? failed(p, e) : fd;
}

/* The text of the symlink at `path`, whose directory has no symlinks; NULL when it is none. */
static const char *link_at(struct arena *a, int root, const char *path)
{
	_cleanup_close_ int fd = open_in_root(root, path, O_PATH | O_NOFOLLOW);
	char text[PATH_MAX];
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", text, sizeof(text) - 1);

	return n < 0 ? NULL : arena_strndup(a, text, (size_t)n);
}

static const char *parent_of(struct arena *a, const char *path)
{
	return arena_strndup(a, path, (size_t)(strrchr(path, '/') - path));
}

const char *path_resolve(struct arena *a, int root, const char *path)
{
	const char *done = "", *rest = path;

	for (int links = 0; *rest && links < LINKS_MAX;) {
		size_t n = strcspn(rest, "/");
		const char *word = arena_strndup(a, rest, n), *next, *to;

		rest += n + (rest[n] == '/');
		if (n == 0 || str_eq(word, "."))
			continue;
		if (str_eq(word, "..")) {
			done = *done ? parent_of(a, done) : done;
			continue;
		}
		next = arena_printf(a, "%s/%s", done, word);
		to = link_at(a, root, next);
		if (!to) {
			done = next;
			continue;
		}
		links++;
		done = *to == '/' ? "" : done;
		rest = arena_printf(a, "%s/%s", to, rest);
	}
	return *done ? done : "/";
}
