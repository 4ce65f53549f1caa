/*
 * Decoding by table. See json.h. No getter of json-c that coerces is used: the type is checked
 * first, and a mismatch is an error that names the path of the member.
 */
#include "base/json.h"

#include "base/clock.h"
#include "base/json_internal.h"
#include "base/limits.h"

/* A step on the way to the member that is decoded; the steps are written out for errors only. */
struct step {
	const struct step *up;
	const char *name; /* NULL: an element of an array */
	size_t index;
};

struct decode {
	struct arena *a;
	unsigned flags;
	struct err *e;
	const struct step *at;
};

static int decode_struct(struct decode *d, const struct json_table *t, struct json_object *o,
                         void *out);

/* Calls a decoder one step further down; its result. */
#define BELOW(d, step_name, step_index, call)                              \
	({                                                                 \
		struct step here = { (d)->at, (step_name), (step_index) }; \
		int result;                                                \
                                                                           \
		(d)->at = &here;                                           \
		result = (call);                                           \
		(d)->at = here.up;                                         \
		result;                                                    \
	})

/* "linux.resources.memory" */
static const char *path(const struct decode *d)
{
	_cleanup_buf_ struct buf b = { 0 };
	const struct step *steps[LIMIT_JSON_DEPTH];
	size_t n = 0;

	for (const struct step *s = d->at; s && n < ARRAY_LEN(steps); s = s->up)
		steps[n++] = s;
	while (n-- > 0) {
		if (steps[n]->name)
			buf_printf(&b, "%s%s", b.len ? "." : "", steps[n]->name);
		else
			buf_printf(&b, "[%zu]", steps[n]->index);
	}
	return arena_printf(d->a, "%.255s", buf_cstr(&b));
}

static int fail(struct decode *d, const char *expected, struct json_object *o)
{
	static const char *const names[] = {
		[json_type_null] = "null",     [json_type_boolean] = "boolean",
		[json_type_double] = "number", [json_type_int] = "integer",
		[json_type_object] = "object", [json_type_array] = "array",
		[json_type_string] = "string",
	};

	return err_set(d->e, ERR_INVALID, "%s%sexpected %s, got %s", path(d), d->at ? ": " : "",
	               expected, names[json_object_get_type(o)]);
}

static const char *copy_string(struct decode *d, struct json_object *o)
{
	return arena_strndup(d->a, json_object_get_string(o),
	                     (size_t)json_object_get_string_len(o));
}

static int decode_str(struct decode *d, struct json_object *o, const char **out)
{
	if (!json_object_is_type(o, json_type_string))
		return fail(d, "string", o);
	*out = copy_string(d, o);
	return 0;
}

static int decode_bool(struct decode *d, struct json_object *o, bool *out)
{
	if (!json_object_is_type(o, json_type_boolean))
		return fail(d, "boolean", o);
	*out = json_object_get_boolean(o);
	return 0;
}

static int decode_u64(struct decode *d, struct json_object *o, uint64_t *out)
{
	if (!json_object_is_type(o, json_type_int))
		return fail(d, "integer", o);
	if (json_object_get_int64(o) < 0)
		return err_set(d->e, ERR_INVALID, "%s: expected a non-negative integer, got %lld",
		               path(d), (long long)json_object_get_int64(o));
	*out = json_object_get_uint64(o);
	return 0;
}

static int decode_i64(struct decode *d, struct json_object *o, int64_t *out)
{
	if (!json_object_is_type(o, json_type_int))
		return fail(d, "integer", o);
	if (json_object_get_uint64(o) > INT64_MAX)
		return err_set(d->e, ERR_INVALID, "%s: integer out of range", path(d));
	*out = json_object_get_int64(o);
	return 0;
}

static int decode_f64(struct decode *d, struct json_object *o, double *out)
{
	if (!json_object_is_type(o, json_type_int) && !json_object_is_type(o, json_type_double))
		return fail(d, "number", o);
	*out = json_object_get_double(o);
	return 0;
}

