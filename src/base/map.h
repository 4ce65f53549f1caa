/*
 * A hash map from strings to pointers. The map owns copies of its keys, never its values.
 * Iteration order is unspecified. Not thread-safe.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map_slot {
	char *key; /* NULL: never used; MAP_GONE: removed */
	void *value;
};

struct map {
	struct map_slot *slots;
	size_t cap, used, filled; /* filled counts removed slots too */
};

void map_free(struct map *m);
void *map_get(const struct map *m, const char *key); /* NULL when absent */
void *map_set(struct map *m, const char *key,
              void *value);                       /* returns the value replaced, or NULL */
void *map_remove(struct map *m, const char *key); /* returns the value removed, or NULL */

/* for (size_t i = 0; map_next(&m, &i, &key, &value);) ... ; removing the current entry is fine. */
bool map_next(const struct map *m, size_t *i, const char **key, void **value);

#endif
