/*
 * The daemon's beginning. Its parts are made in the main thread; then the loop runs and a worker
 * recovers what an earlier life left (rows and disk, shims). Only when that is done are the sockets
 * opened: nobody is told that a task does not exist which has merely not been found yet.
 */
#include "containerd/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/notify.h"
#include "containerd/blobs.h"
#include "containerd/db.h"
#include "containerd/exchange.h"
#include "containerd/gc.h"
#include "containerd/overlay.h"
#include "containerd/reaper.h"
#include "containerd/reconcile.h"
#include "containerd/services.h"
#include "containerd/task.h"
#include "proto/task_events.pb-c.h"
#include "rpc/grpc_server.h"
#include "rpc/ttrpc_server.h"
#include "rpc/wkt.h"

#define WORKER_STACK (256 * KIB)

/* ---- root and state ---- */

/* How long a dying predecessor may still hold the root. */
#define LOCK_TRIES 50

static int lock_root(const char *dir, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	int fd = open(path_join(&a, dir, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(e, errno, "open %s/lock", dir);
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (i == LOCK_TRIES) {
			fd_close(&fd);
			return err_set(e, ERR_PRECONDITION, "%s is in use by another containerd",
			               dir);
		}
		usleep(100000);
	}
	return 0; /* held as long as the process lives */
}

/* What the original wrote we neither read nor touch. */
static int refuse_bolt(const char *root, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = path_join(&a, root, "io.containerd.metadata.v1.bolt/meta.db");

	if (!path_exists(path))
		return 0;
	return err_set(e, ERR_PRECONDITION,
	               "%s belongs to the original containerd, whose database is not read: choose "
	               "another --root or move it away",
	               path);
}

static int open_metadata(struct daemon *d, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *dir = path_join(&a, d->config->root, "io.containerd.metadata.v1.sqlite");

	if (dir_make(dir, 0700, e) < 0 || lock_root(dir, e) < 0)
		return -1;
	d->db = db_open(path_join(&a, dir, "meta.db"), e);
	return d->db ? 0 : -1;
}

static int read_uuid(struct daemon *d, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *dir = path_join(&a, d->config->root, "io.containerd.grpc.v1.introspection");
	const char *path = path_join(&a, dir, "uuid");
	char hex[33];
	struct slice text;

	if (file_read(&a, AT_FDCWD, path, LIMIT_SMALL_FILE, &text, e) == 0 && text.len >= 36) {
		str_copy(d->uuid, sizeof(d->uuid), text.data);
		return 0;
	}
	id_random_hex(hex, 16);
	snprintf(d->uuid, sizeof(d->uuid), "%.8s-%.4s-4%.3s-a%.3s-%.12s", hex, hex + 8, hex + 13,
	         hex + 17, hex + 20);
	if (dir_make(dir, 0711, e) < 0)
		return -1;
	return file_replace_path(path, d->uuid, strlen(d->uuid), 0644, FILE_VOLATILE, e);
}

static int64_t last_snapshot_id(struct daemon *d, struct err *e)
{
	_cleanup_tx_ struct tx tx = { 0 };
	int64_t id = 0;
	struct rows r;

	if (tx_begin(&tx, d->db, DB_READ, e) < 0)
		return -1;
	rows_open(&r, &tx, "SELECT max(id) FROM snapshots", "");
	while (rows_next(&r, e))
		id = rows_int(&r, 0);
	return r.failed ? -1 : id;
}

static int open_stores(struct daemon *d, struct err *e)
{
	int64_t last;

	umask(022);
	if (dir_make(d->config->root, 0700, e) < 0 || dir_make(d->config->state, 0711, e) < 0 ||
	    refuse_bolt(d->config->root, e) < 0 || open_metadata(d, e) < 0 || read_uuid(d, e) < 0)
		return -1;
	last = last_snapshot_id(d, e);
	d->blobs = last < 0 ? NULL : blobs_new(d->config->root, e);
	d->overlay = d->blobs ? overlay_new(d->config->root, last, e) : NULL;
	return d->overlay ? 0 : -1;
}

/* ---- signals ---- */

/* SIGUSR1 asks the original for a stack dump; it must not end us. */
static void on_signal(void *arg, const struct signalfd_siginfo *si)
{
	struct daemon *d = arg;

	log_info("received signal %s", signal_name((int)si->ssi_signo));
	if (si->ssi_signo == SIGUSR1)
		return;
	notify_stopping();
	loop_stop(d->loop);
}

static int watch_signals(struct daemon *d, struct err *e)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	d->signals = loop_signals(d->loop, &set, on_signal, d, e);
	return d->signals ? 0 : -1;
}

