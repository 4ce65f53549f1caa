/* See output_file.h. */
#include "cli/client/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/id.h"
#include "base/str.h"
#include "cli/client/errno_text.h"

static const struct {
	mode_t mode;
	const char *text;
} refused[] = {
	{ S_IFDIR, "cannot write to a directory" },
	{ S_IFLNK, "cannot write to a symbolic link directly" },
	{ S_IFIFO, "cannot write to a named pipe (FIFO)" },
	{ S_IFSOCK, "cannot write to a socket" },
	{ S_IFBLK, "cannot write to a block device file" },
	{ S_IFCHR, "cannot write to a character device file" },
};

static int check(struct arena *a, const char *path, const char *what, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *dir =
	        slash ? arena_strndup(a, path, (size_t)(slash - path) + (slash == path)) : ".";
	struct stat st;

	if (stat(dir, &st) < 0)
		return err_set(e, err_from_errno(errno), "%s: invalid output path: stat %s: %s",
		               what, dir, errno_text(a, errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_INVALID, "%s: invalid output path: stat %s: not a directory",
		               what, dir);
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0
		                       : err_set(e, err_from_errno(errno),
		                                 "%s: failed to stat output path: lstat %s: %s",
		                                 what, path, errno_text(a, errno));
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if ((st.st_mode & S_IFMT) == refused[i].mode)
			return err_set(e, ERR_INVALID, "%s: %s", what, refused[i].text);
	return 0;
}

int output_file_open(struct arena *a, const char *path, const char *what, const char *terminal,
                     struct output_file *out, struct err *e)
{
	char suffix[13];

	*out = (struct output_file){ .fd = STDOUT_FILENO, .path = path };
	if (str_empty(path)) {
		if (isatty(STDOUT_FILENO))
			return err_set(e, ERR_INVALID, "%s", terminal);
		return 0;
	}
	if (check(a, path, what, e) < 0)
		return -1;
	id_random_hex(suffix, 6);
	out->temporary = arena_printf(a, "%s.tmp-%s", path, suffix);
	out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out->fd < 0)
		return err_set(e, err_from_errno(errno), "%s: open %s: %s", what, out->temporary,
		               errno_text(a, errno));
	return 0;
}

int output_file_close(struct output_file *f, bool ok, struct err *e)
{
	if (!f->temporary)
		return ok ? 0 : -1;
	if (ok && fsync(f->fd) < 0)
		ok = err_errno(e, errno, "write %s", f->path) == 0;
	fd_close(&f->fd);
	if (ok && rename(f->temporary, f->path) < 0)
		ok = err_errno(e, errno, "rename %s", f->temporary) == 0;
	if (!ok)
		unlink(f->temporary);
	return ok ? 0 : -1;
}

int output_file_fetch(struct cli *cli, struct output_file *f, const char *path, struct err *e)
{
	struct api_request get = { .method = "GET", .path = path };
	struct http_response rs;
	struct http_conn *conn = api_open(cli, &get, &rs, e);
	int r = conn ? api_body_to_fd(conn, f->fd, e) : -1;

	http_conn_free(conn);
	return output_file_close(f, r == 0, e);
}