static int decode_time(struct decode *d, struct json_object *o, int64_t *out)
{
	if (!json_object_is_type(o, json_type_string))
		return fail(d, "RFC 3339 time", o);
	if (json_object_get_string_len(o) == 0) {
		*out = 0;
		return 0;
	}
	if (!clock_parse(json_object_get_string(o), out))
		return err_set(d->e, ERR_INVALID, "%s: expected RFC 3339 time, got \"%.60s\"",
		               path(d), json_object_get_string(o));
	return 0;
}

/* Room for the elements of an array; never NULL, so that [] differs from an absent member. */
static int array_begin(struct decode *d, struct json_object *o, size_t elem, size_t *n, void *v)
{
	if (!json_object_is_type(o, json_type_array))
		return fail(d, "array", o);
	*n = json_object_array_length(o);
	*(void **)v = arena_list_new(d->a, *n, elem);
	return 0;
}

static int object_begin(struct decode *d, struct json_object *o, size_t elem, void *v)
{
	if (!json_object_is_type(o, json_type_object))
		return fail(d, "object", o);
	*(void **)v = arena_list_new(d->a, (size_t)json_object_object_length(o), elem);
	return 0;
}

static int decode_strs(struct decode *d, struct json_object *o, struct strs *out)
{
	if (array_begin(d, o, sizeof(*out->v), &out->n, &out->v) < 0)
		return -1;
	for (size_t i = 0; i < out->n; i++) {
		struct json_object *item = json_object_array_get_idx(o, i);

		if (BELOW(d, NULL, i, decode_str(d, item, &out->v[i])) < 0)
			return -1;
	}
	return 0;
}

static int decode_strlist(struct decode *d, struct json_object *o, struct strs *out)
{
	if (!json_object_is_type(o, json_type_string))
		return decode_strs(d, o, out);
	out->n = 1;
	out->v = arena_list_new(d->a, 1, sizeof(*out->v));
	out->v[0] = copy_string(d, o);
	return 0;
}

/* I64S and U64S have one layout; `is_signed` picks the range. */
static int decode_ints(struct decode *d, struct json_object *o, bool is_signed,
                       struct json_list_view *out)
{
	if (array_begin(d, o, sizeof(int64_t), &out->n, &out->v) < 0)
		return -1;
	for (size_t i = 0; i < out->n; i++) {
		struct json_object *item = json_object_array_get_idx(o, i);

		if (BELOW(d, NULL, i,
		          is_signed ? decode_i64(d, item, (int64_t *)out->v + i)
		                    : decode_u64(d, item, (uint64_t *)out->v + i)) < 0)
			return -1;
	}
	return 0;
}

static int decode_set(struct decode *d, struct json_object *o, struct strs *out)
{
	if (object_begin(d, o, sizeof(*out->v), &out->v) < 0)
		return -1;
	json_object_object_foreach(o, key, value)
	{
		if (value && !json_object_is_type(value, json_type_object))
			return BELOW(d, key, 0, fail(d, "empty object", value));
		out->v[out->n++] = arena_strdup(d->a, key);
	}
	return 0;
}

static int decode_map(struct decode *d, struct json_object *o, struct json_map *out)
{
	if (object_begin(d, o, sizeof(*out->v), &out->v) < 0)
		return -1;
	json_object_object_foreach(o, key, value)
	{
		struct json_pair *pair = &out->v[out->n++];

		pair->key = arena_strdup(d->a, key);
		pair->value = "";
		if (value && BELOW(d, key, 0, decode_str(d, value, &pair->value)) < 0)
			return -1;
	}
	return 0;
}

static int decode_strsmap(struct decode *d, struct json_object *o, struct json_strsmap *out)
{
	if (object_begin(d, o, sizeof(*out->v), &out->v) < 0)
		return -1;
	json_object_object_foreach(o, key, value)
	{
		struct json_strs_pair *pair = &out->v[out->n++];

		pair->key = arena_strdup(d->a, key);
		if (value && BELOW(d, key, 0, decode_strs(d, value, &pair->value)) < 0)
			return -1;
	}
	return 0;
}

