/* Values of flags and keys: from text, from JSON, and whether two are the same. See flags.h. */
#include "engine/daemon/flags_internal.h"

#include "engine/spec/ulimits.h"

/* ---- from text ---- */

static bool parse_bool(const char *s, bool *out)
{
	static const char *const yes[] = { "1", "t", "true" }, *const no[] = { "0", "f", "false" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (str_ieq(s, yes[i]) || str_ieq(s, no[i])) {
			*out = str_ieq(s, yes[i]);
			return true;
		}
	}
	return false;
}

/* "64m", "1GiB", "512": powers of 1024, as Docker reads sizes of memory. */
static bool parse_bytes(const char *s, int64_t *out)
{
	static const char units[] = "bkmgt";
	size_t digits = strspn(s, "0123456789");
	char number[24];
	uint64_t n, shift = 0;
	const char *unit = s + digits, *at;

	if (digits == 0 || digits >= sizeof(number))
		return false;
	str_copy(number, digits + 1, s);
	if (!str_u64(number, &n))
		return false;
	if (*unit) {
		char c = (char)(*unit | 0x20);

		at = strchr(units, c);
		if (!at || (unit[1] && !str_ieq(unit + 1, "b") && !str_ieq(unit + 1, "ib")))
			return false;
		shift = (uint64_t)(at - units) * 10;
	}
	if (n > (uint64_t)INT64_MAX >> shift)
		return false;
	*out = (int64_t)(n << shift);
	return true;
}

static bool add_pair(struct arena *a, struct json_map *map, const char *text, bool boolean)
{
	const char *eq = strchr(text, '=');
	bool ignored;

	if (!eq || eq == text || (boolean && !parse_bool(eq + 1, &ignored)))
		return false;
	json_map_set(a, map, arena_strndup(a, text, (size_t)(eq - text)), eq + 1);
	return true;
}

/* "nofile=1024:2048", "nofile=1024". */
static int add_ulimit(struct arena *a, struct ulimits *out, const char *text, struct err *e)
{
	size_t n = strcspn(text, "=");
	struct api_ulimit u = { .name = arena_strndup(a, text, n) };
	const char *colon = strchr(text, ':');
	const char *soft = text[n] ? text + n + 1 : "";

	if (colon)
		soft = arena_strndup(a, soft, (size_t)(colon - soft));
	if (n == 0 || !str_i64(soft, &u.soft) || !str_i64(colon ? colon + 1 : soft, &u.hard))
		return err_set(e, ERR_INVALID, "invalid ulimit argument: %s", text);
	if (ulimit_check(&u, e) < 0)
		return -1;
	arena_push(a, out, u);
	return 0;
}

static int add_runtime(struct arena *a, struct runtimes *out, struct runtime r, struct err *e)
{
	if (str_eq(r.name, "runc") || str_starts(r.name, "io.containerd."))
		return err_set(e, ERR_INVALID, "runtime name '%s' is reserved", r.name);
	if (str_empty(r.name) || str_empty(r.path) || strchr(r.name, '/'))
		return err_set(e, ERR_INVALID, "invalid runtime '%s': expected name=path", r.name);
	for (size_t i = 0; i < out->n; i++)
		if (str_eq(out->v[i].name, r.name))
			return err_set(e, ERR_INVALID, "runtime '%s' was already registered",
			               r.name);
	arena_push(a, out, r);
	return 0;
}

static int add_runtime_text(struct arena *a, struct runtimes *out, const char *text, struct err *e)
{
	size_t n = strcspn(text, "=");
	struct runtime r = { .name = arena_strndup(a, text, n) };

	r.path = text[n] ? arena_strdup(a, text + n + 1) : "";
	return add_runtime(a, out, r, e);
}

static int refuse(const struct flag *f, const char *value, struct err *e)
{
	if (str_eq(f->harmless, value))
		return 0;
	return err_set(e, ERR_UNIMPLEMENTED, "\"%s\" is not supported: %s",
	               f->name ? f->name : f->key, f->text);
}

int flag_set(struct arena *a, const struct flag *f, struct options *o, const char *value,
             struct err *e)
{
	void *at = (char *)o + f->offset;
	struct json_opt_bool *tri = at;
	bool ok = true;

