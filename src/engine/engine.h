/*
 * The engine: what one dockerd is made of. Set up in main.c before the first request, torn down
 * after the last; in between the pointers do not change and each part has its own lock.
 *
 * Threads: the loop's (listeners, idle connections, waiting and event clients, timers, the
 * containerd child), one for each request that is being answered, one that reads containerd's
 * events, one for each exit that is being handled, and the pump's (engine/stdio).
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdatomic.h>
#include <stdlib.h>
#include "base/loop.h"
#include "engine/daemon/flags.h"

#define API_VERSION_MAX      43 /* 1.43: the newest whose additions are answered */
#define API_VERSION_MAX_TEXT "43"
#define API_VERSION_MIN      24

/* The Docker whose API this is, and who we are: tools compare the first part with what they need. */
#define ENGINE_VERSION "24.0.9+lighter." LIGHTER_VERSION

struct containers;
struct ctrd_child;
struct events;
struct execs;
struct grpc_client;
struct http_server;
struct image_cache;
struct net_controller;
struct pump;
struct stats;
struct store;
struct tls_door;
struct volumes;

struct engine {
	struct arena arena; /* of the options and other words that live as long as the engine */
	struct options opt;
	int argc; /* as main was given them: a reload reads them again */
	char **argv;
	_Atomic(const struct live_options *) live; /* see engine_live */
	char id[37];                               /* of this installation, kept in the data root */

	struct loop *loop;
	struct loop_source *signals;
	atomic_bool ending; /* what goes away now goes because we do */
	struct http_server *http;
	struct tls_door *tls; /* with --tls, or NULL */
	struct store *store;
	struct events *events;
	struct stats *stats;
	struct containers *containers;
	struct volumes *volumes;
	struct execs *execs;
	struct image_cache *image_cache;
	struct pump *pump;
	struct net_controller *net;
	struct ctrd_child *child; /* our containerd, or NULL with --containerd */
	const char *ctrd_address;
	struct grpc_client *ctrd;
};

/*
 * What SIGHUP may change, as it is now. A snapshot: it stays as it is while you look at it, for as
 * long as the engine lives (a reload is a person's act, and costs some kilobytes).
 */
static inline const struct live_options *engine_live(struct engine *g)
{
	const struct live_options *o = atomic_load(&g->live);

	return o ? o : &g->opt.live;
}

/* Minor number of the oldest API version that is answered. */
static inline unsigned engine_api_min(const struct engine *g)
{
	return (unsigned)strtoul(str_after(g->opt.min_api_version, "1."), NULL, 10);
}

/* Where messages go and which, by the options as they are now. */
void engine_setup_log(struct engine *g);

/* A path below the data root or the exec root, in the arena. */
char *engine_data_path(struct engine *g, struct arena *a, const char *fmt, ...) printf_like(3, 4);
char *engine_exec_path(struct engine *g, struct arena *a, const char *fmt, ...) printf_like(3, 4);

/* A program of ours: in PATH, else beside us, else the bare name. */
const char *engine_program(struct arena *a, const char *name);

/* Runs fn in a detached thread with a small stack. Out of threads aborts: state is crash-only. */
void engine_thread(void *(*fn)(void *), void *arg);

#endif
