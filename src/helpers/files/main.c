/*
 * files: reads and writes the files of one container, once. The job comes on descriptor 3, the result
 * goes to descriptor 4: see image/files.h. On failure the result says why; when it has gone out
 * already, a line on standard error and exit code 1.
 *
 * In this order, so that nothing of the container can reach out: mounts are made and descriptors
 * opened; the container's root becomes ours and all that could leave it is given up (sandbox.h);
 * then paths are looked at. Nothing is loaded or executed afterwards (CVE-2019-14271), and every
 * path is resolved once, by the kernel, to a descriptor that is used from then on (CVE-2018-15664).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <locale.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "helpers/files/files.h"
#include "helpers/sandbox.h"

#define CAP(name) (1ULL << CAP_##name)

/* Reading everything, and making other people's files. */
#define CAPABILITIES \
	(CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) | CAP(MKNOD) | CAP(SETFCAP))

struct work {
	struct arena a;
	struct files_job job;
	struct files_result result;
	int root, procfs;
};

static void send_result(const struct files_result *r)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct err ignored;

	json_encode(&b, &files_result_type, r);
	(void)!fd_write_all(FILES_FD_RESULT, b.data, b.len, &ignored);
	close(FILES_FD_RESULT);
}

static int read_job(struct work *w, struct err *e)
{
	struct slice text;

	if (file_read(&w->a, AT_FDCWD, "/proc/self/fd/3", LIMIT_JSON_BYTES, &text, e) < 0)
		return -1;
	return json_decode(&w->a, &files_job_type, text, &w->job, e);
}

static int confine(struct work *w, struct err *e)
{
	w->procfs = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w->procfs < 0)
		return err_errno(e, errno, "open /proc/self/fd");
	w->root = root_open(&w->job, e);
	if (w->root < 0)
		return -1;
	return sandbox_enter(&(struct sandbox){ .root = w->root, .keep = CAPABILITIES }, e);
}

/* ---- the kinds of work ---- */

static int describe(struct work *w, const struct place *p, int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(e, errno, "%s", p->absolute);
	w->result =
	        (struct files_result){ .name = p->name,
		                       .size = st.st_size,
		                       .mode = st.st_mode,
		                       .mtime = st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec };
	if (S_ISLNK(st.st_mode))
		w->result.link = path_resolve(&w->a, w->root, p->absolute);
	return 0;
}

static int do_stat(struct work *w, struct err *e)
{
	struct place p = place_of(&w->a, w->job.path);
	_cleanup_close_ int fd = place_open(w->root, &p, e);

	if (fd < 0 || describe(w, &p, fd, e) < 0)
		return -1;
	send_result(&w->result);
	return 0;
}

static int do_read(struct work *w, struct err *e)
{
	struct place p = place_of(&w->a, w->job.path);
	_cleanup_close_ int fd = place_open(w->root, &p, e);

	if (fd < 0 || describe(w, &p, fd, e) < 0)
		return -1;
	send_result(&w->result);
	return read_tree(&(struct subject){ fd, p.name, path_resolve(&w->a, w->root, p.absolute) },
	                 w->procfs, &w->job, e);
}

static int do_export(struct work *w, struct err *e)
{
	send_result(&w->result);
	return read_tree(&(struct subject){ w->root, "", "/" }, w->procfs, &w->job, e);
}

static bool is_below(const char *path, const char *folder)
{
	const char *rest = str_after(path, folder);

	return rest && (*rest == '/' || !*rest);
}

/* What a container may not write, we do not write for its owner either. */
static int check_writable(const struct files_job *job, const char *path, struct err *e)
{
	const struct files_mount *in = NULL;

	for (size_t i = 0; i < job->mounts.n; i++)
		if (is_below(path, job->mounts.v[i].destination))
			in = &job->mounts.v[i]; /* the last one is the deepest */
	if (in ? !in->read_only : !job->read_only)
		return 0;
	return err_set(e, ERR_PERMISSION, "%s is marked read-only",
	               in ? "mounted volume" : "container rootfs");
}

static int do_write(struct work *w, struct err *e)
{
	const char *path = path_resolve(&w->a, w->root,
	                                path_clean(&w->a, arena_printf(&w->a, "/%s", w->job.path)));
	_cleanup_close_ int fd = open_in_root(w->root, path, O_PATH);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_INVALID, "extraction point is not a directory");
	if (check_writable(&w->job, path, e) < 0)
		return -1;
	if (write_tree(w->root, path, &w->job, e) < 0)
		return -1;
	send_result(&w->result);
	return 0;
}

static const struct {
	const char *what;
	int (*run)(struct work *w, struct err *e);
} kinds[] = {
	{ FILES_STAT, do_stat },
	{ FILES_READ, do_read },
	{ FILES_WRITE, do_write },
	{ FILES_EXPORT, do_export },
};

static int run(struct work *w, struct err *e)
{
	umask(0);
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return err_set(e, ERR_INTERNAL, "the C.UTF-8 locale is missing");
	if (read_job(w, e) < 0 || confine(w, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(kinds[i].what, w->job.what))
			return kinds[i].run(w, e);
	return err_set(e, ERR_INVALID, "unknown job \"%s\"", w->job.what ? w->job.what : "");
}

int main(void)
{
	struct work w = { .root = -1, .procfs = -1 };
	struct err e = { 0 };
	int r = run(&w, &e);

	if (r < 0) {
		fprintf(stderr, "%s\n", e.text);
		w.result = (struct files_result){ .error = e.text, .kind = err_kind_name(e.kind) };
		send_result(&w.result);
	}
	arena_free(&w.a);
	return r < 0;
}
