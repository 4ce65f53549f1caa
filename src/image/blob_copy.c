/* One blob on its way. See blob_copy.h. */
#include "image/blob_copy.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>
#include "base/limits.h"

#define CHUNK       (512 * KIB)
#define PATIENCE_MS 500 /* between two looks at whether the image is still wanted */
#define BUSY_NS     (50 * 1000000L)
#define BUSY_MAX    (20 * 60 * 10) /* ten minutes: somebody else downloads it */

void blob_tell(const struct install *in, const struct oci_descriptor *blob, enum layer_state state,
               int64_t current)
{
	const struct install_progress *p = in->progress;

	if (p)
		p->layer(p->user, blob->digest, state, current, blob->size);
}

/* "distribution.source.<host>" = repository: where containerd's clients may fetch it again. */
void blob_add_source(const struct install *in, struct arena *a, struct json_map *labels)
{
	if (in->source->host)
		json_map_set(a, labels, arena_printf(a, LABEL_SOURCE "%s", in->source->host),
		             in->source->repository);
}

static int check_wanted(const struct blob_copy *c, struct err *e)
{
	const struct install_progress *p = c->in->progress;

	if ((c->stop && atomic_load(c->stop)) || (p && p->canceled(p->user)))
		return err_set(e, ERR_CANCELED, "canceled");
	return 0;
}

struct blob_writer *blob_begin(const struct blob_copy *c, int64_t *offset, struct err *e)
{
	static const struct timespec pause = { 0, BUSY_NS };
	struct image_store *s = c->in->store;

	for (int i = 0;; i++) {
		struct blob_writer *w = s->ops->begin(s, c->blob, offset, e);

		if (w || e->kind != ERR_ABORTED || i == BUSY_MAX)
			return w;
		err_clear(e);
		if (check_wanted(c, e) < 0)
			return NULL;
		nanosleep(&pause, NULL);
	}
}

/* Waits for bytes; their number, 0 at the end. */
static ssize_t read_chunk(const struct blob_copy *c, struct blob_stream *s, char *chunk,
                          struct err *e)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	size_t want = s->left >= 0 ? MIN((size_t)s->left, CHUNK) : CHUNK;
	ssize_t n;

	do {
		if (check_wanted(c, e) < 0)
			return -1;
	} while (poll(&p, 1, PATIENCE_MS) == 0);
	n = want > 0 ? read(s->fd, chunk, want) : 0;
	if (n < 0)
		return err_errno(e, errno, "read");
	s->left -= s->left > 0 ? n : 0;
	return n;
}

/* The size is checked here so that no source fills the disk. */
static int copy_bytes(const struct blob_copy *c, struct blob_stream *s, struct blob_writer *w,
                      int64_t done, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	char *chunk = arena_alloc(&a, CHUNK);
	ssize_t n;

	while ((n = read_chunk(c, s, chunk, e)) > 0) {
		done += n;
		if (done > c->blob->size)
			return err_set(e, ERR_DATA_LOSS,
			               "more than the %lld bytes that were announced",
			               (long long)c->blob->size);
		if (c->in->store->ops->add(w, chunk, (size_t)n, e) < 0)
			return -1;
		blob_tell(c->in, c->blob, LAYER_DOWNLOADING, done);
	}
	return (int)n;
}

static int transfer(const struct blob_copy *c, struct blob_writer *w, int64_t offset, struct err *e)
{
	struct image_source *src = c->in->source;
	struct blob_stream stream;
	struct err ignored;
	int r;

	if (src->ops->open(src, c->blob, offset, &stream, e) < 0)
		return -1;
	r = copy_bytes(c, &stream, w, offset, e);
	if (r < 0)
		(void)!src->ops->close(src, &stream, &ignored);
	else
		r = src->ops->close(src, &stream, e);
	return r;
}

static int commit(const struct blob_copy *c, struct blob_writer *w, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct json_map labels = { 0 };

	blob_tell(c->in, c->blob, LAYER_VERIFYING, 0);
	for (size_t i = 0; i < c->labels->n; i++)
		json_map_set(&a, &labels, c->labels->v[i].key, c->labels->v[i].value);
	blob_add_source(c->in, &a, &labels);
	return c->in->store->ops->commit(w, &labels, e);
}

static bool is_wrong(const struct err *e)
{
	return e->kind == ERR_PRECONDITION || e->kind == ERR_DATA_LOSS;
}

/*
 * A blob that is wrong is forgotten, and one that fills the disk, which would stay full; one that
 * is unfinished stays, to be resumed at *offset.
 */
static int write_once(const struct blob_copy *c, int64_t *offset, struct err *e)
{
	struct blob_writer *w = blob_begin(c, offset, e);
	int r;

	if (!w)
		return -1;
	blob_tell(c->in, c->blob, LAYER_DOWNLOADING, *offset);
	r = *offset < c->blob->size ? transfer(c, w, *offset, e) : 0;
	if (r == 0)
		r = commit(c, w, e);
	c->in->store->ops->end(w, r < 0 && (is_wrong(e) || e->kind == ERR_EXHAUSTED));
	return r;
}

/* The fault may lie in what an earlier try left: then once more, from the start. */
static int write_blob(const struct blob_copy *c, struct err *e)
{
	int64_t offset = 0;
	int r = write_once(c, &offset, e);

	if (r < 0 && is_wrong(e) && offset > 0) {
		err_clear(e);
		r = write_once(c, &offset, e);
	}
	if (r < 0 && is_wrong(e))
		return err_wrap(e, "filesystem layer verification failed for digest %s",
		                c->blob->digest);
	return r;
}

int blob_copy(const struct blob_copy *c, struct err *e)
{
	int there = c->in->store->ops->has(c->in->store, c->blob->digest, e);

	if (there < 0)
		return -1;
	if (there)
		return 0;
	if (write_blob(c, e) < 0) {
		if (e->kind != ERR_ALREADY_EXISTS)
			return err_wrap(e, "layer %s", c->blob->digest);
		err_clear(e); /* somebody else was faster */
	}
	blob_tell(c->in, c->blob, LAYER_DOWNLOADED, 0);
	return 0;
}
