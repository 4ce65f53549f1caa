/* Time and RFC 3339. See clock.h. */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/str.h"

#define GO_ZERO "0001-01-01T00:00:00Z"

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t clock_now_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
	return clock_mono_ns() / NS_PER_MS;
}

static int format_seconds(char *dst, int64_t ns, long *fraction)
{
	int64_t s = ns / NS_PER_S;
	struct tm tm;
	time_t t;

	*fraction = (long)(ns % NS_PER_S);
	if (*fraction < 0) {
		*fraction += NS_PER_S;
		s--;
	}
	t = (time_t)s;
	gmtime_r(&t, &tm);
	return snprintf(dst, CLOCK_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u",
	                (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
	                (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
	                (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

const char *clock_format_fixed(char dst[CLOCK_TEXT_SIZE], int64_t ns)
{
	long fraction;
	int n = format_seconds(dst, ns, &fraction);

	snprintf(dst + n, CLOCK_TEXT_SIZE - (size_t)n, ".%09ldZ", fraction);
	return dst;
}

const char *clock_format(char dst[CLOCK_TEXT_SIZE], int64_t ns)
{
	long fraction;
	int n;

	if (ns == 0)
		return memcpy(dst, GO_ZERO, sizeof(GO_ZERO));
	n = format_seconds(dst, ns, &fraction);
	if (fraction) {
		n += snprintf(dst + n, CLOCK_TEXT_SIZE - (size_t)n, ".%09ld", fraction);
		while (dst[n - 1] == '0')
			n--;
	}
	memcpy(dst + n, "Z", 2);
	return dst;
}

static bool digits(const char **s, int n, int *out)
{
	*out = 0;
	for (; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return true;
}

/* ".123" -> 123000000; digits past the ninth are dropped, as Go does. */
static bool parse_fraction(const char **s, int64_t *ns)
{
	int64_t scale = NS_PER_S / 10;

	if (**s != '.')
		return true;
	(*s)++;
	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; (*s)++, scale /= 10)
		*ns += (**s - '0') * scale;
	return true;
}

static bool parse_zone(const char *s, int *offset_s)
{
	int h, m, sign = *s == '-' ? -1 : 1;

	*offset_s = 0;
	if (strcmp(s, "Z") == 0 || strcmp(s, "z") == 0)
		return true;
	if (*s != '+' && *s != '-')
		return false;
	s++;
	if (!digits(&s, 2, &h) || *s++ != ':' || !digits(&s, 2, &m) || *s)
		return false;
	*offset_s = sign * (h * 3600 + m * 60);
	return h < 24 && m < 60;
}

bool clock_parse(const char *s, int64_t *ns)
{
	struct tm tm = { 0 };
	int64_t fraction = 0;
	int offset;

	if (strcmp(s, GO_ZERO) == 0) {
		*ns = 0;
		return true;
	}
	if (!digits(&s, 4, &tm.tm_year) || *s++ != '-' || !digits(&s, 2, &tm.tm_mon) ||
	    *s++ != '-' || !digits(&s, 2, &tm.tm_mday) || (*s != 'T' && *s != 't'))
		return false;
	s++;
	if (!digits(&s, 2, &tm.tm_hour) || *s++ != ':' || !digits(&s, 2, &tm.tm_min) ||
	    *s++ != ':' || !digits(&s, 2, &tm.tm_sec) || !parse_fraction(&s, &fraction) ||
	    !parse_zone(s, &offset))
		return false;
	if (tm.tm_year < 1678 || tm.tm_year > 2261 || tm.tm_mon < 1 || tm.tm_mon > 12 ||
	    tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 ||
	    tm.tm_sec > 60)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*ns = ((int64_t)timegm(&tm) - offset) * NS_PER_S + fraction;
	return true;
}

/* A number of `unit`s without trailing zeros of the fraction. */
static void add_fraction(char *dst, size_t size, int64_t ns, int64_t unit, const char *name)
{
	char digits[32];
	size_t n;

	snprintf(digits, sizeof(digits), "%.9f", (double)ns / (double)unit);
	n = strlen(digits);
	while (digits[n - 1] == '0')
		n--;
	if (digits[n - 1] == '.')
		n--;
	digits[n] = '\0';
	snprintf(dst, size, "%s%s", digits, name);
}

const char *clock_format_duration(char dst[CLOCK_TEXT_SIZE], int64_t ns)
{
	char seconds[32], *sign = ns < 0 ? "-" : "";
	int64_t hours, minutes;

	ns = ns < 0 ? -ns : ns;
	if (ns == 0) {
		str_copy(dst, CLOCK_TEXT_SIZE, "0s");
		return dst;
	}
	if (ns < NS_PER_S) {
		bool ms = ns >= NS_PER_MS, us = ns >= 1000;

		add_fraction(seconds, sizeof(seconds), ns,
		             ms   ? NS_PER_MS
		             : us ? 1000
		                  : 1,
		             ms   ? "ms"
		             : us ? "µs"
		                  : "ns");
		snprintf(dst, CLOCK_TEXT_SIZE, "%s%s", sign, seconds);
		return dst;
	}
	hours = ns / (3600 * NS_PER_S);
	minutes = ns / (60 * NS_PER_S) % 60;
	add_fraction(seconds, sizeof(seconds), ns % (60 * NS_PER_S), NS_PER_S, "s");
	if (hours)
		snprintf(dst, CLOCK_TEXT_SIZE, "%s%lldh%lldm%s", sign, (long long)hours,
		         (long long)minutes, seconds);
	else if (minutes)
		snprintf(dst, CLOCK_TEXT_SIZE, "%s%lldm%s", sign, (long long)minutes, seconds);
	else
		snprintf(dst, CLOCK_TEXT_SIZE, "%s%s", sign, seconds);
	return dst;
}
