/* See json_plain.h. */
#include "cli/format/json_plain.h"

static char escaped_html(const char *p)
{
	if (strncmp(p, "u003c", 5) == 0)
		return '<';
	if (strncmp(p, "u003e", 5) == 0)
		return '>';
	return strncmp(p, "u0026", 5) == 0 ? '&' : '\0';
}

void json_unescape_html(struct buf *json)
{
	size_t to = 0;

	for (size_t from = 0; from < json->len; from++) {
		char c = json->data[from];
		char plain = c == '\\' ? escaped_html(json->data + from + 1) : '\0';

		if (plain) {
			json->data[to++] = plain;
			from += 5;
			continue;
		}
		json->data[to++] = c;
		if (c == '\\') /* its partner is no start of an escape */
			json->data[to++] = json->data[++from];
	}
	json->len = to;
	if (json->data)
		json->data[to] = '\0';
}
