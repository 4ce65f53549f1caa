/* The command line of the docker program: flags, their help, the table of commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/help.h"

struct base_options {
	const char *name;
};
struct options {
	struct base_options base;
	bool all, tty, interactive, trust;
	int64_t count, memory, cpus, swap, timeout, weight;
	struct strs label, platform;
};

static const struct flag base_rows[] = {
	FLAG(base_options, STR, name, "name", 'n', "Name of it", .def = "nobody"),
};
static const struct flags base_flags = FLAGS(base_options, base_rows);

static const struct flag rows[] = {
	FLAG(options, BOOL, all, "all", 'a',
	     "All of them, however many lines it may take to say what "
	     "that is and why it matters"),
	FLAG(options, BOOL, tty, "tty", 't', "TTY"),
	FLAG(options, BOOL, interactive, "interactive", 'i', "STDIN"),
	FLAG(options, BOOL, trust, "trust", 0, "Trust", .def = "true"),
	FLAG(options, INT, count, "count", 'c', "Count", .def = "-1"),
	FLAG(options, BYTES, memory, "memory", 'm', "Memory"),
	FLAG(options, DECIMAL, cpus, "cpus", 0, "CPUs"),
	FLAG(options, SWAP, swap, "swap", 0, "Swap"),
	FLAG(options, DURATION, timeout, "timeout", 0, "Timeout", .shown = "0s"),
	FLAG(options, UINT16, weight, "weight", 0, "Weight", .attrs = FLAG_HIDDEN),
	FLAG(options, LIST, label, "label", 'l', "Label", .check = check_label),
	FLAG(options, STRINGS, platform, "platform", 0, "Platforms"),
};
static const struct flags flags = FLAGS_OVER(&base_flags, options, rows);
static const struct command command = { .name = "test", .usage = "[OPTIONS]", .flags = &flags };

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static int parse(struct arena *a, const char *const *argv, bool ends, struct call *call,
                 struct err *e)
{
	*call = (struct call){ .command = &command, .path = "docker test" };
	return args_parse(a, &flags, ends, argv, call, e);
}

static void test_forms(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct call call;
	const struct options *o;

	assert_int_equal(parse(&a,
	                       ARGV("-it", "--count=5", "one", "-m64m", "--label", "a=b", "-l=c",
	                            "-a=false", "--trust=0", "--platform", "x,y", "--cpus", "1.5",
	                            "--swap=-1", "--timeout", "1m", "two", "--", "-a"),
	                       false, &call, NULL),
	                 0);
	o = call.options;
	assert_true(o->tty && o->interactive && !o->all && !o->trust);
	assert_int_equal(o->count, 5);
	assert_int_equal(o->memory, 64 << 20);
	assert_true(o->cpus == 1500000000 && o->swap == -1 && o->timeout == 60000000000);
	assert_int_equal(o->label.n, 2);
	assert_string_equal(o->label.v[0], "a=b");
	assert_string_equal(o->label.v[1], "c");
	assert_int_equal(o->platform.n, 2);
	assert_string_equal(o->base.name, "nobody");
	assert_int_equal(call.args.n, 3);
	assert_string_equal(call.args.v[2], "-a");
	assert_true(GIVEN(&call, options, all) && GIVEN(&call, options, swap));
	assert_false(GIVEN(&call, options, weight) || GIVEN(&call, base_options, name));
}

static void test_end_at_argument(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct call call;

	assert_int_equal(
	        parse(&a, ARGV("-n", "x", "image", "-a", "--nonsense", "--"), true, &call, NULL),
	        0);
	assert_int_equal(call.args.n, 4);
	assert_false(((struct options *)call.options)->all);
	assert_string_equal(((struct options *)call.options)->base.name, "x");
}

static void test_errors(void **state unused_arg)
{
	static const struct {
		const char *argv[3];
		const char *error;
	} cases[] = {
		{ { "--nope" }, "unknown flag: --nope" },
		{ { "--nope=1" }, "unknown flag: --nope" },
		{ { "-z" }, "unknown shorthand flag: 'z' in -z" },
		{ { "-az" }, "unknown shorthand flag: 'z' in -z" },
		{ { "-zat" }, "unknown shorthand flag: 'z' in -zat" },
		{ { "--count" }, "flag needs an argument: --count" },
		{ { "-ac" }, "flag needs an argument: 'c' in -c" },
		{ { "--=x" }, "bad flag syntax: --=x" },
		{ { "---" }, "bad flag syntax: ---" },
		{ { "--all=maybe" },
		  "invalid argument \"maybe\" for \"-a, --all\" flag: "
		  "strconv.ParseBool: parsing \"maybe\": invalid syntax" },
		{ { "-c", "x" },
		  "invalid argument \"x\" for \"-c, --count\" flag: "
		  "strconv.ParseInt: parsing \"x\": invalid syntax" },
		{ { "--weight", "70000" },
		  "invalid argument \"70000\" for \"--weight\" flag: "
		  "strconv.ParseUint: parsing \"70000\": value out of range" },
		{ { "--cpus", "x" },
		  "invalid argument \"x\" for \"--cpus\" flag: "
		  "failed to parse x as a rational number" },
		{ { "-l", "=x" },
		  "invalid argument \"=x\" for \"-l, --label\" flag: "
		  "invalid label '=x': empty name" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct err e = { 0 };
		struct call call;

		assert_int_equal(parse(&a, cases[i].argv, false, &call, &e), -1);
		assert_string_equal(e.text, cases[i].error);
	}
}

static void test_count(void **state unused_arg)
{
	static const struct {
		short min, max;
		size_t n;
		const char *error;
	} cases[] = {
		{ 0, 0, 0, NULL },
		{ 0, 0, 1, "'docker test' accepts no arguments" },
		{ 1, -1, 0, "'docker test' requires at least 1 argument" },
		{ 2, -1, 1, "'docker test' requires at least 2 arguments" },
		{ 2, 2, 1, "'docker test' requires 2 arguments" },
		{ 1, 1, 2, "'docker test' requires 1 argument" },
		{ 0, 1, 2, "'docker test' requires at most 1 argument" },
		{ 1, 2, 3, "'docker test' requires at least 1 and at most 2 arguments" },
		{ 1, 2, 2, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct command c = { .min = cases[i].min, .max = cases[i].max };
		struct call call = { .command = &c,
			             .path = "docker test",
			             .args = { cases[i].n, NULL } };
		const char *error = args_count_error(&a, &call);

		if (cases[i].error)
			assert_string_equal(error, cases[i].error);
		else
			assert_null(error);
	}
}

static void test_help(void **state unused_arg)
{
	static const char expected[] =
	        "  -a, --all                All of them, however many lines it may take to\n"
	        "                           say what that is and why it matters\n"
	        "  -c, --count int          Count (default -1)\n"
	        "      --cpus decimal       CPUs\n"
	        "  -i, --interactive        STDIN\n"
	        "  -l, --label list         Label\n"
	        "  -m, --memory bytes       Memory\n"
	        "  -n, --name string        Name of it (default \"nobody\")\n"
	        "      --platform strings   Platforms\n"
	        "      --swap bytes         Swap\n"
	        "      --timeout duration   Timeout (default 0s)\n"
	        "      --trust              Trust (default true)\n"
	        "  -t, --tty                TTY\n";
	struct buf b = { 0 };

	help_flags(&b, &flags, 79);
	assert_string_equal(buf_cstr(&b), expected);
	buf_free(&b);
}

/* Rows of the real table: names are unique, defaults fit, usage fits the arguments. */
static void test_table(void **state unused_arg)
{
	for (size_t i = 0; i < ncommands; i++) {
		const struct command *c = &commands[i];
		_cleanup_arena_ struct arena a = { 0 };

		assert_ptr_equal(command_find(c->group, c->name), c);
		if (c->top)
			assert_ptr_equal(command_find(NULL, c->top), c);
		if (!c->run)
			continue;
		assert_non_null(options_new(&a, c->flags));
		assert_true(*c->help && (c->max != 0 || !strstr(c->usage, "CONTAINER")));
		/* Two of the original's usage lines leave their flags out. */
		assert_true(c->flags == NULL || str_starts(c->usage, "[OPTIONS]") ||
		            c->flags == &network_rm_flags || c->flags == &builder_prune_flags);
		for (size_t k = 0; k < flags_count(c->flags); k++)
			for (size_t m = 0; m < k; m++) {
				const struct flag *f = flags_at(c->flags, k);
				const struct flag *g = flags_at(c->flags, m);

				assert_string_not_equal(f->name, g->name);
				assert_true(!f->letter || f->letter != g->letter);
			}
	}
	assert_null(command_find(NULL, "nonsense"));
	assert_null(command_find("container", "images"));
	assert_true(name_listed("list ps", "ps") && !name_listed("list ps", "p"));
	assert_false(name_listed(NULL, "x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),  cmocka_unit_test(test_end_at_argument),
		cmocka_unit_test(test_errors), cmocka_unit_test(test_count),
		cmocka_unit_test(test_help),   cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests_name("cli_args", tests, NULL, NULL);
}
