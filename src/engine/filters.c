/* See filters.h. */
#include "engine/filters.h"

#include "base/clock.h"

#include "base/pattern.h"

static int value_list(struct arena *a, const char *name, const struct json_value *v,
                      struct strs *out, struct err *e)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct json_value *x = &v->values[i];

		if (v->kind == JV_OBJECT && x->kind == JV_BOOL) {
			if (x->boolean)
				arena_push(a, out, v->keys[i]);
			continue;
		}
		if (v->kind != JV_ARRAY || x->kind != JV_STRING)
			return err_set(e, ERR_INVALID,
			               "invalid filter '%s': expected a list of strings", name);
		arena_push(a, out, arena_strndup(a, x->text.data, x->text.len));
	}
	if (v->kind != JV_ARRAY && v->kind != JV_OBJECT && v->kind != JV_NULL)
		return err_set(e, ERR_INVALID, "invalid filter '%s': expected a list of strings",
		               name);
	return 0;
}

static bool is_allowed(const char *name, const char *const *allowed)
{
	for (; *allowed; allowed++)
		if (str_eq(*allowed, name))
			return true;
	return false;
}

int filters_parse(struct arena *a, const char *text, const char *const *allowed,
                  struct filters *out, struct err *e)
{
	struct json_value doc;

	*out = (struct filters){ 0 };
	if (str_empty(text))
		return 0;
	if (json_parse(a, slice_of(text), &doc, e) < 0)
		return err_wrap(e, "invalid filter");
	if (doc.kind != JV_OBJECT)
		return err_set(e, ERR_INVALID, "invalid filter: expected an object");
	for (size_t i = 0; i < doc.n; i++) {
		struct json_strs_pair pair = { .key = doc.keys[i] };

		if (!is_allowed(pair.key, allowed))
			return err_set(e, ERR_INVALID, "invalid filter '%s'", pair.key);
		if (value_list(a, pair.key, &doc.values[i], &pair.value, e) < 0)
			return -1;
		if (pair.value.n > 0)
			arena_push(a, &out->names, pair);
	}
	return 0;
}

struct strs filters_get(const struct filters *f, const char *name)
{
	for (size_t i = 0; i < f->names.n; i++)
		if (str_eq(f->names.v[i].key, name))
			return f->names.v[i].value;
	return (struct strs){ 0 };
}

bool filters_has(const struct filters *f, const char *name)
{
	return filters_get(f, name).n > 0;
}

typedef bool match_fn(const char *filter, const char *value);

static bool any(const struct filters *f, const char *name, const char *value, match_fn *fn)
{
	struct strs s = filters_get(f, name);

	for (size_t i = 0; i < s.n; i++)
		if (fn(s.v[i], value ? value : ""))
			return true;
	return s.n == 0;
}

static bool is_equal(const char *filter, const char *value)
{
	return str_eq(filter, value);
}

static bool is_prefix(const char *filter, const char *value)
{
	return str_starts(value, filter);
}

static bool is_match(const char *filter, const char *value)
{
	regex_t re;
	bool hit;

	if (strstr(value, filter))
		return true;
	if (!regex_compile(&re, filter))
		return false;
	hit = regexec(&re, value, 0, NULL, 0) == 0;
	regfree(&re);
	return hit;
}

bool filters_equal(const struct filters *f, const char *name, const char *value)
{
	return any(f, name, value, is_equal);
}

bool filters_prefix(const struct filters *f, const char *name, const char *value)
{
	return any(f, name, value, is_prefix);
}

bool filters_match(const struct filters *f, const char *name, const char *value)
{
	return any(f, name, value, is_match);
}

static bool has_label(const char *filter, const struct json_map *labels)
{
	size_t n = strcspn(filter, "=");

	for (size_t i = 0; i < labels->n; i++) {
		if (!slice_eq((struct slice){ filter, n }, labels->v[i].key))
			continue;
		return !filter[n] || str_eq(filter + n + 1, labels->v[i].value);
	}
	return false;
}

bool filters_labels(const struct filters *f, const char *name, const struct json_map *labels)
{
	struct strs s = filters_get(f, name);

	for (size_t i = 0; i < s.n; i++)
		if (!has_label(s.v[i], labels))
			return false;
	return true;
}

int filters_bool(const struct filters *f, const char *name, int absent, struct err *e)
{
	struct strs s = filters_get(f, name);
	const char *v = s.n ? s.v[0] : NULL;

	if (!v)
		return absent;
	if (s.n == 1 && (str_ieq(v, "true") || str_eq(v, "1")))
		return 1;
	if (s.n == 1 && (str_ieq(v, "false") || str_eq(v, "0")))
		return 0;
	return err_set(e, ERR_INVALID, "invalid filter '%s=%s'", name, v);
}

/* "1h30m", as Go writes durations of this size. False when it is something else. */
static bool parse_duration(const char *s, int64_t *ns)
{
	static const struct {
		char unit;
		int64_t ns;
	} units[] = { { 'h', 3600 * NS_PER_S }, { 'm', 60 * NS_PER_S }, { 's', NS_PER_S } };

	*ns = 0;
	if (!*s)
		return false;
	while (*s) {
		char *end;
		unsigned long n = strtoul(s, &end, 10);
		size_t i = 0;

		while (i < ARRAY_LEN(units) && units[i].unit != *end)
			i++;
		if (end == s || i == ARRAY_LEN(units) || n > 1000000)
			return false;
		*ns += (int64_t)n * units[i].ns;
		s = end + 1;
	}
	return true;
}

int filters_until(const struct filters *f, int64_t *ns, struct err *e)
{
	struct strs given = filters_get(f, "until");
	int64_t number;

	*ns = INT64_MAX;
	if (given.n == 0)
		return 0;
	if (given.n > 1)
		return err_set(e, ERR_INVALID, "more than one until filter specified");
	if (parse_duration(given.v[0], ns)) {
		*ns = clock_now_ns() - *ns;
		return 0;
	}
	if (str_i64(given.v[0], &number) && number < INT64_MAX / NS_PER_S) {
		*ns = number * NS_PER_S;
		return 0;
	}
	return clock_parse(given.v[0], ns)
	               ? 0
	               : err_set(e, ERR_INVALID, "invalid until filter: \"%s\"", given.v[0]);
}