	if (f->check && f->check(value, e) < 0)
		return -1;
	value = arena_strdup(a, value);
	switch (f->kind) {
	case F_STR:
		*(const char **)at = value;
		break;
	case F_BOOL:
		ok = parse_bool(value, at);
		break;
	case F_TRI:
		ok = tri->set = parse_bool(value, &tri->value);
		break;
	case F_INT:
		ok = str_i64(value, at);
		break;
	case F_BYTES:
		ok = parse_bytes(value, at);
		break;
	case F_LIST:
	case F_POOLS:
		arena_push(a, (struct strs *)at, value);
		break;
	case F_MAP:
	case F_BOOLMAP:
		ok = add_pair(a, at, value, f->kind == F_BOOLMAP);
		break;
	case F_ULIMITS:
		return add_ulimit(a, at, value, e);
	case F_RUNTIMES:
		return add_runtime_text(a, at, value, e);
	case F_REFUSED:
		return refuse(f, value, e);
	}
	if (!ok)
		return err_set(e, ERR_INVALID, "invalid value \"%s\"", value);
	return 0;
}

/* ---- from JSON ---- */

/* A scalar as the text that the command line would have given. */
static const char *scalar(struct arena *a, const struct json_value *v)
{
	switch (v->kind) {
	case JV_BOOL:
		return v->boolean ? "true" : "false";
	case JV_NUMBER:
	case JV_STRING:
		return arena_strndup(a, v->text.data, v->text.len);
	default:
		return NULL;
	}
}

static const char *member(struct arena *a, const struct json_value *v, const char *key)
{
	const struct json_value *m = v->kind == JV_OBJECT ? json_member(v, key) : NULL;
	const char *text = m ? scalar(a, m) : NULL;

	return text ? text : "";
}

#define BIT(kind) (1u << (kind))

/* What a value of each kind may be written as in JSON, and in words. */
static const struct {
	unsigned json, items;
	const char *words;
} shapes[] = {
	[F_STR] = { BIT(JV_STRING), 0, "a string" },
	[F_BOOL] = { BIT(JV_BOOL), 0, "true or false" },
	[F_TRI] = { BIT(JV_BOOL), 0, "true or false" },
	[F_INT] = { BIT(JV_NUMBER), 0, "an integer" },
	[F_BYTES] = { BIT(JV_NUMBER) | BIT(JV_STRING), 0, "a size" },
	[F_LIST] = { BIT(JV_ARRAY), BIT(JV_STRING), "an array of strings" },
	[F_MAP] = { BIT(JV_OBJECT), BIT(JV_STRING), "an object of strings" },
	[F_BOOLMAP] = { BIT(JV_OBJECT), BIT(JV_BOOL), "an object of booleans" },
	[F_ULIMITS] = { BIT(JV_OBJECT), BIT(JV_OBJECT), "an object of ulimits" },
	[F_RUNTIMES] = { BIT(JV_OBJECT), BIT(JV_OBJECT), "an object of runtimes" },
	[F_POOLS] = { BIT(JV_ARRAY), BIT(JV_OBJECT), "an array of pools" },
	[F_REFUSED] = { ~0u, ~0u, "" },
};

static bool has_shape(const struct flag *f, const struct json_value *v)
{
	if (!(shapes[f->kind].json & BIT(v->kind)))
		return false;
	for (size_t i = 0; i < v->n; i++)
		if (!(shapes[f->kind].items & BIT(v->values[i].kind)))
			return false;
	return true;
}

static int runtime_from_json(struct arena *a, const char *name, const struct json_value *v,
                             struct runtimes *out, struct err *e)
{
	struct runtime r = { .name = name, .path = member(a, v, "path") };
	const struct json_value *args = json_member(v, "runtimeArgs");

	for (size_t i = 0; i < v->n; i++)
		if (!str_eq(v->keys[i], "path") && !str_eq(v->keys[i], "runtimeArgs"))
			return err_set(e, ERR_UNIMPLEMENTED,
			               "runtime '%s': \"%s\" is not supported: a runtime is a "
			               "program with runc's command line",
			               name, v->keys[i]);
	for (size_t i = 0; args && i < args->n; i++) {
		const char *text = scalar(a, &args->values[i]);

		if (text)
			arena_push(a, &r.args, text);
	}
	return add_runtime(a, out, r, e);
}

