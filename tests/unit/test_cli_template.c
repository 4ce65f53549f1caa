/* Templates of the docker program. The results are what Go's text/template gives for the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "cli/client/api_types.h"
#include "cli/format/list.h"
#include "cli/format/template.h"

static const char data[] =
        "{\"a\":\"A\",\"b\":{\"c\":\"C\"},\"l\":[\"one\",\"two\",\"three\"],\"m\":{\"k\":\"v\","
        "\"j\":2},"
        "\"empty\":[],\"none2\":null,\"t\":true,\"f\":1.5,\"n\":3,\"neg\":-7,\"big\":12345678901,"
        "\"nested\":[[1,[2,3]]]}";

static const struct {
	const char *text, *out, *error;
} cases[] = {
	{ "{{.a}} {{.b.c}} {{.none}} {{.l}} {{.m}}", "A C <no value> [one two three] map[j:2 k:v]",
	  NULL },
	{ "{{printf \"%d|%5d|%-5d|%05d|%+d|%x|%X|%o|%b|%c|%q|%U\" 42 42 42 42 42 255 255 8 5 65 65 "
	  "65}}",
	  "42|   42|42   |00042|+42|ff|FF|10|101|A|'A'|U+0041", NULL },
	{ "{{printf \"%s|%10s|%-10s|%.2s|%q|%x|%v\" \"hello\" \"hi\" \"hi\" \"hello\" \"a\\\"b\" "
	  "\"az\" \"x\"}}",
	  "hello|        hi|hi        |he|\"a\\\"b\"|617a|x", NULL },
	{ "{{printf \"%v %v %v %v\" 1 1.5 true .none}}", "1 1.5 true <nil>", NULL },
	{ "{{printf \"%f %.2f %e %g %8.3f\" 1.5 3.14159 123456.789 1e21 2.5}}",
	  "1.500000 3.14 1.234568e+05 1e+21    2.500", NULL },
	{ "{{printf \"%d\" \"x\"}} {{printf \"%s\" 5}} {{printf \"%d\"}} {{printf \"%d\" 1 2}} "
	  "{{printf \"%!\"}} {{printf \"%\"}}",
	  "%!d(string=x) %!s(int=5) %!d(MISSING) 1%!(EXTRA int=2) %!!(MISSING) %!(NOVERB)", NULL },
	{ "{{printf \"%t %t\" true false}} {{printf \"%T %T %T %T\" 1 \"a\" 1.5 true}}",
	  "true false int string float64 bool", NULL },
	{ "{{printf \"%*d|%-*d|\" 5 42 5 42}} {{printf \"%6.2f|\" 3.14159}} {{printf \"%+v\" .m}} "
	  "{{printf \"%v\" .l}}",
	  "   42|42   |   3.14| map[j:2 k:v] [one two three]", NULL },
	{ "{{len \"abc\"}} {{len .l}} {{len .m}}", "3 3 2", NULL },
	{ "{{index .l 1}} {{index .m \"k\"}} {{index .l 0 | printf \"%v\"}}", "two v one", NULL },
	{ "{{slice \"abcdef\" 1 3}} {{slice .l 1}} {{slice \"abc\"}}", "bc [two three] abc", NULL },
	{ "{{range .l}}[{{.}}]{{end}} {{range $i, $e := .l}}{{$i}}={{$e}};{{end}} {{range $k, $v "
	  ":= .m}}{{$k}}:{{$v}} {{end}}",
	  "[one][two][three] 0=one;1=two;2=three; j:2 k:v ", NULL },
	{ "{{range .empty}}x{{else}}none{{end}} {{range 3}}{{.}}{{end}}", "none 012", NULL },
	{ "{{if .a}}yes{{else}}no{{end}} {{if .none}}yes{{else if .a}}elif{{end}} {{if not "
	  ".none}}neg{{end}}",
	  "yes elif neg", NULL },
	{ "{{with .b}}{{.c}}{{end}} {{with .none}}x{{else}}y{{end}} {{with .none}}x{{else with "
	  ".a}}w{{.}}{{end}}",
	  "C y wA", NULL },
	{ "{{$x := .a}}{{$x}} {{$x = \"new\"}}{{$x}} {{range .l}}{{$x = .}}{{end}}{{$x}}",
	  "A new three", NULL },
	{ "{{and 1 0 2}} {{or 0 \"\" \"x\"}} {{and}}", NULL,
	  "template: :1:32: executing \"\" at <and>: wrong number of args for and: want at least 1 "
	  "got 0" },
	{ "{{eq 1 1}} {{eq \"a\" \"b\" \"a\"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt \"b\" \"a\"}} "
	  "{{ge 1.5 1.5}}",
	  "true true true true true true true", NULL },
	{ "{{eq .l .l}}", NULL,
	  "template: :1:2: executing \"\" at <eq .l .l>: error calling eq: non-comparable type "
	  "[one two three]: []interface {}" },
	{ "{{print 1 2}} {{print \"a\" \"b\"}} {{print 1 \"a\" 2}} {{println \"x\" 1}}|",
	  "1 2 ab 1a2 x 1\n|", NULL },
	{ "{{html \"<a&'\\\">\"}} {{js \"it's \\\"<>\\\"\"}} {{urlquery \"a b&c=d/é\"}}",
	  "&lt;a&amp;&#39;&#34;&gt; it\\'s \\\"\\u003C\\u003E\\\" a+b%26c%3Dd%2F%C3%A9", NULL },
	{ "{{\"quoted\\n\\t\\\"\\x41\\u00e9\"}} {{`raw \\n`}} {{'a'}} {{'\\n'}} {{0x1F}} {{1_000}} "
	  "{{0b11}} {{0o17}} {{017}} {{1e3}} {{1.25}} {{-5}} {{+5}}",
	  "quoted\n\t\"Aé raw \\n 97 10 31 1000 3 15 15 1000 1.25 -5 5", NULL },
	{ "{{/* comment */}}a{{- /* trimmed */ -}} b   {{- \"c\" -}}   d", "abcd", NULL },
	{ "{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .a}}{{template \"t\"}}{{block \"u\" "
	  ".b}}{{.c}}{{end}}",
	  "<A><<no value>>C", NULL },
	{ "{{range .l}}{{if eq . \"two\"}}{{continue}}{{end}}{{.}}{{if eq . "
	  "\"three\"}}{{break}}{{end}}{{end}}",
	  "onethree", NULL },
	{ "{{(index .l 0)}} {{(.b).c}} {{(index .m \"k\")}} {{(printf \"%s\" \"x\") | len}}",
	  "one C v 1", NULL },
	{ "{{.a | printf \"%s-%s\" \"pre\"}} {{\"x\" | upper | lower | title}}", "pre-A X", NULL },
	{ "{{json .}} {{json .l}} {{json \"<&>\"}} {{json .none}}",
	  "{\"a\":\"A\",\"b\":{\"c\":\"C\"},\"big\":12345678901,\"empty\":[],\"f\":1.5,\"l\":["
	  "\"one\",\"two\",\"three\"],\"m\":{\"j\":2,\"k\":\"v\"},\"n\":3,\"neg\":-7,\"nested\":[["
	  "1,[2,3]]],\"none2\":null,\"t\":true} [\"one\",\"two\",\"three\"] \"<&>\" null",
	  NULL },
	{ "{{split \"a,b,c\" \",\"}} {{join .l \"+\"}} {{pad \"x\" 2 3}}| {{truncate \"abcdef\" "
	  "3}} {{truncate \"ab\" 5}} {{title \"hello wide world\"}}",
	  "[a b c] one+two+three   x   | abc ab Hello Wide World", NULL },
	{ "{{.a.b}}", NULL,
	  "template: :1:4: executing \"\" at <.a.b>: can't evaluate field b in type interface {}" },
	{ "{{.none.x}}", "<no value>", NULL },
	{ "{{.b.c.d}}", NULL,
	  "template: :1:4: executing \"\" at <.b.c.d>: can't evaluate field d in type interface "
	  "{}" },
	{ "{{nofunc}}", NULL, "template: :1: function \"nofunc\" not defined" },
	{ "{{.a", NULL, "template: :1: unclosed action" },
	{ "{{.a}", NULL, "template: :1: bad character U+007D '}'" },
	{ "{{if}}x{{end}}", NULL, "template: :1: missing value for if" },
	{ "{{if .a}}x", NULL, "template: :1: unexpected EOF" },
	{ "{{end}}", NULL, "template: :1: unexpected {{end}}" },
	{ "{{else}}", NULL, "template: :1: unexpected {{else}}" },
	{ "{{range}}x{{end}}", NULL, "template: :1: missing value for range" },
	{ "{{.a | }}", "A", NULL },
	{ "{{| .a}}", NULL, "template: :1: unexpected \"|\" in command" },
	{ "{{()}}", NULL, "template: :1: missing value for parenthesized pipeline" },
	{ "{{(.a}}", NULL, "template: :1: unclosed left paren" },
	{ "{{.a)}}", NULL, "template: :1: unexpected right paren" },
	{ "{{$y}}", NULL, "template: :1: undefined variable \"$y\"" },
	{ "{{with $z := $z}}{{end}}", NULL,
	  "template: :1:13: executing \"\" at <$z>: undefined variable: $z" },
	{ "{{range $i, $e := $e}}{{end}}", NULL,
	  "template: :1:18: executing \"\" at <$e>: undefined variable: $e" },
	{ "{{with $z := ($z = 3)}}{{end}}", NULL,
	  "template: :1:19: executing \"\" at <3>: undefined variable: $z" },
	{ "{{\"unterminated}}", NULL, "template: :1: unterminated quoted string" },
	{ "{{`unterminated}}", NULL, "template: :1: unterminated raw quoted string" },
	{ "{{'ab'}}", NULL, "template: :1: malformed character constant: 'ab'" },
	{ "{{.a.}}", NULL, "template: :1: unexpected <.> in operand" },
	{ "{{. a}}", NULL, "template: :1: function \"a\" not defined" },
	{ "{{a b}}", NULL, "template: :1: function \"a\" not defined" },
	{ "{{len}}", NULL,
	  "template: :1:2: executing \"\" at <len>: wrong number of args for len: want 1 got 0" },
	{ "{{len 1 2}}", NULL,
	  "template: :1:2: executing \"\" at <len>: wrong number of args for len: want 1 got 2" },
	{ "{{len 3}}", NULL,
	  "template: :1:2: executing \"\" at <len 3>: error calling len: len of type int" },
	{ "{{index .l 9}}", NULL,
	  "template: :1:2: executing \"\" at <index .l 9>: error calling index: index out of "
	  "range: 9" },
	{ "{{index .l \"x\"}}", NULL,
	  "template: :1:2: executing \"\" at <index .l \"x\">: error calling index: cannot index "
	  "slice/array with type string" },
	{ "{{index .m 1}}", NULL,
	  "template: :1:2: executing \"\" at <index .m 1>: error calling index: value has type "
	  "int; should be string" },
	{ "{{index 1 2}}", NULL,
	  "template: :1:2: executing \"\" at <index 1 2>: error calling index: can't index item of "
	  "type int" },
	{ "{{slice .l 3 9}}", NULL,
	  "template: :1:2: executing \"\" at <slice .l 3 9>: error calling slice: index out of "
	  "range: 9" },
	{ "{{nil}}", NULL, "template: :1:2: executing \"\" at <nil>: nil is not a command" },
	{ "{{nil | print}}", NULL,
	  "template: :1:2: executing \"\" at <nil>: nil is not a command" },
	{ "{{1 | 2}}", NULL, "template: :1: non executable command in pipeline stage 2" },
	{ "{{.a .b}}", NULL,
	  "template: :1:2: executing \"\" at <.a>: a is not a method but has arguments" },
	{ "{{\"a\" \"b\"}}", NULL,
	  "template: :1:2: executing \"\" at <\"a\">: can't give argument to non-function \"a\"" },
	{ "{{template \"missing\"}}", NULL,
	  "template: :1:11: executing \"\" at <{{template \"missing\"}}>: template \"missing\" not "
	  "defined" },
	{ "{{break}}", NULL, "template: :1: {{break}} outside {{range}}" },
	{ "{{range .a}}x{{end}}", NULL,
	  "template: :1:8: executing \"\" at <.a>: range can't iterate over A" },
	{ "{{define \"x\"}}y", NULL, "template: :1: unexpected EOF" },
	{ "{{template 5}}", NULL, "template: :1: unexpected \"5\" in template clause" },
	{ "{{1 | print 2 | print 3}}", "32 1", NULL },
	{ "{{print .none}} {{print nil}} {{printf \"%v\" nil}} {{eq .none nil}} {{not nil}}",
	  "<nil> <nil> <nil> true true", NULL },
	{ "{{$a := 1}}{{$b := 2}}{{if eq $a 1}}{{$a = 5}}{{end}}{{$a}}{{$b}}", "52", NULL },
	{ "{{with $z := .a}}{{$z}}{{end}}{{$.a}}", "AA", NULL },
	{ "{{range $i, $_ := .l}}{{if $i}}, {{end}}{{$i}}{{end}}", "0, 1, 2", NULL },
	{ "{{ .a }}{{ \"}}\" }}{{- .a -}}", "A}}A", NULL },
	{ "{{true}} {{false}} {{.t}} {{.f}} {{.n}} {{.neg}} {{.big}}",
	  "true false true 1.5 3 -7 12345678901", NULL },
	{ "{{@}}", NULL, "template: :1: unexpected \"@\" in command" },
	{ "{{.a @}}", NULL, "template: :1: unexpected \"@\" in operand" },
	{ "{{.a:=1}}", NULL, "template: :1: unexpected \":=\" in operand" },
	{ "{{$x:=1}}{{$x}}", "1", NULL },
	{ "{{$x, $y := .l}}", NULL, "template: :1: too many declarations in command" },
	{ "{{range $x, $y, $z := .l}}{{end}}", NULL,
	  "template: :1: too many declarations in range" },
	{ "{{print (.a) (len .l)}}", "A3", NULL },
	{ "{{if and .a (eq .n 3)}}both{{end}}", "both", NULL },
	{ "{{.m.k}} {{.m.zz}}", "v <no value>", NULL },
	{ "{{len (index .nested 0 1)}} {{index .nested 0 0}}", "2 1", NULL },
	{ "{{printf \"%v %d\" .nested .l}}",
	  "[[1 [2 3]]] [%!d(string=one) %!d(string=two) %!d(string=three)]", NULL },
};

