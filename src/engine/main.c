/*
 * dockerd. Its life, from top to bottom of this file: read flags and daemon.json; make the folders;
 * open the store; start containerd or take over a living one; start the pump and the network;
 * subscribe to containerd's events, then recover what containers were left by the engine before us; load
 * the preloaded images; serve the API until a signal says stop. Containers outlive all of this unless
 * live-restore is written down as false.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/proc.h"
#include "engine/routes/api.h"
#include "engine/container/container.h"
#include "engine/container/run.h"
#include "engine/container/store.h"
#include "engine/ctrd/ctrd.h"
#include "engine/ctrd/child.h"
#include "engine/events.h"
#include "engine/container/exec.h"
#include "engine/image/image.h"
#include "engine/image/cache.h"
#include "engine/daemon/listen.h"
#include "engine/daemon/listen_tls.h"
#include "engine/container/log_config.h"
#include "engine/network/networking.h"
#include "engine/container/recover.h"
#include "engine/daemon/reload.h"
#include "engine/daemon/runtimes.h"
#include "engine/container/stats.h"
#include "engine/stdio/pump.h"
#include "engine/volume/volume.h"
#include "rpc/grpc_client.h"

#define CONTAINERD_BACK_MS 10000 /* that one that was killed is waited for */
#define MAX_REQUESTS       512   /* that are answered at the same time */

/* ---- before anything runs ---- */

/* Few arenas, memory given back early: a request is over in milliseconds, the daemon lives for years. */
static void tune_memory(void)
{
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_TRIM_THRESHOLD, 64 * 1024);
	mallopt(M_MMAP_THRESHOLD, 256 * 1024);
}

/* The proxies are read by those who fetch, from their environment. */
static void set_proxy(const char *upper, const char *lower, const char *value)
{
	if (!value)
		return;
	setenv(upper, value, 1);
	setenv(lower, value, 1);
}

static int obey_environment(const struct options *o, struct err *e)
{
	char text[16];

	set_proxy("HTTP_PROXY", "http_proxy", o->http_proxy);
	set_proxy("HTTPS_PROXY", "https_proxy", o->https_proxy);
	set_proxy("NO_PROXY", "no_proxy", o->no_proxy);
	if (!o->oom_score_adjust)
		return 0;
	snprintf(text, sizeof(text), "%d", (int)o->oom_score_adjust);
	return file_write(AT_FDCWD, "/proc/self/oom_score_adj", text, strlen(text), 0644, e);
}

static int make_folders(struct engine *g, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	umask(0022);
	if (dir_make(g->opt.data_root, 0710, e) < 0 || dir_make(g->opt.exec_root, 0711, e) < 0 ||
	    dir_make(engine_data_path(g, &a, "containers"), 0710, e) < 0 ||
	    dir_make(engine_data_path(g, &a, "tmp"), 0700, e) < 0)
		return -1;
	return 0;
}

/* Another dockerd that is alive; a number that is left over from a dead one is no obstacle. */
static bool is_dockerd(const char *pid)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct slice comm;
	uint64_t n;

	return str_u64(pid, &n) && n != (uint64_t)getpid() &&
	       file_read(&a, AT_FDCWD, arena_printf(&a, "/proc/%s/comm", pid), LIMIT_SMALL_FILE,
	                 &comm, NULL) == 0 &&
	       str_eq(comm.data, "dockerd\n");
}

static int write_pidfile(const char *path, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *slash = strrchr(path, '/');
	struct slice old;
	char *text;

	if (slash && slash != path &&
	    dir_make(arena_strndup(&a, path, (size_t)(slash - path)), 0755, e) < 0)
		return -1;
	if (file_read(&a, AT_FDCWD, path, LIMIT_SMALL_FILE, &old, NULL) == 0) {
		text = arena_strndup(&a, old.data, strcspn(old.data, "\n"));
		if (is_dockerd(text))
			return err_set(e, ERR_PRECONDITION,
			               "process with PID %s is still running: ensure docker is not "
			               "running or delete %s",
			               text, path);
	}
	text = arena_printf(&a, "%d", (int)getpid());
	return file_write(AT_FDCWD, path, text, strlen(text), 0644, e);
}

/* A UUID made once for each data root. */
static int load_id(struct engine *g, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *path = engine_data_path(g, &a, "engine-id");
	unsigned char r[16];
	char x[33];
	struct slice text;

	if (file_read(&a, AT_FDCWD, path, LIMIT_SMALL_FILE, &text, NULL) == 0 && text.len == 36)
		return str_copy(g->id, sizeof(g->id), text.data) ? 0 : -1;
	id_random_bytes(r, sizeof(r));
	r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
	r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
	hex_encode(x, r, sizeof(r));
	snprintf(g->id, sizeof(g->id), "%.8s-%.4s-%.4s-%.4s-%.12s", x, x + 8, x + 12, x + 16,
	         x + 20);
	return file_replace_path(path, g->id, strlen(g->id), 0600, FILE_DURABLE, e);
}

/* ---- signals, in the loop's thread ---- */

static void on_signal(void *arg, const struct signalfd_siginfo *si)
{
	struct engine *g = arg;

	if (si->ssi_signo == SIGHUP) {
		engine_reload(g);
		return;
	}
	log_info("signal %u: the engine ends", si->ssi_signo);
	loop_stop(g->loop);
}

static int watch_signals(struct engine *g, struct err *e)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	g->signals = loop_signals(g->loop, &set, on_signal, g, e);
	return g->signals ? 0 : -1;
}

/* ---- the parts, in the order in which they need each other ---- */

