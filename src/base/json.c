/* What decoding, encoding and trees share: parsing by json-c, copies, string maps. See json.h. */
#include "base/json.h"

#include "base/json_internal.h"
#include "base/limits.h"

struct json_tokener *json_tokener_new_checked(void)
{
	struct json_tokener *tok = json_tokener_new_ex(LIMIT_JSON_DEPTH + 1);

	if (!tok)
		abort();
	return tok;
}

int json_parse_value(struct json_tokener *tok, struct slice text, struct json_object **out,
                     struct err *e)
{
	enum json_tokener_error status;

	json_tokener_reset(tok);
	*out = json_tokener_parse_ex(tok, text.data, (int)text.len);
	/* A number at the very end is only complete once a NUL follows. */
	if (json_tokener_get_error(tok) == json_tokener_continue)
		*out = json_tokener_parse_ex(tok, "", 1);
	status = json_tokener_get_error(tok);
	return status == json_tokener_success ? 0
	                                      : err_set(e, ERR_INVALID, "invalid JSON: %s",
	                                                json_tokener_error_desc(status));
}

int json_parse_object(struct slice text, struct json_object **out, struct err *e)
{
	struct json_tokener *tok;
	int r;

	*out = NULL;
	if (json_check(text, e) < 0)
		return -1;
	tok = json_tokener_new_checked();
	r = json_parse_value(tok, text, out, e);
	json_tokener_free(tok);
	return r;
}

const char *json_map_get(const struct json_map *m, const char *key)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->v[i].key, key))
			return m->v[i].value;
	return NULL;
}

void json_map_set(struct arena *a, struct json_map *m, const char *key, const char *value)
{
	for (size_t i = 0; i < m->n; i++) {
		if (str_eq(m->v[i].key, key)) {
			m->v[i].value = arena_strdup(a, value);
			return;
		}
	}
	arena_push(a, m, ((struct json_pair){ arena_strdup(a, key), arena_strdup(a, value) }));
}

static void copy_struct(struct arena *a, const struct json_table *t, void *out);

static void copy_strs(struct arena *a, struct strs *s)
{
	if (!s->v)
		return;
	s->v = arena_list_copy(a, s->v, s->n, sizeof(*s->v));
	for (size_t i = 0; i < s->n; i++)
		s->v[i] = arena_strdup(a, s->v[i]);
}

static void *copy_array(struct arena *a, const struct json_table *t, const void *v, size_t n)
{
	char *p;

	if (!v)
		return NULL;
	p = arena_list_copy(a, v, n, t->size);
	for (size_t i = 0; i < n; i++)
		copy_struct(a, t, p + i * t->size);
	return p;
}

static void copy_map(struct arena *a, struct json_map *m)
{
	if (!m->v)
		return;
	m->v = arena_list_copy(a, m->v, m->n, sizeof(*m->v));
	for (size_t i = 0; i < m->n; i++) {
		m->v[i].key = arena_strdup(a, m->v[i].key);
		m->v[i].value = arena_strdup(a, m->v[i].value);
	}
}

static void copy_strsmap(struct arena *a, struct json_strsmap *m)
{
	if (!m->v)
		return;
	m->v = arena_list_copy(a, m->v, m->n, sizeof(*m->v));
	for (size_t i = 0; i < m->n; i++) {
		m->v[i].key = arena_strdup(a, m->v[i].key);
		copy_strs(a, &m->v[i].value);
	}
}

static void copy_objmap(struct arena *a, const struct json_table *t, struct json_objmap_view *m)
{
	if (!m->v)
		return;
	m->v = arena_list_copy(a, m->v, m->n, sizeof(*m->v));
	for (size_t i = 0; i < m->n; i++) {
		m->v[i].key = arena_strdup(a, m->v[i].key);
		m->v[i].value = json_copy(a, t, m->v[i].value);
	}
}

static void copy_objsmap(struct arena *a, const struct json_table *t, struct json_objsmap_view *m)
{
	if (!m->v)
		return;
	m->v = arena_list_copy(a, m->v, m->n, sizeof(*m->v));
	for (size_t i = 0; i < m->n; i++) {
		m->v[i].key = arena_strdup(a, m->v[i].key);
		m->v[i].v = copy_array(a, t, m->v[i].v, m->v[i].n);
	}
}

/* `p` is a member of a struct that was copied byte for byte: what it points to is copied now. */
static void copy_member(struct arena *a, const struct json_field *f, void *p)
{
	struct json_list_view *list = p;
	struct slice *raw = p;

	switch (f->kind) {
	case JSON_STR:
		*(const char **)p = arena_strdup(a, *(const char **)p);
		break;
	case JSON_STRS:
	case JSON_STRLIST:
	case JSON_SET:
		copy_strs(a, p);
		break;
	case JSON_I64S:
	case JSON_U64S:
		list->v = list->v ? arena_list_copy(a, list->v, list->n, sizeof(int64_t)) : NULL;
		break;
	case JSON_MAP:
		copy_map(a, p);
		break;
	case JSON_STRSMAP:
		copy_strsmap(a, p);
		break;
	case JSON_RAW:
		raw->data = raw->data ? arena_strndup(a, raw->data, raw->len) : NULL;
		break;
	case JSON_OBJ:
		*(void **)p = json_copy(a, f->sub, *(void **)p);
		break;
	case JSON_OBJS:
		list->v = copy_array(a, f->sub, list->v, list->n);
		break;
	case JSON_OBJMAP:
		copy_objmap(a, f->sub, p);
		break;
	case JSON_OBJSMAP:
		copy_objsmap(a, f->sub, p);
		break;
	default: /* plain values came with the struct */
		break;
	}
}

static void copy_struct(struct arena *a, const struct json_table *t, void *out)
{
	size_t n;
	const struct json_field *f = t->fields(&n);

	for (size_t i = 0; i < n; i++)
		copy_member(a, &f[i], (char *)out + f[i].offset);
}

void *json_copy(struct arena *a, const struct json_table *t, const void *in)
{
	void *out = in ? arena_memdup(a, in, t->size) : NULL;

	if (out)
		copy_struct(a, t, out);
	return out;
}
