/* Changing config.json: the file is read as a tree, one entry of it replaced, all written anew. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "cli/client/config.h"

static struct json_value *member_of(struct json_value *object, const char *key)
{
	for (size_t i = 0; i < object->n; i++)
		if (str_eq(object->keys[i], key))
			return &object->values[i];
	return NULL;
}

/* The member, made empty at the front when it is missing. */
static struct json_value *need_member(struct arena *a, struct json_value *object, const char *key)
{
	struct json_value *there = member_of(object, key), *values;
	const char **keys;

	if (there)
		return there;
	keys = arena_array(a, const char *, object->n + 1);
	values = arena_array(a, struct json_value, object->n + 1);
	keys[0] = key;
	values[0] = (struct json_value){ .kind = JV_OBJECT };
	for (size_t i = 0; i < object->n; i++) {
		keys[i + 1] = object->keys[i];
		values[i + 1] = object->values[i];
	}
	object->keys = keys;
	object->values = values;
	object->n++;
	return &object->values[0];
}

static bool drop_member(struct json_value *object, const char *key)
{
	for (size_t i = 0; i < object->n; i++) {
		if (!str_eq(object->keys[i], key))
			continue;
		for (size_t k = i + 1; k < object->n; k++) {
			object->keys[k - 1] = object->keys[k];
			object->values[k - 1] = object->values[k];
		}
		object->n--;
		return true;
	}
	return false;
}

/* What is no JSON was warned of when the program began; it is written anew. */
static void read_tree(struct arena *a, const char *path, struct json_value *out)
{
	struct slice text;

	if (file_read(a, AT_FDCWD, path, LIMIT_CONFIG_FILE, &text, NULL) < 0 ||
	    json_parse(a, text, out, NULL) < 0 || out->kind != JV_OBJECT)
		*out = (struct json_value){ .kind = JV_OBJECT };
}

/* A link stays a link: what it leads to is replaced. */
static const char *real_path(struct arena *a, const char *path)
{
	char text[PATH_MAX];

	return realpath(path, text) ? arena_strdup(a, text) : path;
}

int config_set_auth(struct arena *a, const char *dir, const char *registry, const char *entry,
                    struct err *e)
{
	const char *path = real_path(a, path_join(a, dir, "config.json"));
	_cleanup_buf_ struct buf text = { 0 };
	struct json_value tree, *auths, *place;

	read_tree(a, path, &tree);
	if (!entry && !member_of(&tree, "auths"))
		return 0;
	auths = need_member(a, &tree, "auths");
	if (!entry && !drop_member(auths, registry))
		return 0;
	if (entry) {
		place = need_member(a, auths, registry);
		if (json_parse(a, slice_of(entry), place, e) < 0)
			return -1;
	}
	json_write(&text, &tree, "\t");
	if (dir_make(dir, 0700, e) < 0)
		return -1;
	return file_replace_path(path, text.data, text.len, 0600, FILE_DURABLE, e);
}
