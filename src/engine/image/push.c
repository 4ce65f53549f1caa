/*
 * See push.h. Blobs first, several at a time, then the manifest under its tag. What the registry
 * has is not sent again. Of an index the manifest for this machine is pushed when that is all
 * there is here; with all platforms at hand the index goes as it is.
 *
 * Threads: as many as `max-concurrent-uploads` says, each with one blob; the caller waits for them.
 */
#include "engine/image/push.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "engine/image/names.h"
#include "engine/image/layer_progress.h"

#define PARALLEL_DEFAULT 5
#define PARALLEL_MAX     16
#define STACK_SIZE       (256 * KIB)

struct manifest {
	struct oci_descriptor d;
	struct slice text;
};

struct push {
	struct engine *g;
	const struct reference *ref;
	struct progress *progress;
	struct image_progress layers;
	struct registry *registry;
	struct image_store *store;
	struct arena arena;
	struct {
		size_t n;
		struct oci_descriptor *v;
	} blobs;
	struct {
		size_t n;
		struct manifest *v; /* in the order in which they are put; the last gets the tag */
	} manifests;

	pthread_mutex_t lock; /* of what follows */
	size_t next;
	bool failed;
	struct err err; /* the first */
};

/* ---- what has to go ---- */

static void add_blob(struct push *p, const struct oci_descriptor *d)
{
	for (size_t i = 0; i < p->blobs.n; i++)
		if (str_eq(p->blobs.v[i].digest, d->digest))
			return;
	arena_push(&p->arena, &p->blobs, *d);
}

static int all_there(struct push *p, const struct oci_index *index, struct err *e)
{
	int there = 1;

	for (size_t i = 0; i < index->manifests.n && there == 1; i++)
		there = p->store->ops->has(p->store, index->manifests.v[i].digest, e);
	return there;
}

static int collect(struct push *p, const struct oci_descriptor *d, struct err *e);

static int collect_index(struct push *p, const struct oci_descriptor *d, struct slice text,
                         const struct oci_index *index, struct err *e)
{
	struct oci_platform host;
	const struct oci_descriptor *ours;
	int whole = all_there(p, index, e);

	if (whole < 0)
		return -1;
	if (!whole) {
		platform_host(&host);
		ours = platform_choose(index, &host, e);
		return ours ? collect(p, ours, e) : -1;
	}
	for (size_t i = 0; i < index->manifests.n; i++)
		if (collect(p, &index->manifests.v[i], e) < 0)
			return -1;
	arena_push(&p->arena, &p->manifests, ((struct manifest){ *d, text }));
	return 0;
}

static int collect(struct push *p, const struct oci_descriptor *d, struct err *e)
{
	struct oci_document doc;
	struct slice text;

	if (p->store->ops->read(p->store, d->digest, LIMIT_MANIFEST_BYTES, &p->arena, &text, e) <
	            0 ||
	    oci_document_decode(&p->arena, d->media_type, text, &doc, e) < 0)
		return -1;
	if (doc.kind == MEDIA_INDEX)
		return collect_index(p, d, text, &doc.index, e);
	for (size_t i = 0; i < doc.manifest.layers.n; i++)
		add_blob(p, &doc.manifest.layers.v[i]);
	add_blob(p, doc.manifest.config);
	arena_push(&p->arena, &p->manifests, ((struct manifest){ *d, text }));
	p->manifests.v[p->manifests.n - 1].d.media_type = doc.media_type;
	return 0;
}

/* ---- blobs ---- */

static void tell(struct push *p, const struct oci_descriptor *d, const char *status, int64_t done)
{
	if (media_kind(d->media_type) == MEDIA_LAYER)
		image_progress_tell(&p->layers, d->digest, status, done >= 0, MAX(done, 0),
		                    d->size);
}

struct sending {
	struct push *p;
	const struct oci_descriptor *d;
	int fd;
	int64_t done;
};

static int send_piece(void *user, const void *data, size_t n, struct err *e)
{
	struct sending *s = user;

	if (fd_write_all(s->fd, data, n, e) < 0)
		return -1;
	s->done += (int64_t)n;
	tell(s->p, s->d, "Pushing", s->done);
	if (progress_is_gone(s->p->progress))
		return err_set(e, ERR_CANCELED, "canceled");
	return 0;
}

/* A pipe that breaks is explained by the verdict: another repository had it, or what went wrong. */
static int send_blob(struct push *p, const struct oci_descriptor *d, struct err *e)
{
	struct blob_stream out;
	struct err broken = { 0 };
	struct sending s = { p, d, -1, 0 };
	int sent;

	if (registry_upload(p->registry, d, NULL, &out, e) < 0)
		return -1;
	s.fd = out.fd;
	sent = p->store->ops->stream(p->store, d->digest, send_piece, &s, &broken);
	if (registry_upload_end(p->registry, &out, e) < 0)
		return -1;
	if (sent < 0 && broken.errnum != EPIPE) {
		*e = broken;
		return -1;
	}
	return 0;
}

