/* Matching paths with patterns. See route.h. */
#include "http/route.h"

const char *http_param(const struct http_params *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq(p->v[i].name, name))
			return p->v[i].value;
	return "";
}

/* The next part of a path without its slash; *s moves behind it. */
static struct slice next_part(const char **s)
{
	struct slice part;

	while (**s == '/')
		(*s)++;
	part.data = *s;
	part.len = strcspn(*s, "/");
	*s += part.len;
	return part;
}

static size_t count_parts(const char *s)
{
	size_t n = 0;

	while (next_part(&s).len > 0)
		n++;
	return n;
}

static bool push(struct arena *a, struct http_params *out, struct slice name, const char *from,
                 const char *to)
{
	const char *value = http_unescape(a, from, (size_t)(to - from), false);

	if (!value || out->n >= HTTP_PARAMS_MAX)
		return false;
	out->v[out->n].name = arena_strndup(a, name.data, name.len);
	out->v[out->n++].value = value;
	return true;
}

/* "{name...}" takes all parts but those that the rest of the pattern needs. */
static bool take_rest(struct arena *a, struct http_params *out, struct slice pat, const char *rest,
                      const char **path)
{
	size_t need = count_parts(rest), have = count_parts(*path);
	struct slice name = { pat.data + 1, pat.len - 5 };
	const char *from;

	if (have <= need)
		return false;
	from = next_part(path).data;
	for (size_t i = 1; i < have - need; i++)
		next_part(path);
	return push(a, out, name, from, *path);
}

bool http_route_match(struct arena *a, const char *pattern, const char *path,
                      struct http_params *out)
{
	out->n = 0;
	for (;;) {
		struct slice pat = next_part(&pattern), part;

		if (pat.len > 5 && pat.data[0] == '{' &&
		    memcmp(pat.data + pat.len - 4, "...}", 4) == 0) {
			if (!take_rest(a, out, pat, pattern, &path))
				return false;
			continue;
		}
		part = next_part(&path);
		if (pat.len == 0 || part.len == 0)
			return pat.len == part.len;
		if (pat.data[0] == '{') {
			struct slice name = { pat.data + 1, pat.len - 2 };

			if (!push(a, out, name, part.data, part.data + part.len))
				return false;
		} else if (pat.len != part.len || memcmp(pat.data, part.data, pat.len) != 0) {
			return false;
		}
	}
}
