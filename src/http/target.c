/* Headers, targets and queries. See http.h; escaping follows RFC 3986 and HTML forms ('+'). */
#include "http/http.h"

#include <strings.h>

const char *http_header_get(const struct http_headers *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcasecmp(h->v[i].name, name) == 0)
			return h->v[i].value;
	return NULL;
}

static bool list_has(const char *list, const char *token)
{
	size_t len = strlen(token);

	while (*list) {
		size_t n = strcspn(list, ",");
		size_t lead = strspn(list, " \t");
		size_t tail = n;

		while (tail > lead && (list[tail - 1] == ' ' || list[tail - 1] == '\t'))
			tail--;
		if (tail >= lead && tail - lead == len && strncasecmp(list + lead, token, len) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

bool http_header_has(const struct http_headers *h, const char *name, const char *token)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcasecmp(h->v[i].name, name) == 0 && list_has(h->v[i].value, token))
			return true;
	return false;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *http_unescape(struct arena *a, const char *s, size_t n, bool plus_is_space)
{
	char *out = arena_alloc(a, n + 1), *w = out;

	for (size_t i = 0; i < n; i++) {
		int hi, lo;

		if (s[i] == '+' && plus_is_space) {
			*w++ = ' ';
			continue;
		}
		if (s[i] != '%') {
			*w++ = s[i];
			continue;
		}
		if (i + 2 >= n || (hi = hex_digit(s[i + 1])) < 0 ||
		    (lo = hex_digit(s[i + 2])) < 0 || hi + lo == 0)
			return NULL;
		*w++ = (char)(hi << 4 | lo);
		i += 2;
	}
	return out;
}

void http_escape(struct buf *b, const char *s)
{
	static const char unreserved[] = "-._~";

	for (; *s; s++) {
		bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		             (*s >= '0' && *s <= '9') || strchr(unreserved, *s);

		if (plain)
			buf_addc(b, *s);
		else
			buf_printf(b, "%%%02X", (unsigned char)*s);
	}
}

/* Walks "a=1&b=2": calls back for each pair whose decoded name is `name`; stops on false. */
static void query_walk(struct arena *a, const char *query, const char *name, bool first_only,
                       struct strs *out)
{
	while (*query) {
		size_t n = strcspn(query, "&"), eq = strcspn(query, "=");
		char *key;

		eq = MIN(eq, n);
		key = http_unescape(a, query, eq, true);
		if (key && str_eq(key, name)) {
			size_t skip = MIN(eq + 1, n);
			char *value = http_unescape(a, query + skip, n - skip, true);

			if (value)
				arena_push(a, out, (const char *)value);
			if (value && first_only)
				return;
		}
		query += n + (query[n] == '&');
	}
}

const char *http_query_get(struct arena *a, const char *query, const char *name)
{
	struct strs found = { 0 };

	query_walk(a, query, name, true, &found);
	return found.n ? found.v[0] : NULL;
}

struct strs http_query_all(struct arena *a, const char *query, const char *name)
{
	struct strs found = { 0 };

	query_walk(a, query, name, false, &found);
	return found;
}

bool http_query_valid(struct arena *a, const char *query)
{
	return http_unescape(a, query, strlen(query), true) != NULL;
}

bool http_query_bool(struct arena *a, const char *query, const char *name, bool absent)
{
	static const char *const no[] = { "", "0", "no", "false", "none" };
	const char *v = http_query_get(a, query, name);

	if (!v)
		return absent;
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (strcasecmp(v, no[i]) == 0)
			return false;
	return true;
}

const char *http_reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {
		{ 101, "UPGRADED" },
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 206, "Partial Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 413, "Request Entity Too Large" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Unknown";
}