static int set_item(struct arena *a, const struct flag *f, struct options *o, const char *key,
                    const struct json_value *v, struct err *e)
{
	const char *text = scalar(a, v);

	switch (f->kind) {
	case F_MAP:
	case F_BOOLMAP:
		return flag_set(a, f, o, arena_printf(a, "%s=%s", key, text), e);
	case F_ULIMITS:
		return flag_set(a, f, o,
		                arena_printf(a, "%s=%s:%s", key, member(a, v, "Soft"),
		                             member(a, v, "Hard")),
		                e);
	case F_RUNTIMES:
		return runtime_from_json(a, key, v, (void *)((char *)o + f->offset), e);
	case F_POOLS:
		return flag_set(a, f, o,
		                arena_printf(a, "base=%s,size=%s", member(a, v, "base"),
		                             member(a, v, "size")),
		                e);
	default:
		return flag_set(a, f, o, text ? text : "", e);
	}
}

int flag_set_json(struct arena *a, const struct flag *f, struct options *o,
                  const struct json_value *v, struct err *e)
{
	if (v->kind == JV_NULL)
		return 0;
	if (!has_shape(f, v))
		return err_set(e, ERR_INVALID, "expected %s", shapes[f->kind].words);
	if (v->kind != JV_ARRAY && v->kind != JV_OBJECT)
		return flag_set(a, f, o, scalar(a, v), e);
	for (size_t i = 0; i < v->n; i++)
		if (set_item(a, f, o, v->kind == JV_OBJECT ? v->keys[i] : "", &v->values[i], e) < 0)
			return -1;
	return 0;
}

/* ---- to text ---- */

void flag_print_json(struct buf *b, const struct json_value *v)
{
	switch (v->kind) {
	case JV_NULL:
		buf_adds(b, "<nil>");
		return;
	case JV_BOOL:
		buf_adds(b, v->boolean ? "true" : "false");
		return;
	case JV_NUMBER:
	case JV_STRING:
		buf_add(b, v->text.data, v->text.len);
		return;
	case JV_ARRAY:
	case JV_OBJECT:
		buf_adds(b, v->kind == JV_ARRAY ? "[" : "map[");
		for (size_t i = 0; i < v->n; i++) {
			if (i)
				buf_addc(b, ' ');
			if (v->kind == JV_OBJECT)
				buf_printf(b, "%s:", v->keys[i]);
			flag_print_json(b, &v->values[i]);
		}
		buf_addc(b, ']');
	}
}

/* ---- comparing ---- */

static bool same_lists(const struct strs *x, const struct strs *y)
{
	bool same = x->n == y->n;

	for (size_t i = 0; same && i < x->n; i++)
		same = str_eq(x->v[i], y->v[i]);
	return same;
}

static bool same_maps(const struct json_map *x, const struct json_map *y)
{
	bool same = x->n == y->n;

	for (size_t i = 0; same && i < x->n; i++)
		same = str_eq(json_map_get(y, x->v[i].key), x->v[i].value);
	return same;
}

static bool same_ulimits(const struct ulimits *x, const struct ulimits *y)
{
	bool same = x->n == y->n;

	for (size_t i = 0; same && i < x->n; i++)
		same = str_eq(x->v[i].name, y->v[i].name) && x->v[i].soft == y->v[i].soft &&
		       x->v[i].hard == y->v[i].hard;
	return same;
}

static bool same(const struct flag *f, const void *x, const void *y)
{
	const struct json_opt_bool *t = x, *u = y;

	switch (f->kind) {
	case F_STR:
		return str_eq(*(const char *const *)x, *(const char *const *)y);
	case F_BOOL:
		return *(const bool *)x == *(const bool *)y;
	case F_TRI:
		return t->set == u->set && t->value == u->value;
	case F_INT:
	case F_BYTES:
		return *(const int64_t *)x == *(const int64_t *)y;
	case F_LIST:
	case F_POOLS:
		return same_lists(x, y);
	case F_MAP:
	case F_BOOLMAP:
		return same_maps(x, y);
	case F_ULIMITS:
		return same_ulimits(x, y);
	case F_RUNTIMES: /* live: never asked */
	case F_REFUSED:
		return true;
	}
	return true;
}

void options_changed(struct arena *a, const struct options *was, const struct options *is,
                     struct strs *out)
{
	for (size_t i = 0; i < flag_count; i++) {
		const struct flag *f = &flag_table[i];

		if (f->key && !flag_is_live(f) &&
		    !same(f, (const char *)was + f->offset, (const char *)is + f->offset))
			arena_push(a, out, f->key);
	}
}