/* 0, the default, leaves what we were started with. */
static int set_oom_score(int64_t score, struct err *e)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)score);
	if (score == 0)
		return 0;
	return file_write(AT_FDCWD, "/proc/self/oom_score_adj", text, strlen(text), 0644, e);
}

/* ---- events ---- */

/* Ends of processes answer those who wait for them. */
static void on_event(void *arg, const Types__Envelope *env)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct daemon *d = arg;
	struct err ignored = { 0 };
	Events__TaskExit *x;

	if (!str_eq(env->topic, "/tasks/exit") || !env->event)
		return;
	x = wkt_any_unpack(&a, &events__task_exit__descriptor, env->event, &ignored);
	if (!x || !x->container_id)
		return;
	task_exited(d->tasks, env->namespace_, x->container_id,
	            str_eq(x->id, x->container_id) || !x->id ? "" : x->id, x->exit_status,
	            wkt_timestamp_ns(x->exited_at));
}

/* ---- serving ---- */

static int listen_at(const struct config *c, const char *path, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int fd = -1;

	if (dir_make(dirname(arena_strdup(&a, path)), 0711, e) < 0)
		return -1;
	fd = unix_listen(path, 0660, e);
	if (fd < 0)
		return -1;
	if (chown(path, (uid_t)c->grpc_uid, (gid_t)c->grpc_gid) < 0)
		return err_errno(e, errno, "change owner of %s", path);
	return take_fd(&fd);
}

static int serve_sockets(struct daemon *d, struct err *e)
{
	int fd = listen_at(d->config, d->config->ttrpc_address, e);

	if (fd < 0)
		return -1;
	d->ttrpc = ttrpc_server_new(d->loop, fd, ttrpc_routes, ttrpc_nroutes, d, e);
	if (!d->ttrpc)
		return -1;
	fd = listen_at(d->config, d->config->grpc_address, e);
	return fd < 0 ? -1 : grpc_server_listen(d->grpc, fd, e);
}

static void die(const struct err *e)
{
	log_write(LOG_FATAL, e, "containerd cannot start");
	_exit(1);
}

static void serve(void *arg)
{
	struct daemon *d = arg;
	struct err e = { 0 };

	if (serve_sockets(d, &e) < 0)
		die(&e);
	log_info("serving... address=%s", d->config->grpc_address);
	notify_ready();
	gc_schedule(d->gc);
}

/* Shims send events at once, so their socket would be good to have before; they try again. */
static void recover(void *arg)
{
	struct daemon *d = arg;
	struct err e = { 0 };

	if (reconcile(d, &e) < 0 || tasks_load(d, &e) < 0)
		die(&e);
	loop_post(d->loop, serve, d);
}

static void add_routes(struct daemon *d)
{
#define ADD(name) grpc_server_route(d->grpc, name##_routes, name##_nroutes);
	SERVICES(ADD)
#undef ADD
}

int daemon_start(struct daemon *d, const struct config *config, struct err *e)
{
	*d = (struct daemon){ .config = config };
	d->loop = loop_new(e);
	if (!d->loop || reaper_start(d->loop, e) < 0 || watch_signals(d, e) < 0 ||
	    set_oom_score(config->oom_score, e) < 0 || open_stores(d, e) < 0)
		return -1;
	d->workers = workers_new(LIMIT_WORKERS, WORKER_STACK);
	d->events = exchange_new();
	d->gc = gc_new(d);
	d->tasks = tasks_new(d);
	d->grpc = grpc_server_new(d->loop, d->workers, d);
	add_routes(d);
	exchange_listen(d->events, on_event, d);
	workers_run(d->workers, recover, d);
	return 0;
}

int daemon_run(struct daemon *d, struct err *e)
{
	return loop_run(d->loop, e);
}
