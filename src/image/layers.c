/*
 * See layers.h. Each layer has a place in `fetch` with a state under one lock. Download threads take
 * the lowest layer that nobody has taken; the caller's thread waits for layer after layer and
 * unpacks it. The first error stops everybody.
 */
#include "image/layers.h"

#include <pthread.h>
#include <stdatomic.h>
#include "base/limits.h"
#include "image/blob_copy.h"
#include "oci/digest.h"

#define PARALLEL_DEFAULT 3
#define PARALLEL_MAX     16
#define STACK_SIZE       (256 * KIB)

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
	blob_tell(f->in, l->blob, state, current);
}

static int fetch_layer(struct fetch *f, struct layer *l, struct err *e)
{
	struct json_pair uncompressed = { LABEL_UNCOMPRESSED, l->diff_id };
	struct json_map labels = { 1, &uncompressed };
	struct blob_copy c = {
		.in = f->in, .blob = l->blob, .labels = &labels, .stop = &f->failed
	};

	return blob_copy(&c, e);
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
