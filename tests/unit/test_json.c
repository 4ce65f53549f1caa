/* base/json: the strict scan, decoding and encoding by table, copies, trees. */
#include "unit.h"

#include "base/json.h"

#define CHILD(F)                \
	F(STR, name, "Name", 0) \
	F(I64, size, "Size", OMIT_EMPTY)
#define PARENT(F)                                        \
	F(STR, id, "Id", REQUIRED)                       \
	F(BOOL, on, "On", 0)                             \
	F(OPT_I64, limit, "Limit", OMIT_EMPTY)           \
	F(U64, big, "Big", OMIT_EMPTY)                   \
	F(F64, ratio, "Ratio", OMIT_EMPTY)               \
	F(TIME, created, "Created", OMIT_EMPTY)          \
	F(STRS, args, "Args", NULL_WHEN_ABSENT)          \
	F(STRLIST, entry, "Entry", OMIT_EMPTY)           \
	F(I64S, numbers, "Numbers", OMIT_EMPTY)          \
	F(SET, ports, "Ports", OMIT_EMPTY)               \
	F(MAP, labels, "Labels", 0)                      \
	F(STRSMAP, filters, "Filters", OMIT_EMPTY)       \
	F(RAW, extra, "Extra", OMIT_EMPTY)               \
	F(OBJ, child, "Child", OMIT_EMPTY, child)        \
	F(OBJS, children, "Children", OMIT_EMPTY, child) \
	F(OBJMAP, by_name, "ByName", OMIT_EMPTY, child)  \
	F(OBJSMAP, lists, "Lists", OMIT_EMPTY, child)    \
	F(STR, newer, "Newer", OMIT_EMPTY | SINCE(44))   \
	F(STR, older, "Older", OMIT_EMPTY | UNTIL(44))
JSON_STRUCT(child, CHILD)
JSON_STRUCT(parent, PARENT)
JSON_TYPE(child, CHILD)
JSON_TYPE(parent, PARENT)

static const char full[] =
        "{\"Id\":\"x\",\"On\":true,\"Limit\":0,\"Big\":18446744073709551615,\"Ratio\":0.1,"
        "\"Created\":\"2026-01-02T03:04:05.6Z\",\"Args\":[\"a\",\"b\"],\"Entry\":[\"sh\"],"
        "\"Numbers\":[-1,2],\"Ports\":{\"80/tcp\":{}},\"Labels\":{\"k\":\"v\"},"
        "\"Filters\":{\"label\":[\"a=b\"]},\"Extra\":{\"any\":[1,null]},"
        "\"Child\":{\"Name\":\"c\",\"Size\":3},\"Children\":[{\"Name\":\"d\"}],"
        "\"ByName\":{\"e\":{\"Name\":\"e\"}},\"Lists\":{\"f\":[{\"Name\":\"f\"}],\"g\":null}}";

static void everything_survives_a_round_trip(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 }, b = { 0 };
	struct err e = { 0 };
	struct parent p, *copy;

	assert_int_equal(json_decode(&a, &parent_type, slice_of(full), &p, &e), 0);
	assert_true(p.limit.set);
	assert_string_equal(p.ports.v[0], "80/tcp");
	assert_string_equal(p.lists.v[0].v[0].name, "f");
	assert_string_equal(json_text(&a, &parent_type, &p), full);
	copy = json_copy(&b, &parent_type, &p);
	arena_free(&a);
	assert_string_equal(json_text(&b, &parent_type, copy), full);
}

/* Beside two lists that follow each other in the arena, a third element must not touch the next one. */
static void decoded_lists_can_be_pushed_to(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 }, b = { 0 };
	struct err e = { 0 };
	struct parent p, *copy;

	assert_int_equal(json_decode(&a, &parent_type, slice_of(full), &p, &e), 0);
	copy = json_copy(&b, &parent_type, &p);
	for (int i = 0; i < 20; i++) {
		arena_push(&a, &p.args, "pushed");
		arena_push(&b, &copy->args, "pushed");
	}
	assert_string_equal(p.entry.v[0], "sh");
	assert_string_equal(copy->entry.v[0], "sh");
	assert_string_equal(copy->args.v[0], "a");
	assert_string_equal(copy->args.v[21], "pushed");
}

