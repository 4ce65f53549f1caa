/* See units.h. */
#include "cli/format/units.h"

#include <ctype.h>
#include <errno.h>

#include "base/clock.h"
#include "base/str.h"

static const char *scale(char dst[UNITS_TEXT], double size, double base, int digits,
                         const char *const *names, size_t n)
{
	size_t i = 0;

	for (; size >= base && i + 1 < n; i++)
		size /= base;
	snprintf(dst, UNITS_TEXT, "%.*g%s", digits, size, names[i]);
	return dst;
}

const char *size_format(char dst[UNITS_TEXT], double bytes, int digits)
{
	static const char *const names[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB" };

	return scale(dst, bytes, 1000, digits, names, ARRAY_LEN(names));
}

const char *size_format_binary(char dst[UNITS_TEXT], double bytes)
{
	static const char *const names[] = { "B",   "KiB", "MiB", "GiB", "TiB",
		                             "PiB", "EiB", "ZiB", "YiB" };

	return scale(dst, bytes, 1024, 4, names, ARRAY_LEN(names));
}

const char *duration_human(char dst[UNITS_TEXT], int64_t ns)
{
	static const struct {
		int64_t below_hours, divisor;
		const char *unit;
	} spans[] = { { 48, 1, "hours" },
		      { 24 * 7 * 2, 24, "days" },
		      { 24 * 30 * 2, 24 * 7, "weeks" },
		      { 24 * 365 * 2, 24 * 30, "months" },
		      { INT64_MAX, 24 * 365, "years" } };
	int64_t seconds = ns / NS_PER_S, minutes = seconds / 60;
	int64_t hours = (seconds + 1800) / 3600;

	if (seconds < 1)
		snprintf(dst, UNITS_TEXT, "Less than a second");
	else if (seconds < 60)
		snprintf(dst, UNITS_TEXT, seconds == 1 ? "1 second" : "%lld seconds",
		         (long long)seconds);
	else if (minutes < 60)
		snprintf(dst, UNITS_TEXT, minutes == 1 ? "About a minute" : "%lld minutes",
		         (long long)minutes);
	else if (hours == 1)
		snprintf(dst, UNITS_TEXT, "About an hour");
	else
		for (size_t i = 0; i < ARRAY_LEN(spans); i++)
			if (hours < spans[i].below_hours) {
				snprintf(dst, UNITS_TEXT, "%lld %s",
				         (long long)(hours / spans[i].divisor), spans[i].unit);
				break;
			}
	return dst;
}

int float_parse(const char *s, double *out, struct err *e)
{
	char *end;

	errno = 0;
	*out = strtod(s, &end);
	if (!*s || *end || isspace((unsigned char)*s))
		return err_set(e, ERR_INVALID, "strconv.ParseFloat: parsing \"%s\": invalid syntax",
		               s);
	if (errno == ERANGE && (*out > 1 || *out < -1))
		return err_set(e, ERR_INVALID,
		               "strconv.ParseFloat: parsing \"%s\": value out of range", s);
	return 0;
}

int number_parse(const char *s, int64_t min, int64_t max, const char *go_function, int64_t *out,
                 struct err *e)
{
	char *end;

	errno = 0;
	*out = strtoll(s, &end, 0);
	if (!*s || *end || isspace((unsigned char)*s) || (min >= 0 && (*s == '-' || *s == '+')))
		return err_set(e, ERR_INVALID, "strconv.%s: parsing \"%s\": invalid syntax",
		               go_function, s);
	if (errno == ERANGE || *out < min || *out > max)
		return err_set(e, ERR_INVALID, "strconv.%s: parsing \"%s\": value out of range",
		               go_function, s);
	return 0;
}

static int bad_suffix(const char *suffix, struct err *e)
{
	char lower[64];

	str_copy(lower, sizeof(lower), suffix);
	for (char *p = lower; *p && strlen(suffix) <= 3; p++)
		*p = (char)tolower((unsigned char)*p);
	return err_set(e, ERR_INVALID, "invalid suffix: '%s'", lower);
}

/* The factor of "k", "MB", "GiB", "b" or "". */
static int size_suffix(const char *suffix, double *factor, struct err *e)
{
	static const char letters[] = "kmgtp";
	size_t n = strlen(suffix);
	const char *letter;

	*factor = 1;
	if (n == 0 || str_ieq(suffix, "b"))
		return 0;
	letter = strchr(letters, tolower((unsigned char)*suffix));
	if (n > 3 || !letter || (n == 2 && !str_ieq(suffix + 1, "b")) ||
	    (n == 3 && !str_ieq(suffix + 1, "ib")))
		return bad_suffix(suffix, e);
	for (const char *p = letters; p <= letter; p++)
		*factor *= 1024;
	return 0;
}

int size_parse(const char *s, int64_t *bytes, struct err *e)
{
	char number[64];
	size_t n = strlen(s), sep = n;
	double size, factor;

	while (sep > 0 && !strchr("0123456789. ", s[sep - 1]))
		sep--;
	if (sep == 0 || sep >= sizeof(number))
		return err_set(e, ERR_INVALID, "invalid size: '%s'", s);
	memcpy(number, s, sep);
	number[sep - (s[sep - 1] == ' ')] = '\0';
	if (float_parse(number, &size, e) < 0)
		return -1;
	if (size < 0)
		return err_set(e, ERR_INVALID, "invalid size: '%s'", s);
	if (size_suffix(s + sep, &factor, e) < 0)
		return -1;
	size *= factor;
	if (!(size < 9223372036854775807.0))
		return err_set(e, ERR_INVALID, "invalid size: '%s'", s);
	*bytes = (int64_t)size;
	return 0;
}

static const struct {
	const char *name;
	int64_t ns;
} duration_units[] = {
	{ "ns", 1 },         { "us", 1000 },    { "µs", 1000 },         { "μs", 1000 },
	{ "ms", NS_PER_MS }, { "s", NS_PER_S }, { "m", 60 * NS_PER_S }, { "h", 3600 * NS_PER_S },
};

static int bad_duration(const char *s, const char *what, struct err *e)
{
	return err_set(e, ERR_INVALID, "time: %s duration \"%s\"", what, s);
}

/* One number with its unit. Returns what follows, or NULL with the error set. */
static const char *duration_part(const char *p, const char *whole, double *ns, struct err *e)
{
	char *end;
	double number = strtod(p, &end);
	size_t len;

	if (!(isdigit((unsigned char)*p) || (*p == '.' && isdigit((unsigned char)p[1])))) {
		bad_duration(whole, "invalid", e);
		return NULL;
	}
	p = end;
	len = strcspn(p, ".0123456789");
	if (!len) {
		err_set(e, ERR_INVALID, "time: missing unit in duration \"%s\"", whole);
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(duration_units); i++) {
		if (strlen(duration_units[i].name) != len ||
		    memcmp(p, duration_units[i].name, len) != 0)
			continue;
		*ns += number * (double)duration_units[i].ns;
		return p + len;
	}
	err_set(e, ERR_INVALID, "time: unknown unit \"%.*s\" in duration \"%s\"", (int)len, p,
	        whole);
	return NULL;
}

int duration_parse(const char *s, int64_t *ns, struct err *e)
{
	const char *p = s;
	bool negative = *p == '-';
	double sum = 0;

	p += *p == '-' || *p == '+';
	*ns = 0;
	if (str_eq(p, "0"))
		return 0;
	if (!*p)
		return bad_duration(s, "invalid", e);
	while (*p) {
		p = duration_part(p, s, &sum, e);
		if (!p)
			return -1;
	}
	if (!(sum < 9.2e18))
		return bad_duration(s, "invalid", e);
	*ns = (int64_t)(sum + 0.5) * (negative ? -1 : 1);
	return 0;
}