/* The text, or NULL with the error in *e. */
static char *run(struct arena *a, const char *text, const struct value *v, unsigned flags,
                 struct err *e)
{
	_cleanup_buf_ struct buf out = { 0 };
	struct template *t = template_parse(a, "", text, e);

	if (!t || template_execute(t, a, v, flags, &out, e) < 0)
		return NULL;
	return arena_strndup(a, buf_cstr(&out), out.len);
}

static struct json_value parse(struct arena *a, const char *text)
{
	struct json_value tree;

	assert_int_equal(json_parse(a, slice_of(text), &tree, NULL), 0);
	return tree;
}

static void test_cases(void **state unused_arg)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct json_value tree = parse(&a, data);
		struct value v = value_json(&tree);
		struct err e = { 0 };
		char *out = run(&a, cases[i].text, &v, 0, &e);

		if (cases[i].error) {
			if (out)
				fail_msg("%s: %s", cases[i].text, out);
			assert_string_equal(e.text, cases[i].error);
		} else {
			if (!out)
				fail_msg("%s: %s", cases[i].text, e.text);
			assert_string_equal(out, cases[i].out);
		}
	}
}

static void test_missing_key(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct json_value tree = parse(&a, data);
	struct value v = value_json(&tree);
	struct err e = { 0 };

	assert_null(run(&a, "{{.m.zz}}", &v, TEMPLATE_MISSING_KEY_IS_ERROR, &e));
	assert_string_equal(e.text,
	                    "template: :1:4: executing \"\" at <.m.zz>: map has no entry for "
	                    "key \"zz\"");
}