static void absent_null_and_zero_are_three_things(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct err e = { 0 };
	struct parent p;

	assert_int_equal(json_decode(&a, &parent_type,
	                             slice_of("{\"Id\":\"\",\"Limit\":null,\"Args\":[]}"), &p, &e),
	                 0);
	assert_string_equal(p.id, "");
	assert_false(p.limit.set);
	assert_non_null(p.args.v);
	assert_null(p.entry.v);
	assert_null(p.older);
	assert_string_equal(json_text(&a, &parent_type, &p),
	                    "{\"Id\":\"\",\"On\":false,\"Args\":[],\"Labels\":{}}");
	p.args.v = NULL;
	assert_string_equal(json_text(&a, &parent_type, &p),
	                    "{\"Id\":\"\",\"On\":false,\"Args\":null,\"Labels\":{}}");
}

static void lists_are_read_an_element_at_a_time(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct {
		size_t n;
		struct parent *v;
	} list;
	struct err e = { 0 };
	static const struct {
		const char *text, *error;
	} bad[] = {
		{ "{}", "expected array" },
		{ "[{\"Id\":\"a\"},{\"Id\":1}]", "[1].Id: expected string, got integer" },
		{ "[{\"Id\":\"a\"} {}]", "invalid JSON at line 1, column 13: expected ',' or ']'" },
		{ "[{}] x", "invalid JSON at line 1, column 6: text after the value" },
		{ "[3]", "[0]: expected object, got integer" },
	};

	assert_int_equal(
	        json_decode_list(&a, &parent_type,
	                         slice_of(" [ {\"Id\":\"a\",\"Args\":[\"x\",\"y\"]} , null,\n"
	                                  "{\"Id\":\"c\",\"Labels\":{\"k\":\"v\"}}] "),
	                         &list, &e),
	        0);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.v[0].id, "a");
	assert_string_equal(list.v[0].args.v[1], "y");
	assert_null(list.v[1].id);
	assert_string_equal(list.v[2].id, "c");
	assert_int_equal(json_decode_list(&a, &parent_type, slice_of("null"), &list, &e), 0);
	assert_int_equal(list.n, 0);
	assert_int_equal(json_decode_list(&a, &parent_type, slice_of("[]"), &list, &e), 0);
	assert_int_equal(list.n, 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		err_clear(&e);
		assert_int_equal(
		        json_decode_list(&a, &parent_type, slice_of(bad[i].text), &list, &e), -1);
		assert_string_equal(e.text, bad[i].error);
	}
}

static void versions_choose_members(unused_arg void **state)
{
	struct parent p = { .newer = "n", .older = "o" };
	_cleanup_buf_ struct buf b = { 0 };

	json_encode_for(&b, &parent_type, &p, 43);
	assert_non_null(strstr(b.data, "Older"));
	assert_null(strstr(b.data, "Newer"));
	buf_reset(&b);
	json_encode_for(&b, &parent_type, &p, 44);
	assert_null(strstr(b.data, "Older"));
	assert_non_null(strstr(b.data, "Newer"));
}

static void wrong_types_name_their_path(unused_arg void **state)
{
	static const char *const cases[][2] = {
		{ "{\"Id\":\"x\",\"Child\":{\"Size\":\"big\"}}",
		  "Child.Size: expected integer, got string" },
		{ "{\"Id\":\"x\",\"Children\":[{},{\"Name\":1}]}",
		  "Children[1].Name: expected string, got integer" },
		{ "{\"Id\":\"x\",\"Limit\":1.5}", "Limit: expected integer, got number" },
		{ "{\"Id\":\"x\",\"Big\":-1}", "Big: expected a non-negative integer, got -1" },
		{ "{\"Id\":\"x\",\"Limit\":18446744073709551615}", "Limit: integer out of range" },
		{ "{\"Id\":\"x\",\"Created\":\"yesterday\"}",
		  "Created: expected RFC 3339 time, got \"yesterday\"" },
		{ "{\"Id\":\"x\",\"Ports\":{\"80\":1}}",
		  "Ports.80: expected empty object, got integer" },
		{ "{\"On\":true}", "Id: missing" },
		{ "[]", "expected object, got array" },
		{ "null", "expected object, got null" },
	};
	_cleanup_arena_ struct arena a = { 0 };
	struct parent p;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };

		assert_int_equal(json_decode(&a, &parent_type, slice_of(cases[i][0]), &p, &e), -1);
		assert_string_equal(e.text, cases[i][1]);
		assert_int_equal(e.kind, ERR_INVALID);
	}
}

