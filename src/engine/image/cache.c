/* See cache.h. A ring of entries: a new one takes the place of the oldest. */
#include "engine/image/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include "base/limits.h"
#include "base/mem.h"

#define ENTRIES   32
#define BYTES_MAX (32 * KIB) /* of one entry: 1 MiB for all */

struct entry {
	const char *key; /* NULL: free */
	struct image_documents documents;
	struct arena arena; /* of all that the entry points to */
};

struct image_cache {
	pthread_mutex_t lock;
	size_t next;
	struct entry v[ENTRIES];
};

struct image_cache *image_cache_new(void)
{
	struct image_cache *c = xalloc(sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	return c;
}

static struct slice copy_text(struct arena *a, struct slice s)
{
	return (struct slice){ arena_strndup(a, s.data, s.len), s.len };
}

static struct image_documents copy(struct arena *a, const struct image_documents *d)
{
	return (struct image_documents){
		.manifest = { .media_type = arena_strdup(a, d->manifest.media_type),
		              .digest = arena_strdup(a, d->manifest.digest),
		              .size = d->manifest.size },
		.manifest_text = copy_text(a, d->manifest_text),
		.config_text = copy_text(a, d->config_text),
	};
}

static struct entry *find(struct image_cache *c, const char *key)
{
	for (size_t i = 0; i < ENTRIES; i++)
		if (c->v[i].key && str_eq(c->v[i].key, key))
			return &c->v[i];
	return NULL;
}

bool image_cache_get(struct image_cache *c, const char *key, struct arena *a,
                     struct image_documents *out)
{
	struct entry *x;

	pthread_mutex_lock(&c->lock);
	x = find(c, key);
	if (x)
		*out = copy(a, &x->documents);
	pthread_mutex_unlock(&c->lock);
	return x;
}

void image_cache_put(struct image_cache *c, const char *key, const struct image_documents *d)
{
	struct entry *x;

	if (d->manifest_text.len + d->config_text.len > BYTES_MAX)
		return;
	pthread_mutex_lock(&c->lock);
	if (!find(c, key)) {
		x = &c->v[c->next++ % ENTRIES];
		arena_free(&x->arena);
		x->key = arena_strdup(&x->arena, key);
		x->documents = copy(&x->arena, d);
	}
	pthread_mutex_unlock(&c->lock);
}
