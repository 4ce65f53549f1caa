/* The multiplexed stream, streams of JSON, and the keys that detach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "cli/container/demux.h"
#include "cli/format/json_plain.h"
#include "cli/client/json_stream.h"
#include "cli/client/terminal.h"

static int collect(void *arg, int stream, const char *p, size_t n, struct err *e unused_arg)
{
	struct buf *b = arg;

	buf_printf(b, "%d:%.*s;", stream, (int)n, p);
	return 0;
}

static const char frames[] =
        "\1\0\0\0\0\0\0\3out\2\0\0\0\0\0\0\3err\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1x";

static void test_demux(void **state unused_arg)
{
	for (size_t piece = 1; piece <= sizeof(frames) - 1; piece++) {
		struct buf out = { 0 };
		struct demux d = { .sink = collect, .arg = &out };
		struct err e = { 0 };

		for (size_t i = 0; i < sizeof(frames) - 1; i += piece)
			assert_int_equal(
			        demux_feed(&d, frames + i, MIN(piece, sizeof(frames) - 1 - i), &e),
			        0);
		assert_int_equal(demux_end(&d, &e), 0);
		if (piece >= 11)
			assert_non_null(strstr(buf_cstr(&out), "2:"));
		buf_free(&out);
		demux_free(&d);
	}
}

static void test_demux_whole(void **state unused_arg)
{
	struct buf out = { 0 };
	struct demux d = { .sink = collect, .arg = &out };
	struct err e = { 0 };

	assert_int_equal(demux_feed(&d, frames, sizeof(frames) - 1, &e), 0);
	assert_string_equal(buf_cstr(&out), "1:out;2:err;1:x;");
	demux_free(&d);
	buf_reset(&out);
	d = (struct demux){ .sink = collect, .arg = &out, .raw = true };
	assert_int_equal(demux_feed(&d, "as it is", 8, &e), 0);
	assert_string_equal(buf_cstr(&out), "1:as it is;");
	buf_free(&out);
}

static void test_demux_errors(void **state unused_arg)
{
	struct buf out = { 0 };
	struct demux d = { .sink = collect, .arg = &out };
	struct err e = { 0 };

	assert_int_equal(demux_feed(&d, "\3\0\0\0\0\0\0\5broke", 13, &e), -1);
	assert_string_equal(e.text, "error from daemon in stream: broke");
	demux_free(&d);
	d = (struct demux){ .sink = collect, .arg = &out };
	assert_int_equal(demux_feed(&d, "\7\0\0\0\0\0\0\5", 8, &e), -1);
	assert_string_equal(e.text, "Unrecognized input header: 7");
	demux_free(&d);
	d = (struct demux){ .sink = collect, .arg = &out };
	assert_int_equal(demux_feed(&d, "\1\0\0\0\0\0\0\5abc", 11, &e), 0);
	assert_int_equal(demux_end(&d, &e), -1);
	demux_free(&d);
	buf_free(&out);
}

static void test_json_stream(void **state unused_arg)
{
	static const struct {
		const char *text;
		size_t n;
	} cases[] = {
		{ "{\"a\":1}\r\n{", 7 },
		{ " {\"a\":\"}\\\"\"} x", 12 },
		{ "[[],{}]", 7 },
		{ "{\"a\":[", 0 },
		{ "", 0 },
		{ "{\"a\":\"\\", 0 },
	};
	struct buf b = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(json_stream_first(slice_of(cases[i].text)), cases[i].n);
	buf_adds(&b, "{\"a\":\"\\u003c\\u003e\\u0026\\\\u003c\\n\"}");
	json_unescape_html(&b);
	assert_string_equal(buf_cstr(&b), "{\"a\":\"<>&\\\\u003c\\n\"}");
	buf_free(&b);
}

static void filter(struct detach *d, const char *typed, const char *kept, bool detached)
{
	char out[128];
	size_t n;

	assert_int_equal(detach_filter(d, typed, strlen(typed), out, &n), detached);
	out[n] = '\0';
	assert_string_equal(out, kept);
}

static void test_detach(void **state unused_arg)
{
	struct detach d;
	struct err e = { 0 };

	assert_int_equal(detach_parse(NULL, &d, &e), 0);
	filter(&d, "ab\x10", "ab", false);
	filter(&d, "c",
	       "\x10"
	       "c",
	       false);
	filter(&d, "\x10\x10x", "\x10\x10x", false);
	filter(&d, "end\x10", "end", false);
	filter(&d, "\x11", "", true);
	assert_int_equal(detach_parse("ctrl-a,x", &d, &e), 0);
	filter(&d, "xx\x01y\x01x", "xx\x01y", true);
	assert_int_equal(detach_parse("ctrl-@,ctrl-[,ctrl-\\,ctrl-_", &d, &e), 0);
	assert_int_equal(d.keys[0], 0);
	assert_int_equal(d.keys[1], 0x1b);
	assert_int_equal(d.keys[3], 0x1f);
	assert_int_equal(detach_parse("ctrl-", &d, &e), -1);
	assert_int_equal(detach_parse("ab", &d, &e), -1);
	assert_int_equal(detach_parse("ctrl-A", &d, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_demux),        cmocka_unit_test(test_demux_whole),
		cmocka_unit_test(test_demux_errors), cmocka_unit_test(test_json_stream),
		cmocka_unit_test(test_detach),
	};

	return cmocka_run_group_tests_name("cli_stream", tests, NULL, NULL);
}