static int decode_raw(struct decode *d, struct json_object *o, struct slice *out)
{
	size_t n;
	const char *s = json_object_to_json_string_length(
	        o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);

	out->data = arena_strndup(d->a, s, n);
	out->len = n;
	return 0;
}

static int decode_objs(struct decode *d, const struct json_table *t, struct json_object *o,
                       size_t *n, void *v)
{
	if (array_begin(d, o, t->size, n, v) < 0)
		return -1;
	for (size_t i = 0; i < *n; i++) {
		struct json_object *item = json_object_array_get_idx(o, i);
		char *element = *(char **)v + i * t->size;

		if (item && BELOW(d, NULL, i, decode_struct(d, t, item, element)) < 0)
			return -1;
	}
	return 0;
}

static int decode_obj(struct decode *d, const struct json_table *t, struct json_object *o,
                      void **out)
{
	*out = arena_alloc(d->a, t->size);
	return decode_struct(d, t, o, *out);
}

static int decode_objmap(struct decode *d, const struct json_table *t, struct json_object *o,
                         struct json_objmap_view *out)
{
	if (object_begin(d, o, sizeof(*out->v), &out->v) < 0)
		return -1;
	json_object_object_foreach(o, key, value)
	{
		struct json_objmap_entry *entry = &out->v[out->n++];

		entry->key = arena_strdup(d->a, key);
		if (value && BELOW(d, key, 0, decode_obj(d, t, value, &entry->value)) < 0)
			return -1;
	}
	return 0;
}

static int decode_objsmap(struct decode *d, const struct json_table *t, struct json_object *o,
                          struct json_objsmap_view *out)
{
	if (object_begin(d, o, sizeof(*out->v), &out->v) < 0)
		return -1;
	json_object_object_foreach(o, key, value)
	{
		struct json_objsmap_entry *entry = &out->v[out->n++];

		entry->key = arena_strdup(d->a, key);
		if (value && BELOW(d, key, 0, decode_objs(d, t, value, &entry->n, &entry->v)) < 0)
			return -1;
	}
	return 0;
}

#define DECODE_OPT(ctype, fn)                 \
	do {                                  \
		ctype *opt = p;               \
		opt->set = true;              \
		return fn(d, o, &opt->value); \
	} while (0)

static int decode_member(struct decode *d, const struct json_field *f, struct json_object *o,
                         void *p)
{
	switch (f->kind) {
	case JSON_STR:
		return decode_str(d, o, p);
	case JSON_BOOL:
		return decode_bool(d, o, p);
	case JSON_I64:
		return decode_i64(d, o, p);
	case JSON_U64:
		return decode_u64(d, o, p);
	case JSON_F64:
		return decode_f64(d, o, p);
	case JSON_OPT_BOOL:
		DECODE_OPT(struct json_opt_bool, decode_bool);
	case JSON_OPT_I64:
		DECODE_OPT(struct json_opt_i64, decode_i64);
	case JSON_OPT_U64:
		DECODE_OPT(struct json_opt_u64, decode_u64);
	case JSON_OPT_F64:
		DECODE_OPT(struct json_opt_f64, decode_f64);
	case JSON_TIME:
		return decode_time(d, o, p);
	case JSON_STRS:
		return decode_strs(d, o, p);
	case JSON_STRLIST:
		return decode_strlist(d, o, p);
	case JSON_I64S:
		return decode_ints(d, o, true, p);
	case JSON_U64S:
		return decode_ints(d, o, false, p);
	case JSON_SET:
		return decode_set(d, o, p);
	case JSON_MAP:
		return decode_map(d, o, p);
	case JSON_STRSMAP:
		return decode_strsmap(d, o, p);
	case JSON_RAW:
		return decode_raw(d, o, p);
	case JSON_OBJ:
		return decode_obj(d, f->sub, o, p);
	case JSON_OBJS:
		return decode_objs(d, f->sub, o, &((struct json_list_view *)p)->n,
		                   &((struct json_list_view *)p)->v);
	case JSON_OBJMAP:
		return decode_objmap(d, f->sub, o, p);
	case JSON_OBJSMAP:
		return decode_objsmap(d, f->sub, o, p);
	}
	return err_set(d->e, ERR_INTERNAL, "%s: unknown kind of field", path(d));
}

