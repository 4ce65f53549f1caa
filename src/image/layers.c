/*
 * See layers.h. Each layer has a place in `fetch` with a state under one lock. Download threads take
 * the lowest layer that nobody has taken; the caller's thread waits for layer after layer and
 * unpacks it. The first error stops everybody.
 */
#include "image/layers.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/limits.h"
#include "oci/digest.h"

#define PARALLEL_DEFAULT 3
#define PARALLEL_MAX     16
#define CHUNK            (512 * KIB)
#define STACK_SIZE       (256 * KIB)
#define PATIENCE_MS      500

struct layer {
	const struct oci_descriptor *blob;
	const char *diff_id, *chain;
	bool was_fetched, was_unpacked; /* before we came */
	bool fetched;                   /* the blob is in the store; under the lock */
};

struct fetch {
	const struct install *in;
	size_t n, next; /* next: the first layer that no thread has taken */
	struct layer *v;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	atomic_bool failed;
	struct err err; /* the first error; written once, under the lock */
};

static bool was_there(const struct layer *l)
{
	return l->was_fetched && l->was_unpacked;
}

static void tell(const struct fetch *f, const struct layer *l, enum layer_state state,
                 int64_t current)
{
	const struct install_progress *p = f->in->progress;

	if (p)
		p->layer(p->user, l->blob->digest, state, current, l->blob->size);
}

/* ---- one download ---- */

/* Waits for bytes, looking up now and then: is the image still wanted? Their number, 0 at the end. */
static ssize_t read_chunk(struct fetch *f, struct blob_stream *s, char *chunk, struct err *e)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	size_t want = s->left >= 0 ? MIN((size_t)s->left, CHUNK) : CHUNK;
	ssize_t n;

	do {
		const struct install_progress *progress = f->in->progress;

		if (atomic_load(&f->failed) || (progress && progress->canceled(progress->user)))
			return err_set(e, ERR_CANCELED, "canceled");
	} while (poll(&p, 1, PATIENCE_MS) == 0);
	n = want > 0 ? read(s->fd, chunk, want) : 0;
	if (n < 0)
		return err_errno(e, errno, "read");
	s->left -= s->left > 0 ? n : 0;
	return n;
}

/* Copies the stream into the writer; the size is checked here so that no source fills the disk. */
static int copy_blob(struct fetch *f, struct layer *l, struct blob_stream *s, struct blob_writer *w,
                     int64_t done, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	char *chunk = arena_alloc(&a, CHUNK);
	ssize_t n;

	while ((n = read_chunk(f, s, chunk, e)) > 0) {
		done += n;
		if (done > l->blob->size)
			return err_set(e, ERR_DATA_LOSS,
			               "more than the %lld bytes that were announced",
			               (long long)l->blob->size);
		if (f->in->store->ops->add(w, chunk, (size_t)n, e) < 0)
			return -1;
		tell(f, l, LAYER_DOWNLOADING, done);
	}
	return (int)n;
}

static int transfer(struct fetch *f, struct layer *l, struct blob_writer *w, int64_t offset,
                    struct err *e)
{
	struct image_source *src = f->in->source;
	struct blob_stream stream;
	struct err ignored;
	int r;

	if (src->ops->open(src, l->blob, offset, &stream, e) < 0)
		return -1;
	r = copy_blob(f, l, &stream, w, offset, e);
	if (r < 0)
		(void)!src->ops->close(src, &stream, &ignored);
	else
		r = src->ops->close(src, &stream, e);
	return r;
}

static int commit_blob(struct fetch *f, struct layer *l, struct blob_writer *w, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct json_map labels = { 0 };

	tell(f, l, LAYER_VERIFYING, 0);
	json_map_set(&a, &labels, LABEL_UNCOMPRESSED, l->diff_id);
	install_add_source(f->in, &a, &labels);
	return f->in->store->ops->commit(w, &labels, e);
}

/* A blob that is wrong is thrown away; one that is unfinished stays, to be resumed. */
static int write_blob(struct fetch *f, struct layer *l, struct err *e)
{
	const struct image_store_ops *ops = f->in->store->ops;
	int64_t offset = 0;
	struct blob_writer *w = ops->begin(f->in->store, l->blob, &offset, e);
	bool wrong;
	int r;

	if (!w)
		return -1;
	tell(f, l, LAYER_DOWNLOADING, offset);
	r = offset < l->blob->size ? transfer(f, l, w, offset, e) : 0;
	if (r == 0)
		r = commit_blob(f, l, w, e);
	wrong = r < 0 && (e->kind == ERR_PRECONDITION || e->kind == ERR_DATA_LOSS);
	ops->end(w, wrong);
	if (wrong)
		return err_wrap(e, "filesystem layer verification failed for digest %s",
		                l->blob->digest);
	return r;
}

static int fetch_layer(struct fetch *f, struct layer *l, struct err *e)
{
	int there = f->in->store->ops->has(f->in->store, l->blob->digest, e);

	if (there < 0)
		return -1;
	if (!there && write_blob(f, l, e) < 0) {
		if (e->kind != ERR_ALREADY_EXISTS)
			return err_wrap(e, "layer %s", l->blob->digest);
		err_clear(e); /* somebody else was faster */
	}
	if (!there)
		tell(f, l, LAYER_DOWNLOADED, 0);
	return 0;
}

/* ---- threads ---- */

