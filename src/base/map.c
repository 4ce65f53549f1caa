/* Open addressing with linear probing, FNV-1a. See map.h. */
#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static char gone[1];

static uint64_t hash(const char *s)
{
	uint64_t h = 14695981039346656037ULL;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211ULL;
	return h ^ (h >> 32);
}

/* The slot of the key, or the first free one for it. NULL only when the map has no slots. */
static struct map_slot *find(const struct map *m, const char *key)
{
	struct map_slot *removed = NULL;
	size_t i;

	if (m->cap == 0)
		return NULL;
	for (i = hash(key) & (m->cap - 1); m->slots[i].key; i = (i + 1) & (m->cap - 1)) {
		if (m->slots[i].key == gone)
			removed = removed ? removed : &m->slots[i];
		else if (strcmp(m->slots[i].key, key) == 0)
			return &m->slots[i];
	}
	return removed ? removed : &m->slots[i];
}

static void rehash(struct map *m, size_t cap)
{
	struct map old = *m;

	m->slots = calloc(cap, sizeof(*m->slots));
	if (!m->slots)
		abort();
	m->cap = cap;
	m->filled = m->used;
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key && old.slots[i].key != gone)
			*find(m, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

static bool live(const struct map_slot *s)
{
	return s && s->key && s->key != gone;
}

void *map_get(const struct map *m, const char *key)
{
	struct map_slot *s = find(m, key);

	return live(s) ? s->value : NULL;
}

void *map_set(struct map *m, const char *key, void *value)
{
	struct map_slot *s;
	void *old;

	if ((m->filled + 1) * 4 > m->cap * 3)
		rehash(m, m->used * 2 < 8 ? 16 : m->used * 4 > m->cap * 2 ? m->cap * 2 : m->cap);
	s = find(m, key);
	if (live(s)) {
		old = s->value;
		s->value = value;
		return old;
	}
	m->filled += s->key == NULL;
	m->used++;
	s->key = strdup(key);
	if (!s->key)
		abort();
	s->value = value;
	return NULL;
}

void *map_remove(struct map *m, const char *key)
{
	struct map_slot *s = find(m, key);
	void *old;

	if (!live(s))
		return NULL;
	old = s->value;
	free(s->key);
	*s = (struct map_slot){ .key = gone };
	m->used--;
	return old;
}

bool map_next(const struct map *m, size_t *i, const char **key, void **value)
{
	while (*i < m->cap) {
		struct map_slot *s = &m->slots[(*i)++];

		if (!live(s))
			continue;
		*key = s->key;
		*value = s->value;
		return true;
	}
	return false;
}

void map_free(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		if (live(&m->slots[i]))
			free(m->slots[i].key);
	free(m->slots);
	*m = (struct map){ 0 };
}
