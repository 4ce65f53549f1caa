/* The garbage collector: when it runs, the sweep, the files. See gc.h. */
#include "containerd/gc.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "containerd/blobs.h"
#include "containerd/content.h"
#include "containerd/db.h"
#include "containerd/gc_mark.h"
#include "containerd/leases.h"
#include "containerd/overlay.h"

#define DELAY_MS       500 /* between a deletion and the run that it causes */
#define YOUNG_NS       (60 * NS_PER_S)
#define YOUNG_DELAY_MS 61000 /* until what was spared is looked at again */
#define MUTATIONS      100

/* Files that nothing refers to any more. */
struct dead_file {
	struct dead_file *next;
	int64_t snapshot; /* 0: a blob */
	char digest[DIGEST_SIZE];
};

struct gc {
	struct daemon *d;
	pthread_mutex_t run; /* held by the one run */

	pthread_mutex_t lock;
	bool scheduled;   /* a run comes within DELAY_MS */
	bool second_look; /* one comes for what was spared */
	unsigned mutations;
	struct dead_file *dead;
};

struct gc *gc_new(struct daemon *d)
{
	struct gc *gc = xalloc(sizeof(*gc));

	gc->d = d;
	pthread_mutex_init(&gc->run, NULL);
	pthread_mutex_init(&gc->lock, NULL);
	return gc;
}

/* ---- files ---- */

static void add_dead(struct gc *gc, int64_t snapshot, const char *digest)
{
	struct dead_file *f = xalloc(sizeof(*f));

	f->snapshot = snapshot;
	str_copy(f->digest, sizeof(f->digest), digest);
	pthread_mutex_lock(&gc->lock);
	f->next = gc->dead;
	gc->dead = f;
	pthread_mutex_unlock(&gc->lock);
}

void gc_drop_blob(struct gc *gc, const char *digest)
{
	add_dead(gc, 0, digest);
	gc_schedule(gc);
}

void gc_drop_snapshot(struct gc *gc, int64_t id)
{
	add_dead(gc, id, "");
	gc_schedule(gc);
}

/* Does any namespace still have a row? When that cannot be said, yes. */
static bool is_referenced(void *arg, const char *digest)
{
	struct daemon *d = arg;
	_cleanup_tx_ struct tx tx = { 0 };
	struct err ignored = { 0 };
	bool found = false;
	struct rows r;

	if (tx_begin(&tx, d->db, DB_READ, &ignored) < 0)
		return true;
	rows_open(&r, &tx, "SELECT 1 FROM content WHERE digest = ? LIMIT 1", "s", digest);
	while (rows_next(&r, &ignored))
		found = true;
	return found || r.failed;
}

static void remove_file(struct gc *gc, const struct dead_file *f)
{
	struct daemon *d = gc->d;
	struct err e = { 0 };

	if (f->snapshot ? overlay_remove(d->overlay, f->snapshot, &e) < 0
	                : blobs_remove(d->blobs, f->digest, is_referenced, d, &e) < 0)
		log_warn_of(&e, "collect garbage");
}

/* The rows' deletions must be on disk before the files are gone. */
static int remove_files(struct gc *gc, struct err *e)
{
	struct dead_file *f, *next;

	pthread_mutex_lock(&gc->lock);
	f = gc->dead;
	gc->dead = NULL;
	pthread_mutex_unlock(&gc->lock);
	if (!f)
		return 0;
	if (db_sync(gc->d->db, e) < 0) {
		for (; f; f = next) { /* the next start finds them */
			next = f->next;
			free(f);
		}
		return -1;
	}
	for (; f; f = next) {
		next = f->next;
		remove_file(gc, f);
		free(f);
	}
	return 0;
}

/* ---- rows ---- */

static int delete_row(struct tx *tx, const struct gc_garbage *g, struct err *e)
{
	static const char *const sql[] = {
		[GC_SNAPSHOT] = "DELETE FROM snapshots WHERE id = ?",
		[GC_INGEST] = "DELETE FROM ingests WHERE id = ?",
	};

	if (g->kind == GC_CONTENT)
		return tx_exec(tx, e, "DELETE FROM content WHERE ns = ? AND digest = ?", "ss",
		               g->ns, g->key);
	return tx_exec(tx, e, sql[g->kind], "i", g->id);
}