static void fail(struct fetch *f, const struct err *e)
{
	pthread_mutex_lock(&f->lock);
	if (!f->failed) {
		f->err = *e;
		f->failed = true;
	}
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static struct layer *take_layer(struct fetch *f)
{
	struct layer *l = NULL;

	pthread_mutex_lock(&f->lock);
	while (f->next < f->n && f->v[f->next].fetched)
		f->next++;
	if (!f->failed && f->next < f->n)
		l = &f->v[f->next++];
	pthread_mutex_unlock(&f->lock);
	return l;
}

static void *download(void *arg)
{
	struct fetch *f = arg;
	struct layer *l;
	struct err e = { 0 };

	while ((l = take_layer(f)) != NULL) {
		if (fetch_layer(f, l, &e) < 0) {
			fail(f, &e);
			break;
		}
		pthread_mutex_lock(&f->lock);
		l->fetched = true;
		pthread_cond_broadcast(&f->changed);
		pthread_mutex_unlock(&f->lock);
	}
	return NULL;
}

/* As many threads as there is work for; at least one, or it is an error. */
static int start_threads(struct fetch *f, size_t missing, pthread_t *threads, struct err *e)
{
	size_t want = f->in->parallel ? f->in->parallel : PARALLEL_DEFAULT, n = 0;
	pthread_attr_t attr;
	int code = 0;

	want = MIN(MIN(want, PARALLEL_MAX), missing);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	while (n < want && (code = pthread_create(&threads[n], &attr, download, f)) == 0)
		n++;
	pthread_attr_destroy(&attr);
	return n == 0 && want > 0 ? err_errno(e, code, "start thread") : (int)n;
}

/* ---- unpacking ---- */

static int await(struct fetch *f, const struct layer *l, struct err *e)
{
	bool failed;

	pthread_mutex_lock(&f->lock);
	while (!l->fetched && !f->failed)
		pthread_cond_wait(&f->changed, &f->lock);
	failed = f->failed;
	pthread_mutex_unlock(&f->lock);
	if (failed && e)
		*e = f->err;
	return failed ? -1 : 0;
}

static int unpack_layer(struct fetch *f, size_t i, struct err *e)
{
	struct layer *l = &f->v[i];
	struct image_store *store = f->in->store;

	if (l->was_unpacked)
		return 0;
	tell(f, l, LAYER_EXTRACTING, 0);
	if (store->ops->unpack(store, l->blob, i > 0 ? f->v[i - 1].chain : NULL, l->chain,
	                       l->diff_id, e) < 0)
		return err_wrap(e, "failed to register layer %s", l->blob->digest);
	tell(f, l, LAYER_EXTRACTING, l->blob->size);
	return 0;
}

static int unpack_all(struct fetch *f, struct err *e)
{
	for (size_t i = 0; i < f->n; i++) {
		if (await(f, &f->v[i], e) < 0)
			return -1;
		if (unpack_layer(f, i, e) < 0) {
			fail(f, e);
			return -1;
		}
		if (!was_there(&f->v[i]))
			tell(f, &f->v[i], LAYER_DONE, 0);
	}
	return 0;
}

/* ---- all together ---- */

static const char *next_chain(struct arena *a, const char *parent, const char *diff_id)
{
	char *chain = arena_alloc(a, DIGEST_SIZE);

	chain_next(parent, diff_id, chain);
	return chain;
}

/* What is there already? Returns how many blobs are missing. */
static int look(struct fetch *f, const struct oci_manifest *m, const struct oci_image *config,
                struct arena *a, struct err *e)
{
	struct image_store *store = f->in->store;
	int missing = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct layer *l = &f->v[i];
		int blob, snapshot;

		l->blob = &m->layers.v[i];
		l->diff_id = config->rootfs->diff_ids.v[i];
		l->chain = next_chain(a, i > 0 ? f->v[i - 1].chain : NULL, l->diff_id);
		blob = store->ops->has(store, l->blob->digest, e);
		snapshot = blob < 0 ? -1 : store->ops->has_snapshot(store, l->chain, e);
		if (snapshot < 0)
			return -1;
		l->was_fetched = l->fetched = blob;
		l->was_unpacked = snapshot;
		missing += !blob;
	}
	return missing;
}

static void tell_plan(const struct fetch *f)
{
	size_t waiting = 0, parallel = f->in->parallel ? f->in->parallel : PARALLEL_DEFAULT;

	for (size_t i = 0; i < f->n; i++)
		tell(f, &f->v[i], was_there(&f->v[i]) ? LAYER_EXISTS : LAYER_FOUND, 0);
	for (size_t i = 0; i < f->n; i++)
		if (!f->v[i].was_fetched && waiting++ >= parallel)
			tell(f, &f->v[i], LAYER_WAITING, 0);
}

static int run(struct fetch *f, size_t missing, struct err *e)
{
	pthread_t threads[PARALLEL_MAX];
	int n = start_threads(f, missing, threads, e), r;

	if (n < 0)
		return -1;
	r = unpack_all(f, e);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return r;
}

int install_layers(const struct install *in, const struct oci_manifest *m,
                   const struct oci_image *config, struct arena *a, const char **chain,
                   struct err *e)
{
	struct fetch f = {
		.in = in,
		.n = m->layers.n,
		.v = arena_array(a, struct layer, m->layers.n),
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
	int missing = look(&f, m, config, a, e), r;

	if (missing < 0)
		return -1;
	tell_plan(&f);
	r = run(&f, (size_t)missing, e);
	*chain = f.n > 0 ? f.v[f.n - 1].chain : NULL;
	pthread_mutex_destroy(&f.lock);
	pthread_cond_destroy(&f.changed);
	return r;
}
