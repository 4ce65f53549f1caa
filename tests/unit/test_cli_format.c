/* Sizes, times, tables, ports and the progress bar of the docker program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/clock.h"
#include "cli/container/row.h"
#include "base/base64.h"
#include "cli/format/list.h"
#include "cli/format/table.h"
#include "cli/format/timestamp.h"
#include "cli/format/units.h"
#include "cli/image/progress.h"

static void test_size_format(void **state unused_arg)
{
	static const struct {
		double size;
		int digits;
		const char *text;
	} cases[] = {
		{ 0, 3, "0B" },           { 999, 3, "999B" },        { 1000, 3, "1kB" },
		{ 1237000, 3, "1.24MB" }, { 1984000, 4, "1.984MB" }, { 12345678900, 3, "12.3GB" },
		{ 999999, 3, "1e+03kB" }, { 1500, 4, "1.5kB" },
	};
	char text[UNITS_TEXT];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(size_format(text, cases[i].size, cases[i].digits),
		                    cases[i].text);
	assert_string_equal(size_format_binary(text, 25276514304), "23.54GiB");
}

static void test_size_parse(void **state unused_arg)
{
	static const struct {
		const char *text;
		int64_t size;
		const char *error;
	} cases[] = {
		{ "0", 0, NULL },
		{ "512", 512, NULL },
		{ "512b", 512, NULL },
		{ "64m", 64 << 20, NULL },
		{ "64M", 64 << 20, NULL },
		{ "64mb", 64 << 20, NULL },
		{ "1.5GiB", 3LL << 29, NULL },
		{ "10 kb", 10240, NULL },
		{ "1t", 1LL << 40, NULL },
		{ "", 0, "invalid size: ''" },
		{ "x", 0, "invalid size: 'x'" },
		{ "-1", 0, "invalid size: '-1'" },
		{ "1x", 0, "invalid suffix: 'x'" },
		{ "1MXB", 0, "invalid suffix: 'mxb'" },
		{ "1..5m", 0, "strconv.ParseFloat: parsing \"1..5\": invalid syntax" },
		{ "9e999", 0, "strconv.ParseFloat: parsing \"9e999\": value out of range" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };
		int64_t size = -1;

		if (size_parse(cases[i].text, &size, &e) == 0) {
			assert_null(cases[i].error);
			assert_int_equal(size, cases[i].size);
		} else {
			assert_string_equal(e.text, cases[i].error);
		}
	}
}

static void test_durations(void **state unused_arg)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} human[] = {
		{ 0, "Less than a second" }, { 1, "1 second" },
		{ 59, "59 seconds" },        { 60, "About a minute" },
		{ 119, "About a minute" },   { 120, "2 minutes" },
		{ 3599, "59 minutes" },      { 3600, "About an hour" },
		{ 5399, "About an hour" },   { 5400, "2 hours" },
		{ 47 * 3600, "47 hours" },   { 48 * 3600, "2 days" },
		{ 13 * 86400, "13 days" },   { 14 * 86400, "2 weeks" },
		{ 60 * 86400, "2 months" },  { 729 * 86400, "24 months" },
		{ 730 * 86400, "2 years" },
	};
	static const struct {
		const char *text;
		int64_t ns;
		const char *printed;
	} go[] = {
		{ "0", 0, "0s" },
		{ "1h30m", 5400 * NS_PER_S, "1h30m0s" },
		{ "1.5s", 1500 * NS_PER_MS, "1.5s" },
		{ "-2m", -120 * NS_PER_S, "-2m0s" },
		{ "300ms", 300 * NS_PER_MS, "300ms" },
		{ "1h0.5s", 3600 * NS_PER_S + NS_PER_S / 2, "1h0m0.5s" },
		{ "5us", 5000, "5µs" },
		{ "7ns", 7, "7ns" },
	};
	static const char *const bad[] = { "", "x", "1", "1x", "s", "1s ", ".s", "-" };
	char text[UNITS_TEXT];
	int64_t ns;

	for (size_t i = 0; i < ARRAY_LEN(human); i++)
		assert_string_equal(duration_human(text, human[i].seconds * NS_PER_S),
		                    human[i].text);
	for (size_t i = 0; i < ARRAY_LEN(go); i++) {
		assert_int_equal(duration_parse(go[i].text, &ns, NULL), 0);
		assert_true(ns == go[i].ns);
		assert_string_equal(clock_format_duration(text, ns), go[i].printed);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(duration_parse(bad[i], &ns, NULL), -1);
}

static void test_timestamps(void **state unused_arg)
{
	static const struct {
		const char *text, *out;
	} cases[] = {
		{ "1136073845", "1136073845" },
		{ "1136073845.000000001", "1136073845.000000001" },
		{ "2006-01-02T15:04:05Z", "1136214245.000000000" },
		{ "2006-01-02T15:04:05.5Z", "1136214245.500000000" },
		{ "2006-01-02T15:04:05+02:00", "1136207045.000000000" },
		{ "2006-01-02T15:04Z", "1136214240.000000000" },
		{ "2006-01-02Z", "1136160000.000000000" },
		{ "2006-01-02T15:04:05", "1136214245.000000000" },
		{ "2006-01-02T15:04", "1136214240.000000000" },
		{ "2006-01-02", "1136160000.000000000" },
	};
	_cleanup_arena_ struct arena a = { 0 };
	const char *out;

	setenv("TZ", "UTC", 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(timestamp_parse(&a, cases[i].text, &out, NULL), 0);
		assert_string_equal(out, cases[i].out);
	}
	assert_int_equal(timestamp_parse(&a, "5m", &out, NULL), 0);
	assert_int_equal(timestamp_parse(&a, "yesterday", &out, NULL), -1);
	assert_int_equal(timestamp_parse(&a, "2006-13-02", &out, NULL), -1);
}

static void test_table(void **state unused_arg)
{
	static const struct {
		const char *text, *out;
	} cases[] = {
		{ "A\tB\tC\n1\t2\t3\n", "A         B         C\n1         2         3\n" },
		{ "NAME\tX\na-rather-long-name\ty\n",
		  "NAME                 X\na-rather-long-name   y\n" },
		{ "A\tB\n\nlong line without a cell\nC\tD\n",
		  "A         B\n\nlong line without a cell\nC         D\n" },
		{ "ü\tx\na\ty", "ü         x\na         y\n" },
		{ "a\t\tb\n", "a                   b\n" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = { 0 };

		table_align(&out, slice_of(cases[i].text), TABLE_MIN, TABLE_PADDING);
		assert_string_equal(buf_cstr(&out), cases[i].out);
		buf_free(&out);
	}
}

static void test_ports(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct api_port ports[] = {
		{ "0.0.0.0", 80, 8080, "tcp" }, { "::", 80, 8080, "tcp" },
		{ NULL, 7001, 0, "tcp" },       { NULL, 7000, 0, "tcp" },
		{ NULL, 9, 0, "udp" },          { "127.0.0.1", 91, 91, "tcp" },
		{ "127.0.0.1", 90, 90, "tcp" }, { "127.0.0.1", 95, 95, "tcp" },
		{ "::1", 90, 90, "tcp" },
	};

	assert_string_equal(ports_display(&a, ports, ARRAY_LEN(ports)),
	                    "127.0.0.1:90-91->90-91/tcp, 9/udp, 127.0.0.1:95->95/tcp, "
	                    "[::1]:90->90/tcp, 7000-7001/tcp, 0.0.0.0:8080->80/tcp, "
	                    "[::]:8080->80/tcp");
	assert_string_equal(ports_display(&a, NULL, 0), "");
}

static void test_short_texts(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct slice plain;

	assert_string_equal(ellipsis(&a, "short", 10), "short");
	assert_string_equal(ellipsis(&a, "exactly-10", 10), "exactly-10");
	assert_string_equal(ellipsis(&a, "longer-than-10", 10), "longer-th…");
	assert_string_equal(ellipsis(&a, "üüüüüü", 4), "üüü…");
	assert_string_equal(short_id(&a, "sha256:0123456789abcdef"), "0123456789ab");
	assert_string_equal(short_id(&a, "short"), "short");
	assert_true(base64_decode(&a, "dXNlcjpwYXNz", &plain));
	assert_true(slice_eq(plain, "user:pass"));
	assert_true(base64_decode(&a, "YQ==", &plain) && slice_eq(plain, "a"));
	assert_false(base64_decode(&a, "Y", &plain));
	assert_false(base64_decode(&a, "Y Q=", &plain));
	assert_string_equal(base64_encode(&a, slice_of("{}"), BASE64_URL), "e30=");
	assert_string_equal(base64_encode(&a, slice_of("\xff\xfe?"), BASE64_URL), "__4_");
	assert_string_equal(base64_encode(&a, slice_of(""), BASE64_URL), "");
}

static void test_progress_bar(void **state unused_arg)
{
	static const struct {
		int64_t current, total;
		size_t width;
		const char *text;
	} cases[] = {
		{ 0, 0, 200, "" },
		{ 1200, 0, 200, "   1.2kB" },
		{ 512, 1024, 200,
		  "[=========================>                         ]     512B/1.024kB" },
		{ 512, 1024, 80, "    512B/1.024kB" },
		{ 2000, 1000, 80, "     2kB" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = { 0 };

		progress_bar(&b, cases[i].current, cases[i].total, false, cases[i].width);
		assert_string_equal(buf_cstr(&b), cases[i].text);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size_format), cmocka_unit_test(test_size_parse),
		cmocka_unit_test(test_durations),   cmocka_unit_test(test_timestamps),
		cmocka_unit_test(test_table),       cmocka_unit_test(test_ports),
		cmocka_unit_test(test_short_texts), cmocka_unit_test(test_progress_bar),
	};

	return cmocka_run_group_tests_name("cli_format", tests, NULL, NULL);
}