static void remove_ingest(struct gc *gc, struct arena *a, const struct gc_garbage *g)
{
	struct err e = { 0 };

	if (ingest_abort(gc->d->blobs, content_backend_ref(a, g->ns, g->id, g->key), &e) < 0)
		log_warn_of(&e, "collect garbage");
}

static void bury(struct gc *gc, struct arena *a, const struct gc_garbage *g)
{
	if (g->kind == GC_CONTENT)
		add_dead(gc, 0, g->key);
	else if (g->kind == GC_SNAPSHOT)
		add_dead(gc, g->id, "");
	else
		remove_ingest(gc, a, g);
}

static int sweep(struct gc *gc, int64_t young, bool *spared, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_tx_ struct tx tx = { 0 };
	struct gc_result garbage;

	if (tx_begin(&tx, gc->d->db, DB_WRITE, e) < 0 || gc_mark(&tx, &a, young, &garbage, e) < 0)
		return -1;
	for (size_t i = 0; i < garbage.n; i++)
		if (delete_row(&tx, &garbage.v[i], e) < 0)
			return -1;
	if (tx_commit(&tx, e) < 0)
		return -1;
	for (size_t i = 0; i < garbage.n; i++)
		bury(gc, &a, &garbage.v[i]);
	*spared = garbage.spared;
	if (garbage.n > 0)
		log_debug("garbage collected: %zu objects", garbage.n);
	return 0;
}

static int run(struct gc *gc, int64_t young, bool *spared, struct err *e)
{
	int r;

	pthread_mutex_lock(&gc->lock);
	gc->mutations = 0;
	pthread_mutex_unlock(&gc->lock);
	pthread_mutex_lock(&gc->run);
	r = sweep(gc, young, spared, e) < 0 || remove_files(gc, e) < 0 ? -1 : 0;
	pthread_mutex_unlock(&gc->run);
	return r;
}

int gc_run(struct gc *gc, struct err *e)
{
	bool spared;

	return run(gc, INT64_MAX, &spared, e);
}

/* ---- the schedule ---- */

static void schedule(struct gc *gc, bool *flag, loop_fn *start);
static void start_second_look(void *arg);

static void run_job(void *arg)
{
	struct gc *gc = arg;
	struct err e = { 0 };
	bool spared = false;

	if (run(gc, clock_now_ns() - YOUNG_NS, &spared, &e) < 0)
		log_error_of(&e, "garbage collection");
	malloc_trim(0); /* a quiet moment: what big requests needed goes back */
	if (spared)
		schedule(gc, &gc->second_look, start_second_look);
}

static void on_timer(void *arg)
{
	struct gc *gc = arg;

	pthread_mutex_lock(&gc->lock);
	gc->scheduled = false;
	pthread_mutex_unlock(&gc->lock);
	workers_run(gc->d->workers, run_job, gc);
}

static void on_second_look(void *arg)
{
	struct gc *gc = arg;

	pthread_mutex_lock(&gc->lock);
	gc->second_look = false;
	pthread_mutex_unlock(&gc->lock);
	workers_run(gc->d->workers, run_job, gc);
}

/* Timers belong to the loop's thread. */
static void start_timer(void *arg)
{
	struct gc *gc = arg;

	loop_timer(gc->d->loop, DELAY_MS, on_timer, gc);
}

static void start_second_look(void *arg)
{
	struct gc *gc = arg;

	loop_timer(gc->d->loop, YOUNG_DELAY_MS, on_second_look, gc);
}

static void schedule(struct gc *gc, bool *flag, loop_fn *start)
{
	bool already;

	pthread_mutex_lock(&gc->lock);
	already = *flag;
	*flag = true;
	pthread_mutex_unlock(&gc->lock);
	if (!already)
		loop_post(gc->d->loop, start, gc);
}

void gc_schedule(struct gc *gc)
{
	schedule(gc, &gc->scheduled, start_timer);
}

void gc_mutated(struct gc *gc)
{
	bool enough;

	pthread_mutex_lock(&gc->lock);
	enough = ++gc->mutations >= MUTATIONS;
	pthread_mutex_unlock(&gc->lock);
	if (enough)
		gc_schedule(gc);
}
