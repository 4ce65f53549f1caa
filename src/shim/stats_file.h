/* The text files of control groups, read into protobuf messages. */
#ifndef SHIM_STATS_FILE_H
#define SHIM_STATS_FILE_H

#include "rpc/wkt.h"

/* A file's text, or "" when the kernel has no such file (or dir is NULL). */
char *stat_read_text(struct arena *a, const char *dir, const char *name);

/* The next line, cut off in place; NULL at the end. */
char *stat_next_line(char **text);

/* Splits a line at blanks, in place, into at most max words; returns how many. */
size_t stat_split(char *line, char **words, size_t max);

/* "max" is no limit: the largest number. */
bool stat_number(const char *word, uint64_t *out);

bool stat_read_number(struct arena *a, const char *dir, const char *name, uint64_t *out);

/* Sets a message's field from a file with one number, if there is such a file. */
#define STAT_READ(a, message, field, dir, name)                \
	do {                                                   \
		uint64_t _v;                                   \
		if (stat_read_number((a), (dir), (name), &_v)) \
			pb_set((message), field, _v);          \
	} while (0)

/* A file of "key number" lines sets the fields of a message that the table names. */
struct stat_key {
	const char *name;
	size_t has, value;
};
#define STAT_KEY(type, key, field)                                      \
	{                                                               \
		key, offsetof(type, has_##field), offsetof(type, field) \
	}

void stat_read_keys(struct arena *a, const char *dir, const char *name, const struct stat_key *keys,
                    size_t n, void *message);
void stat_set(const struct stat_key *key, void *message, uint64_t value);

#endif
