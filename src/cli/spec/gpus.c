/* See gpus.h. */
#include "cli/spec/gpus.h"

#include "cli/format/units.h"
#include "cli/spec/csv.h"

static int set_count(const char *value, int64_t *out, struct err *e)
{
	*out = -1;
	if (str_eq(value, "all") || number_parse(value, INT32_MIN, INT32_MAX, "", out, NULL) == 0)
		return 0;
	return err_set(e, ERR_INVALID,
	               "invalid count (%s): value must be either \"all\" or an "
	               "integer: invalid syntax",
	               value);
}

/* Comma-separated values, which stand in quotes in the record around them. */
static void split(struct arena *a, const char *value, struct strs *out)
{
	while (*value) {
		size_t n = strcspn(value, ",");

		arena_push(a, out, arena_strndup(a, value, n));
		value += n + (value[n] == ',');
	}
}

/* The daemon wants a list of lists: any of them, each with all of its capabilities. */
static struct slice capabilities(struct arena *a, const struct strs *names)
{
	_cleanup_buf_ struct buf b = { 0 };

	buf_adds(&b, "[[\"gpu\"");
	for (size_t i = 0; i < names->n; i++) {
		if (str_eq(names->v[i], "gpu"))
			continue;
		buf_addc(&b, ',');
		json_quote(&b, slice_of(names->v[i]));
	}
	buf_adds(&b, "]]");
	return slice_of(arena_strdup(a, buf_cstr(&b)));
}

static int set_field(struct arena *a, const char *field, struct api_device_request *out,
                     struct strs *caps, struct err *e)
{
	const char *key, *value;
	struct strs pairs = { 0 };

	csv_pair(a, field, &key, &value);
	if (!value)
		return set_count(field, &out->count, e);
	if (str_eq(key, "driver"))
		out->driver = value;
	else if (str_eq(key, "count"))
		return set_count(value, &out->count, e);
	else if (str_eq(key, "device"))
		split(a, value, &out->device_ids);
	else if (str_eq(key, "capabilities"))
		split(a, value, caps);
	else if (!str_eq(key, "options"))
		return err_set(e, ERR_INVALID, "unexpected key '%s' in '%s'", key, field);
	else
		split(a, value, &pairs);
	for (size_t i = 0; i < pairs.n; i++) {
		csv_pair(a, pairs.v[i], &key, &value);
		json_map_set(a, &out->options, key, value ? value : "");
	}
	return 0;
}

int gpus_parse(struct arena *a, const char *text, struct api_device_request *out, struct err *e)
{
	struct strs fields, caps = { 0 };

	*out = (struct api_device_request){ .driver = "" };
	if (csv_split(a, text, &fields, e) < 0)
		return -1;
	for (size_t i = 0; i < fields.n; i++)
		if (set_field(a, fields.v[i], out, &caps, e) < 0)
			return -1;
	if (!out->count && !out->device_ids.n)
		out->count = 1;
	out->capabilities = capabilities(a, &caps);
	return 0;
}
