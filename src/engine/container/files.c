/* See files.h. */
#include "engine/container/files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "engine/ctrd/ctrd.h"
#include "engine/container/rootfs.h"
#include "engine/volume/volume.h"

/* ---- what the helper is told ---- */

static int depth_of(const char *path)
{
	int n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

static int parents_first(const void *x, const void *y)
{
	const struct files_mount *p = x, *q = y;
	int depth = depth_of(p->destination) - depth_of(q->destination);

	return depth ? depth : strcmp(p->destination, q->destination);
}

static void add_mounts(struct arena *a, const struct container_record *r, struct files_job *job)
{
	for (size_t i = 0; i < r->mounts.n; i++) {
		const struct container_mount *m = &r->mounts.v[i];

		if (!str_eq(m->type, "tmpfs"))
			arena_push(a, &job->mounts,
			           ((struct files_mount){ .source = m->source,
			                                  .destination = m->destination,
			                                  .read_only = !m->rw,
			                                  .recursive = !m->non_recursive }));
	}
	if (job->mounts.n > 1)
		qsort(job->mounts.v, job->mounts.n, sizeof(job->mounts.v[0]), parents_first);
}

static int add_rootfs(struct files_call *x, struct arena *a, struct files_job *job, struct err *e)
{
	const struct container_record *r = &x->view.desc->r;
	struct files_rootfs *out = arena_new(a, struct files_rootfs);
	struct rootfs_call call;
	struct ctrd_mounts mounts;

	if (ctrd_snapshot_mounts(x->engine, r->snapshotter, r->id, a, &mounts, e) < 0 ||
	    rootfs_describe(a, &mounts, &call, e) < 0)
		return -1;
	*out = (struct files_rootfs){ .type = call.type,
		                      .source = call.source,
		                      .folder = call.folder,
		                      .options = call.options,
		                      .target = engine_data_path(x->engine, a, "tmp") };
	job->rootfs = out;
	return 0;
}

/* The text in a file without a name. */
static int job_file(const struct files_job *job, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("job", MFD_CLOEXEC);
	_cleanup_buf_ struct buf b = { 0 };

	json_encode(&b, &files_job_type, job);
	if (fd < 0)
		return err_errno(e, errno, "make a file in memory");
	return fd_write_all(fd, b.data, b.len, e) < 0 ? -1 : take_fd(&fd);
}

/* ---- which container ---- */

/* Of a running one: its root and its mount namespace. The process may have gone meanwhile. */
struct roots {
	int root, ns;
};

static void roots_close(struct roots *r)
{
	fd_close(&r->root);
	fd_close(&r->ns);
}

static int open_ns(int pid)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* True when it runs, and still did when its files had been opened. */
static bool open_running(struct files_call *x, struct roots *r)
{
	struct container_state before, after;
	struct err ignored;

	container_get_state(x->container, &before);
	if (!container_is_running(&before) || before.pid <= 0)
		return false;
	r->root = rootfs_open_pid(before.pid, &ignored);
	r->ns = open_ns(before.pid);
	container_get_state(x->container, &after);
	if (r->root >= 0 && r->ns >= 0 && container_is_running(&after) && after.pid == before.pid)
		return true;
	roots_close(r);
	return false;
}

/* Becomes its changer, unless it runs by now. */
static int find_root(struct files_call *x, struct roots *r, struct err *e)
{
	struct container_state s;

	if (open_running(x, r))
		return 0;
	container_begin(x->container);
	x->changing = true;
	container_get_state(x->container, &s);
	if (s.removing)
		return err_set(e, ERR_PRECONDITION, "container is marked for removal");
	if (!container_is_running(&s))
		return volumes_mount(x->engine, &x->view.desc->r, e);
	x->changing = false;
	container_end(x->container);
	return open_running(x, r) ? 0
	                          : err_set(e, ERR_PRECONDITION, "container %s is just ending",
	                                    x->container->id);
}

/* ---- the child ---- */

static int pipe_pair(int fds[2], struct err *e)
{
	return pipe2(fds, O_CLOEXEC) < 0 ? err_errno(e, errno, "make a pipe") : 0;
}

static int spawn(struct files_call *x, const int child[5], const struct roots *r, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = proc_beside(&a, "../libexec/lighter/files");
	const char *argv[] = { path, NULL };
	int pass[] = { child[3], child[4], r->root, r->ns };
	struct proc_spawn s = { .file = path,
		                .argv = argv,
		                .fd = { child[0], child[1], child[2] },
		                .pass = pass,
		                .npass = r->root < 0 ? 2 : 4,
		                .die_with_parent = true };

	x->pid = proc_spawn(&s, &x->pidfd, e);
	return x->pid < 0 ? -1 : 0;
}

static int start(struct files_call *x, const struct files_job *job, const struct roots *r,
                 struct err *e)
{
	_cleanup_close_ int file = job_file(job, e), child_in = -1, child_out = -1,
	                    child_result = -1;
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, result[2] = { -1, -1 };
	int made = file < 0 || pipe_pair(in, e) < 0 || pipe_pair(out, e) < 0 ||
	                           pipe_pair(result, e) < 0
	                   ? -1
	                   : 0;

	child_in = in[0];
	x->in = in[1];
	x->out = out[0];
	child_out = out[1];
	x->result = result[0];
	child_result = result[1];
	x->errors = memfd_create("errors", MFD_CLOEXEC);
	if (made < 0)
		return -1;
	return spawn(x, (int[]){ child_in, child_out, x->errors, file, child_result }, r, e);
}

int files_open(struct files_call *x, struct container *c, struct files_job *job, struct arena *a,
               struct err *e)
{
	struct roots r = { -1, -1 };
	int ok;

	*x = (struct files_call){ .engine = c->engine,
		                  .container = c,
		                  .pid = -1,
		                  .pidfd = -1,
		                  .in = -1,
		                  .out = -1,
		                  .result = -1,
		                  .errors = -1 };
	container_view(c, &x->view);
	job->read_only = x->view.desc->r.host->readonly_rootfs;
	if (!str_eq(job->what, FILES_EXPORT))
		add_mounts(a, &x->view.desc->r, job);
	ok = find_root(x, &r, e);
	if (ok == 0 && x->changing)
		ok = add_rootfs(x, a, job, e);
	if (ok == 0)
		ok = start(x, job, &r, e);
	roots_close(&r);
	return ok;
}

/* ---- what comes back ---- */

static enum err_kind kind_of(const char *name)
{
	for (int k = ERR_NONE + 1; k < ERR_KINDS; k++)
		if (str_eq(err_kind_name((enum err_kind)k), name))
			return (enum err_kind)k;
	return ERR_UNKNOWN;
}

int files_answer(struct files_call *x, struct arena *a, struct files_result *out, struct err *e)
{
	char *text = arena_alloc(a, LIMIT_SMALL_FILE);
	ssize_t n = fd_read_full(x->result, text, LIMIT_SMALL_FILE, e);

	if (n < 0)
		return -1;
	if (n == 0)
		return files_finish(x, e) < 0
		               ? -1
		               : err_set(e, ERR_INTERNAL, "the files helper gave no answer");
	if (json_decode(a, &files_result_type, (struct slice){ text, (size_t)n }, out, e) < 0)
		return err_wrap(e, "answer of the files helper");
	return out->error ? err_set(e, kind_of(out->kind), "%s", out->error) : 0;
}

int files_finish(struct files_call *x, struct err *e)
{
	char text[300];
	ssize_t n;
	int code = x->pid < 0 ? 0 : proc_wait(x->pid, e);

	x->pid = -1;
	if (code <= 0)
		return code;
	n = pread(x->errors, text, sizeof(text) - 1, 0);
	text[MAX(n, 0)] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return err_set(e, ERR_UNKNOWN, *text ? "%s" : "the files helper died", text);
}

void files_close(struct files_call *x)
{
	struct err ignored;

	if (!x->container)
		return;
	if (x->pid > 0) {
		(void)!proc_pidfd_kill(x->pidfd, SIGKILL, &ignored);
		(void)!proc_wait(x->pid, &ignored);
	}
	fd_close(&x->pidfd);
	fd_close(&x->in);
	fd_close(&x->out);
	fd_close(&x->result);
	fd_close(&x->errors);
	if (x->changing) {
		volumes_unmount(x->engine, &x->view.desc->r);
		container_end(x->container);
	}
	container_view_release(&x->view);
}