static void names_fold_only_when_asked(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct err e = { 0 };
	struct parent p;

	assert_int_equal(json_decode_with(&a, &parent_type,
	                                  slice_of("{\"id\":\"x\",\"Id\":\"y\",\"ON\":true}"),
	                                  JSON_FOLD, &p, &e),
	                 0);
	assert_true(p.on);
	assert_int_equal(
	        json_decode(&a, &parent_type, slice_of("{\"Id\":\"y\",\"ON\":true}"), &p, &e), 0);
	assert_false(p.on);
	assert_int_equal(json_decode_with(&a, &parent_type, slice_of("{\"Id\":\"y\",\"Nope\":1}"),
	                                  JSON_STRICT, &p, &e),
	                 -1);
	assert_string_equal(e.text, "Nope: unknown name");
}

static void the_scan_is_strict(unused_arg void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"[1,]",
		"{\"a\":1,}",
		"{\"a\" 1}",
		"{a:1}",
		"01",
		"1.",
		".5",
		"1e",
		"+1",
		"-",
		"tru",
		"nul",
		"\"\x01\"",
		"\"\\x\"",
		"\"\\u12\"",
		"\"\\u0000\"",
		"\"\\ud800\"",
		"\"\\ud800\\u0041\"",
		"\"\xff\"",
		"\"\xc0\x80\"",
		"\"\xed\xa0\x80\"",
		"\"a",
		"1 2",
		"[1}",
		"{\"a\":1,\"a\":2}",
		"{\"a\":1,\"\\u0061\":2}",
		"18446744073709551616",
		"-9223372036854775809",
		"'a'",
		"NaN",
		"/*c*/1",
	};
	static const char *const good[] = {
		"null",
		"true",
		"-0",
		"0.5e-10",
		"18446744073709551615",
		"\"\\ud83d\\ude00\"",
		"\"\xc3\xa9\"",
		" [ ] ",
		"{\"a\":{\"a\":1}}",
		"1e400",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = { 0 };

		if (json_check(slice_of(bad[i]), &e) == 0)
			fail_msg("accepted %s", bad[i]);
		assert_true(str_starts(e.text, "invalid JSON at line "));
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct err e = { 0 };

		if (json_check(slice_of(good[i]), &e) < 0)
			fail_msg("refused %s: %s", good[i], e.text);
	}
	assert_int_equal(json_check((struct slice){ "1\0", 2 }, NULL), -1);
}

static void depth_is_limited(unused_arg void **state)
{
	char text[300];
	struct err e = { 0 };

	memset(text, '[', sizeof(text));
	assert_int_equal(json_check((struct slice){ text, 200 }, &e), -1);
	assert_non_null(strstr(e.text, "nested too deeply"));
}

static void quoting_is_gos(unused_arg void **state)
{
	_cleanup_buf_ struct buf b = { 0 };

	json_quote(&b, slice_of("<a&b>\"\\\n\t\x01\x7f\xff\xe2\x80\xa8\xc3\xa9"));
	assert_string_equal(
	        b.data,
	        "\"\\u003ca\\u0026b\\u003e\\\"\\\\\\n\\t\\u0001\x7f\\ufffd\\u2028\xc3\xa9\"");
}

static void trees_keep_order_and_indent_like_go(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf b = { 0 };
	struct json_value v;
	struct err e = { 0 };

	assert_int_equal(json_parse(&a, slice_of("{\"z\":[1,{}],\"a\":[],\"n\":1.50}"), &v, &e), 0);
	json_write(&b, &v, "    ");
	assert_string_equal(b.data, "{\n    \"z\": [\n        1,\n        {}\n    ],\n    \"a\": "
	                            "[],\n    \"n\": 1.50\n}");
	assert_int_equal(json_member(&v, "z")->n, 2);
	assert_null(json_member(&v, "q"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_survives_a_round_trip),
		cmocka_unit_test(decoded_lists_can_be_pushed_to),
		cmocka_unit_test(absent_null_and_zero_are_three_things),
		cmocka_unit_test(lists_are_read_an_element_at_a_time),
		cmocka_unit_test(versions_choose_members),
		cmocka_unit_test(wrong_types_name_their_path),
		cmocka_unit_test(names_fold_only_when_asked),
		cmocka_unit_test(the_scan_is_strict),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(quoting_is_gos),
		cmocka_unit_test(trees_keep_order_and_indent_like_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
