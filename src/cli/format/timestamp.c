/* See timestamp.h. */
#include "cli/format/timestamp.h"

#include <ctype.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/format/units.h"

static const char *from_ns(struct arena *a, int64_t ns)
{
	return arena_printf(a, "%lld.%09lld", (long long)(ns / NS_PER_S),
	                    (long long)(ns % NS_PER_S));
}

/* A date and as much of the time as there is, in local time. */
static bool parse_local(const char *text, int64_t *ns)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H",
		                             "%Y-%m-%d" };

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &tm);
		int64_t nanos = 0, digit = NS_PER_S / 10;

		if (!end)
			continue;
		if (i == 0 && *end == '.')
			for (end++; isdigit((unsigned char)*end); end++, digit /= 10)
				nanos += (*end - '0') * digit;
		if (*end)
			continue;
		*ns = (int64_t)mktime(&tm) * NS_PER_S + nanos;
		return true;
	}
	return false;
}

/* "2013-01-02Z", "2013-01-02T13+02:00": what the zone leaves out is midnight or zero. */
static bool parse_zoned(struct arena *a, const char *text, int64_t *ns)
{
	static const char *const fill[] = { "", ":00", ":00:00", "T00:00:00" };
	const char *t = strchr(text, 'T'), *zone = strpbrk(t ? t : text, "Z+");

	if (!zone && t)
		zone = strchr(t, '-');
	if (!zone)
		return clock_parse(text, ns);
	for (size_t i = 0; i < ARRAY_LEN(fill); i++)
		if (clock_parse(
		            arena_printf(a, "%.*s%s%s", (int)(zone - text), text, fill[i], zone),
		            ns))
			return true;
	return false;
}

static bool is_unix_time(const char *s)
{
	return *s && !s[strspn(s, "0123456789.")] && isdigit((unsigned char)*s);
}

int timestamp_parse(struct arena *a, const char *text, const char **out, struct err *e)
{
	int64_t ns;

	if (is_unix_time(text)) {
		*out = text;
		return 0;
	}
	if (duration_parse(text, &ns, NULL) == 0)
		ns = clock_now_ns() - ns;
	else if (!parse_zoned(a, text, &ns) && !parse_local(text, &ns))
		return err_set(e, ERR_INVALID, "failed to parse value as time or duration: \"%s\"",
		               text);
	*out = from_ns(a, ns);
	return 0;
}