static int push_blob(struct push *p, const struct oci_descriptor *d, struct err *e)
{
	int there = registry_has(p->registry, d->digest, e);

	if (there < 0)
		return -1;
	if (!there && send_blob(p, d, e) < 0)
		return err_wrap(e, "blob %s", d->digest);
	tell(p, d, there ? "Layer already exists" : "Pushed", -1);
	return 0;
}

static const struct oci_descriptor *take_blob(struct push *p)
{
	const struct oci_descriptor *d = NULL;

	pthread_mutex_lock(&p->lock);
	if (!p->failed && p->next < p->blobs.n)
		d = &p->blobs.v[p->next++];
	pthread_mutex_unlock(&p->lock);
	return d;
}

static void *upload(void *arg)
{
	struct push *p = arg;
	const struct oci_descriptor *d;
	struct err e = { 0 };

	while ((d = take_blob(p)) != NULL) {
		if (push_blob(p, d, &e) == 0)
			continue;
		pthread_mutex_lock(&p->lock);
		if (!p->failed)
			p->err = e;
		p->failed = true;
		pthread_mutex_unlock(&p->lock);
	}
	return NULL;
}

static int push_blobs(struct push *p, struct err *e)
{
	int64_t most = engine_live(p->g)->max_uploads;
	size_t want = most > 0 ? (size_t)most : PARALLEL_DEFAULT, n = 0;
	pthread_t threads[PARALLEL_MAX];
	pthread_attr_t attr;

	want = MIN(MIN(want, PARALLEL_MAX), p->blobs.n);
	for (size_t i = 0; i < p->blobs.n; i++)
		tell(p, &p->blobs.v[i], i < want ? "Preparing" : "Waiting", -1);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	while (n + 1 < want && pthread_create(&threads[n], &attr, upload, p) == 0)
		n++;
	pthread_attr_destroy(&attr);
	upload(p); /* this thread is one of them */
	while (n > 0)
		pthread_join(threads[--n], NULL);
	if (p->failed)
		*e = p->err;
	return p->failed ? -1 : 0;
}

/* ---- manifests ---- */

static int put_manifests(struct push *p, const char *tag, struct err *e)
{
	for (size_t i = 0; i < p->manifests.n; i++) {
		const struct manifest *m = &p->manifests.v[i];
		bool last = i + 1 == p->manifests.n;

		if (registry_put_manifest(p->registry, last ? tag : m->d.digest, m->d.media_type,
		                          m->text, e) < 0)
			return -1;
	}
	return 0;
}

static void tell_end(struct push *p, const char *tag)
{
	const struct manifest *m = &p->manifests.v[p->manifests.n - 1];

	progress_say(p->progress, NULL, "%s: digest: %s size: %lld", tag, m->d.digest,
	             (long long)m->d.size);
	progress_aux(p->progress,
	             arena_printf(&p->arena, "{\"Tag\":\"%s\",\"Digest\":\"%s\",\"Size\":%lld}",
	                          tag, m->d.digest, (long long)m->d.size));
}

/* ---- all together ---- */

static int push_name(struct push *p, const struct image_name *name, const char *tag, struct err *e)
{
	p->blobs.n = p->manifests.n = p->next = 0;
	if (collect(p, &name->target, e) < 0 || push_blobs(p, e) < 0 ||
	    put_manifests(p, tag, e) < 0)
		return -1;
	tell_end(p, tag);
	image_event(p->g, "push", reference_familiar(&p->arena, p->ref),
	            reference_familiar_name(&p->arena, p->ref));
	return 0;
}

static int push_tags(struct push *p, struct err *e)
{
	const char *repository = reference_name(&p->arena, p->ref);
	struct image_names all;
	size_t pushed = 0;

	if (image_names(p->g, &p->arena, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		const char *tag = str_after(all.v[i].name, repository);

		if (!tag || *tag != ':' || (p->ref->tag && !str_eq(tag + 1, p->ref->tag)))
			continue;
		if (push_name(p, &all.v[i], tag + 1, e) < 0)
			return -1;
		pushed++;
	}
	if (pushed > 0)
		return 0;
	return err_set(e, ERR_NOT_FOUND, "An image does not exist locally with the tag: %s",
	               reference_familiar_name(&p->arena, p->ref));
}

static int run(struct push *p, const struct registry_auth *auth, struct err *e)
{
	progress_say(p->progress, NULL, "The push refers to repository [%s]",
	             reference_name(&p->arena, p->ref));
	p->registry = image_registry_open(p->g, p->ref, auth, true, p->progress, e);
	p->store = image_store_open(p->g->ctrd, p->g->opt.storage_driver, IMAGE_STORE_WRITE, e);
	return p->registry && p->store ? push_tags(p, e) : -1;
}

int image_push(struct engine *g, const struct reference *ref, const struct registry_auth *auth,
               struct progress *progress, struct err *e)
{
	struct push p = {
		.g = g, .ref = ref, .progress = progress, .lock = PTHREAD_MUTEX_INITIALIZER
	};
	int r;

	(void)image_progress_begin(&p.layers, progress, image_pull_states);
	r = run(&p, auth, e);
	image_store_close(p.store);
	registry_free(p.registry);
	arena_free(&p.arena);
	return r;
}