static void test_place_of_an_error(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct value v = value_int(1);
	struct err e = { 0 };

	assert_null(run(&a, "one\n two {{.x}}", &v, 0, &e));
	assert_string_equal(e.text,
	                    "template: :2:7: executing \"\" at <.x>: can't evaluate field x in "
	                    "type int");
	assert_null(run(&a, "one\n{{end}}", &v, 0, &e));
	assert_string_equal(e.text, "template: :2: unexpected {{end}}");
}

/* Nesting ends somewhere, by parentheses, actions and templates that call themselves. */
static void test_limits(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct value v = value_int(1);
	struct buf text = { 0 };
	struct err e = { 0 };

	buf_adds(&text, "{{");
	for (int i = 0; i < 5000; i++)
		buf_addc(&text, '(');
	buf_adds(&text, "1");
	for (int i = 0; i < 5000; i++)
		buf_addc(&text, ')');
	buf_adds(&text, "}}");
	assert_null(run(&a, buf_cstr(&text), &v, 0, &e));
	assert_string_equal(e.text, "template: :1: nested too deeply");
	buf_reset(&text);
	for (int i = 0; i < 5000; i++)
		buf_adds(&text, "{{if 1}}");
	assert_null(run(&a, buf_cstr(&text), &v, 0, &e));
	assert_null(
	        run(&a, "{{define \"t\"}}{{template \"t\"}}{{end}}{{template \"t\"}}", &v, 0, &e));
	assert_null(
	        run(&a, "{{range 9000000000}}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{{end}}", &v, 0, &e));
	buf_free(&text);
}