/* Documents have their members mostly in the table's order: `next` is looked at first. */
static const struct json_field *find_field(const struct decode *d, const struct json_field *f,
                                           size_t n, size_t next, const char *key)
{
	for (size_t i = 0, k = next; i < n; i++, k++)
		if (strcmp(f[k < n ? k : k - n].name, key) == 0)
			return &f[k < n ? k : k - n];
	for (size_t i = 0; (d->flags & JSON_FOLD) && i < n; i++)
		if (str_ieq(f[i].name, key))
			return &f[i];
	return NULL;
}

static int missing(struct decode *d)
{
	return err_set(d->e, ERR_INVALID, "%s: missing", path(d));
}

/* A member that is absent or null although it must be there. */
static int check_required(struct decode *d, const struct json_field *f, size_t n,
                          struct json_object *o)
{
	struct json_object *value;

	for (size_t i = 0; i < n; i++) {
		if (!(f[i].flags & REQUIRED))
			continue;
		if (!json_object_object_get_ex(o, f[i].name, &value) || !value)
			return BELOW(d, f[i].name, 0, missing(d));
	}
	return 0;
}

/* A member of the document; f is NULL when the table does not know it. */
static int decode_known(struct decode *d, const struct json_field *f, struct json_object *value,
                        void *out)
{
	if (!f && (d->flags & JSON_STRICT))
		return err_set(d->e, ERR_INVALID, "%s: unknown name", path(d));
	return f && value ? decode_member(d, f, value, (char *)out + f->offset) : 0;
}

static int decode_struct(struct decode *d, const struct json_table *t, struct json_object *o,
                         void *out)
{
	size_t n, next = 0;
	const struct json_field *fields = t->fields(&n);

	if (!json_object_is_type(o, json_type_object))
		return fail(d, "object", o);
	json_object_object_foreach(o, key, value)
	{
		const struct json_field *f = find_field(d, fields, n, next, key);

		if (f)
			next = (size_t)(f - fields) + 1;
		if (BELOW(d, key, 0, decode_known(d, f, value, out)) < 0)
			return -1;
	}
	return check_required(d, fields, n, o);
}

int json_decode_with(struct arena *a, const struct json_table *t, struct slice text, unsigned flags,
                     void *out, struct err *e)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct decode d = { .a = a, .flags = flags, .e = e };

	memset(out, 0, t->size);
	if (json_parse_object(text, &o, e) < 0)
		return -1;
	return decode_struct(&d, t, o, out);
}

int json_decode(struct arena *a, const struct json_table *t, struct slice text, void *out,
                struct err *e)
{
	return json_decode_with(a, t, text, 0, out, e);
}

static int decode_element(struct decode *d, const struct json_table *t, struct json_tokener *tok,
                          struct slice text, void *out)
{
	_cleanup_json_ struct json_object *o = NULL;

	if (json_parse_value(tok, text, &o, d->e) < 0)
		return -1;
	return o ? decode_struct(d, t, o, out) : 0;
}

int json_decode_list(struct arena *a, const struct json_table *t, struct slice text, void *list,
                     struct err *e)
{
	struct json_list_view *out = list;
	struct decode d = { .a = a, .e = e };
	struct json_elements elements;
	struct json_tokener *tok;
	int r = 0;

	*out = (struct json_list_view){ 0 };
	if (json_check_array(a, text, &elements, e) < 0)
		return -1;
	out->v = arena_list_new(a, elements.n, t->size);
	tok = json_tokener_new_checked();
	for (size_t i = 0; i < elements.n && r == 0; i++, out->n++)
		r = BELOW(&d, NULL, i,
		          decode_element(&d, t, tok, elements.v[i], (char *)out->v + i * t->size));
	json_tokener_free(tok);
	return r;
}