static int start_containerd(struct engine *g, struct err *e)
{
	if (g->opt.containerd) {
		g->ctrd_address = g->opt.containerd;
	} else {
		g->ctrd_address = ctrd_child_address(g);
		g->child = ctrd_child_start(g, e);
		if (!g->child)
			return -1;
	}
	g->ctrd = grpc_client_new(g->ctrd_address, g->opt.containerd_namespace);
	grpc_client_patience(g->ctrd, CONTAINERD_BACK_MS);
	return 0;
}

static int start_store(struct engine *g, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	g->store = store_open(engine_data_path(g, &a, "lighter.db"), e);
	if (!g->store)
		return -1;
	g->containers = containers_new();
	g->execs = execs_new();
	g->image_cache = image_cache_new();
	return volumes_load(g, e) < 0 ? -1 : containers_load(g, e);
}

static int start_parts(struct engine *g, struct err *e)
{
	struct grpc_stream *events;

	g->events = events_new(g->loop);
	g->stats = stats_new(g);
	if (start_store(g, e) < 0 || start_containerd(g, e) < 0)
		return -1;
	g->pump = pump_start(e);
	if (!g->pump || networking_start(g, e) < 0)
		return -1;
	events = ctrd_events_open(g, e);
	if (!events)
		return err_wrap(e, "subscribe to containerd's events");
	if (recover_containers(g, e) < 0 || image_preload(g, e) < 0)
		return -1;
	watch_start(g, events);
	return 0;
}

static void on_watchdog(void *arg)
{
	struct engine *g = arg;

	notify_alive();
	loop_timer(g->loop, notify_alive_every(), on_watchdog, g);
}

static int serve(struct engine *g, struct listeners *l, struct err *e)
{
	g->http = http_server_new(g->loop, api_serve, g, MAX_REQUESTS);
	if (g->opt.tls.value && !(g->tls = tls_door_open(g, l, e)))
		return -1;
	for (size_t i = 0; i < l->n; i++) {
		bool by_tls = l->v[i].tcp && g->opt.tls.value;

		if (!by_tls && http_server_listen(g->http, l->v[i].fd, e) < 0)
			return -1;
		log_info("API listen on %s", l->v[i].host);
	}
	if (notify_alive_every() > 0)
		on_watchdog(g);
	notify_ready();
	return loop_run(g->loop, e);
}

/* ---- the end ---- */

/* Only with live-restore written down as false: as Docker does, all at the same time. */
static void *stop_one(void *arg)
{
	_cleanup_container_ struct container *c = arg;
	struct err e = { 0 };

	if (container_stop(c, 0, STOP_TIMEOUT_OWN, &e) < 0 && e.kind != ERR_NOT_MODIFIED)
		log_error_of(&e, "stop container %s", c->id);
	return NULL;
}

static void stop_containers(struct engine *g)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_list_ struct container_list l = containers_list(g->containers, &a);
	int64_t end = clock_mono_ms() + engine_live(g)->shutdown_timeout * 1000;

	for (size_t i = 0; i < l.n; i++)
		engine_thread(stop_one, container_ref(l.v[i]));
	for (size_t i = 0; i < l.n; i++)
		if (!container_wait_stopped(l.v[i], MAX(end - clock_mono_ms(), 0)))
			log_warn("container %s still runs", l.v[i]->id);
}

static void finish(struct engine *g, struct listeners *l)
{
	struct json_opt_bool keep = engine_live(g)->live_restore;

	g->ending = true;
	notify_stopping();
	tls_door_close(g->tls);
	http_server_stop(g->http);
	if (keep.set && !keep.value)
		stop_containers(g);
	if (g->child)
		ctrd_child_stop(g->child);
	store_close(g->store);
	listen_unlink(l);
	unlink(g->opt.pidfile);
}

static int run(struct engine *g, struct err *e)
{
	struct listeners l = { 0 };

	if (obey_environment(&g->opt, e) < 0 || make_folders(g, e) < 0 ||
	    write_pidfile(g->opt.pidfile, e) < 0 || load_id(g, e) < 0 ||
	    runtimes_prepare(g, &g->opt.live, e) < 0)
		return -1;
	g->loop = loop_new(e);
	if (!g->loop || watch_signals(g, e) < 0 || listen_all(&l, &g->opt, e) < 0 ||
	    start_parts(g, e) < 0 || serve(g, &l, e) < 0)
		return -1;
	finish(g, &l);
	return 0;
}

/* What containers get who say nothing about their log must be right. */
static int check_log_defaults(const struct options *o, struct err *e)
{
	struct api_log_config log = { .type = o->log_driver, .config = o->log_opts };

	return log_config_check(&log, e) < 0 ? err_wrap(e, "failed to set log opts") : 0;
}

int main(int argc, char **argv)
{
	static struct engine g;
	struct err e = { 0 };

	tune_memory();
	proc_raise_nofile();
	notify_claim();
	g.argc = argc;
	g.argv = argv;
	if (options_load(&g.arena, argc, argv, &g.opt, &e) < 0 ||
	    (!g.opt.help && !g.opt.version && check_log_defaults(&g.opt, &e) < 0)) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	if (g.opt.help)
		options_help(stdout);
	if (g.opt.version)
		puts("Docker version " ENGINE_VERSION ", build lighter");
	if (g.opt.validate)
		fputs("configuration OK\n", stderr);
	if (g.opt.help || g.opt.version || g.opt.validate)
		return 0;
	engine_setup_log(&g);
	if (run(&g, &e) == 0)
		return 0;
	log_write(LOG_FATAL, &e, "the engine cannot go on");
	return 1;
}