/* Typed: Go's names, zero values, structs in braces; JSON with all fields. */
static void test_types(void **state unused_arg)
{
	static const char container[] =
	        "{\"Id\":\"abc\",\"State\":{\"Status\":\"running\",\"Running\":true,\"Pid\":7},"
	        "\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/a\",\"Destination\":\"/"
	        "b\",\"Mode\":\"ro\"}],"
	        "\"Config\":null,\"GraphDriver\":{\"Data\":[1]},\"HostConfig\":{\"CpuShares\":5,"
	        "\"Sysctls\":[\"x\"],\"Binds\":{\"a\":1},"
	        "\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"}]}},"
	        "\"NetworkSettings\":{\"Ports\":{"
	        "\"80/tcp\":[{\"HostIp\":\"1.2.3.4\",\"HostPort\":\"81\"}],\"53/udp\":null}}}";
	static const struct {
		const char *text, *out;
	} typed[] = {
		{ "{{.ID}} {{.State.Pid}}", "abc 7" },
		{ "{{.State}}", "{running true false false false false 7 0    <nil>}" },
		{ "{{.Mounts}} {{len .Mounts}}", "[{bind  /a /b  ro false }] 1" },
		{ "{{.Config}}", "<nil>" },
		{ "{{.HostConfig.CPUShares}} {{.HostConfig.DNS}}", "5 []" },
		{ "{{.HostConfig.PortBindings}}", "map[80/tcp:[{ 8080}]]" },
		{ "{{.NetworkSettings.Ports}}", "map[53/udp:[] 80/tcp:[{1.2.3.4 81}]]" },
		{ "{{range $k, $v := .NetworkSettings.Ports}}{{$k}}={{len $v}} {{end}}",
		  "53/udp=0 80/tcp=1 " },
		{ "{{(index (index .NetworkSettings.Ports \"80/tcp\") 0).HostPort}}", "81" },
		{ "{{json .HostConfig.RestartPolicy}}", "{\"Name\":\"\",\"MaximumRetryCount\":0}" },
		{ "{{json .Mounts}}",
		  "[{\"Type\":\"bind\",\"Source\":\"/a\",\"Destination\":\"/b\",\"Mode\":\"ro\","
		  "\"RW\":false,\"Propagation\":\"\"}]" },
		{ "{{if .HostConfig.Init}}init{{end}}{{.SizeRw}}", "<nil>" },
		/* Not of the type that the table says. */
		{ "{{.GraphDriver.Data}} {{.HostConfig.Sysctls}} {{.HostConfig.Binds}}",
		  "[1] [x] map[a:1]" },
		{ "{{json .HostConfig.Sysctls}}{{range .HostConfig.Sysctls}}<{{.}}>{{end}}",
		  "[\"x\"]<x>" },
	};
	_cleanup_arena_ struct arena a = { 0 };
	struct json_value tree = parse(&a, container);
	struct value v = value_typed(&tree, &api_container);

	for (size_t i = 0; i < ARRAY_LEN(typed); i++) {
		struct err e = { 0 };
		char *out = run(&a, typed[i].text, &v, 0, &e);

		if (!out)
			fail_msg("%s: %s", typed[i].text, e.text);
		assert_string_equal(out, typed[i].out);
	}
}

