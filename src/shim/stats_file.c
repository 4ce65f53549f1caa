/* Text files of control groups. See stats_file.h. */
#include "shim/stats_file.h"

#include <fcntl.h>
#include "base/file.h"
#include "base/limits.h"

char *stat_read_text(struct arena *a, const char *dir, const char *name)
{
	struct slice text;

	if (!dir ||
	    file_read(a, AT_FDCWD, path_join(a, dir, name), LIMIT_CONFIG_FILE, &text, NULL) < 0)
		return arena_strdup(a, "");
	return arena_strndup(a, text.data, text.len);
}

char *stat_next_line(char **text)
{
	char *line = *text, *end = line + strcspn(line, "\n");

	if (!*line)
		return NULL;
	*text = end + (*end == '\n');
	*end = '\0';
	return line;
}

size_t stat_split(char *line, char **words, size_t max)
{
	size_t n = 0;

	while (n < max && *(line += strspn(line, " \t"))) {
		words[n++] = line;
		line += strcspn(line, " \t");
		if (*line)
			*line++ = '\0';
	}
	return n;
}

bool stat_number(const char *word, uint64_t *out)
{
	if (str_eq(word, "max")) {
		*out = UINT64_MAX;
		return true;
	}
	return str_u64(word, out);
}

bool stat_read_number(struct arena *a, const char *dir, const char *name, uint64_t *out)
{
	char *text = stat_read_text(a, dir, name), *line = stat_next_line(&text);

	return line && stat_number(line, out);
}

void stat_set(const struct stat_key *key, void *message, uint64_t value)
{
	*(protobuf_c_boolean *)(void *)((char *)message + key->has) = 1;
	*(uint64_t *)(void *)((char *)message + key->value) = value;
}

void stat_read_keys(struct arena *a, const char *dir, const char *name, const struct stat_key *keys,
                    size_t n, void *message)
{
	char *text = stat_read_text(a, dir, name), *line, *words[2];
	uint64_t value;

	while ((line = stat_next_line(&text))) {
		if (stat_split(line, words, 2) != 2 || !stat_number(words[1], &value))
			continue;
		for (size_t i = 0; i < n; i++) {
			if (!str_eq(keys[i].name, words[0]))
				continue;
			stat_set(&keys[i], message, value);
		}
	}
}
