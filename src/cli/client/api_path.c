/* Paths and queries of the Engine API. See api.h. */
#include "cli/client/api.h"

#include <ctype.h>

void api_escape_path(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (isalnum((unsigned char)*s) || strchr("-_.~/:@", *s))
			buf_addc(b, *s);
		else
			buf_printf(b, "%%%02X", (unsigned char)*s);
	}
}

void api_path_free(struct api_path *p)
{
	buf_free(&p->b);
}

void api_path_start(struct api_path *p, const char *before, const char *name, const char *after)
{
	buf_adds(&p->b, before);
	api_escape_path(&p->b, name);
	buf_adds(&p->b, after);
}

void api_query(struct api_path *p, const char *name, const char *value)
{
	buf_printf(&p->b, "%c%s=", p->has_query ? '&' : '?', name);
	http_escape(&p->b, value);
	p->has_query = true;
}

/* The names in the order in which they first occur, each with all its values. */
void api_query_filters(struct api_path *p, const struct strs *filters)
{
	_cleanup_buf_ struct buf json = { 0 };
	bool first = true;

	for (size_t i = 0; i < filters->n; i++) {
		size_t len = strcspn(filters->v[i], "=") + 1, k = 0;

		while (k < i && strncmp(filters->v[k], filters->v[i], len) != 0)
			k++;
		if (k < i)
			continue;
		buf_adds(&json, first ? "{" : ",");
		first = false;
		json_quote(&json, (struct slice){ filters->v[i], len - 1 });
		for (k = i; k < filters->n; k++) {
			if (strncmp(filters->v[k], filters->v[i], len) != 0)
				continue;
			buf_adds(&json, k == i ? ":{" : ",");
			json_quote(&json, slice_of(filters->v[k] + len));
			buf_adds(&json, ":true");
		}
		buf_addc(&json, '}');
	}
	if (first)
		return;
	buf_addc(&json, '}');
	api_query(p, "filters", buf_cstr(&json));
}