static struct value field_name(struct arena *a unused_arg, const void *row,
                               const char *arg unused_arg)
{
	return value_str(row);
}

static struct value field_label(struct arena *a, const void *row, const char *arg)
{
	return value_str(row ? arena_printf(a, "<%s>", arg) : label_header(a, arg));
}

static const struct row_field fields[] = { { "Label", "", field_label, true },
	                                   { "Name", "NAMES", field_name, false } };
static const struct row_type row_type = { "*test.Row", fields, ARRAY_LEN(fields) };

static void test_rows(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct value row = value_row(&row_type, "one"), header = value_row(&row_type, NULL);
	struct err e = { 0 };

	assert_string_equal(run(&a, "{{.Name}} {{.Label \"x.y-z\"}}", &row, 0, &e), "one <x.y-z>");
	assert_string_equal(run(&a, "{{upper .Name}} {{\"k\" | .Label}}", &row, 0, &e), "ONE <k>");
	assert_string_equal(
	        run(&a, "{{lower .Name}} {{.Label \"x.y-z\"}}", &header, TEMPLATE_HEADER, &e),
	        "NAMES y z");
	assert_string_equal(run(&a, "{{json .}}", &row, 0, &e), "{\"Name\":\"one\"}");
	assert_null(run(&a, "{{.Nope}}", &row, 0, &e));
	assert_string_equal(e.text,
	                    "template: :1:2: executing \"\" at <.Nope>: can't evaluate field "
	                    "Nope in type *test.Row");
}

static void test_mentions(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct err e = { 0 };

	assert_true(
	        template_mentions(template_parse(&a, "", "{{if .A}}{{.Size}}{{end}}", &e), "Size"));
	assert_true(template_mentions(template_parse(&a, "", "{{json .}}", &e), "Size"));
	assert_false(template_mentions(template_parse(&a, "", "{{.A}} Size", &e), "Size"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),    cmocka_unit_test(test_missing_key),
		cmocka_unit_test(test_limits),   cmocka_unit_test(test_place_of_an_error),
		cmocka_unit_test(test_types),    cmocka_unit_test(test_rows),
		cmocka_unit_test(test_mentions),
	};

	return cmocka_run_group_tests_name("cli_template", tests, NULL, NULL);
}
