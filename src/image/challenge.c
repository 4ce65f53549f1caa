/* WWW-Authenticate. See challenge.h. */
#include "image/challenge.h"

#include <stdbool.h>
#include <string.h>
#include "base/str.h"

#define SPACE " \t"

/* auth-param = token "=" ( token / quoted-string ); *p moves behind it and its comma. */
static const char *take_value(struct arena *a, const char **p)
{
	char *value, *out;
	size_t n;

	if (**p != '"') {
		n = strcspn(*p, ", \t");
		value = arena_strndup(a, *p, n);
		*p += n;
		return value;
	}
	value = out = arena_alloc(a, strlen(*p));
	for ((*p)++; **p && **p != '"'; (*p)++) {
		if (**p == '\\' && (*p)[1])
			(*p)++;
		*out++ = **p;
	}
	*p += **p == '"';
	return value;
}

static void take_params(struct arena *a, const char *p, struct challenge *out)
{
	const struct {
		const char *name;
		const char **value;
	} known[] = {
		{ "realm", &out->realm },
		{ "service", &out->service },
		{ "scope", &out->scope },
		{ "error", &out->error },
	};

	while (*p) {
		size_t n = strcspn(p, "=," SPACE);
		const char *name = arena_strndup(a, p, n), *value;

		p += n;
		if (*p != '=')
			return; /* the next challenge in the same header, or nonsense */
		p++;
		value = take_value(a, &p);
		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			if (str_ieq(name, known[i].name))
				*known[i].value = value;
		p += strspn(p, "," SPACE);
	}
}

void challenge_parse(struct arena *a, const char *value, struct challenge *out)
{
	size_t n = strcspn(value, SPACE);
	const char *scheme = arena_strndup(a, value, n);

	*out = (struct challenge){ 0 };
	if (str_ieq(scheme, "basic"))
		out->scheme = CHALLENGE_BASIC;
	else if (str_ieq(scheme, "bearer"))
		out->scheme = CHALLENGE_BEARER;
	else
		return;
	take_params(a, value + n + strspn(value + n, SPACE), out);
	if (out->scheme == CHALLENGE_BEARER && str_empty(out->realm))
		out->scheme = CHALLENGE_NONE;
}
