/*
 * The parser of command lines, with the rules of Go's pflag: `--name value`, `--name=value`,
 * `-n value`, `-nvalue`, `-n=value`, clusters `-it`, `--` ends the flags, a boolean takes a value
 * only behind `=`. Flags may stand between arguments unless the command ends them there.
 */
#include "cli/command.h"

struct parser {
	struct arena *a;
	const struct flags *flags;
	const char *const *next; /* the word after the current one */
	struct call *call;
	struct err *e;
};

/* Position of a flag in the table, or -1. */
static ssize_t by_name(const struct flags *flags, struct slice name)
{
	for (size_t i = 0; i < flags_count(flags); i++)
		if (slice_eq(name, flags_at(flags, i)->name))
			return (ssize_t)i;
	return -1;
}

static ssize_t by_letter(const struct flags *flags, char letter)
{
	for (size_t i = 0; i < flags_count(flags); i++)
		if (flags_at(flags, i)->letter == letter)
			return (ssize_t)i;
	return -1;
}

static int set(struct parser *p, size_t at, const char *value)
{
	const struct flag *f = flags_at(p->flags, at);

	if (flag_set(p->a, f, p->call->options, value, p->e) < 0)
		return -1;
	p->call->given[at] = true;
	if (f->use_instead)
		printf("Flag --%s has been deprecated, %s\n", f->name, f->use_instead);
	return 0;
}

static bool is_bool(const struct parser *p, ssize_t at)
{
	return flags_at(p->flags, (size_t)at)->kind == FLAG_BOOL;
}

static int parse_long(struct parser *p, const char *word)
{
	const char *eq = strchr(word, '=');
	struct slice name = { word + 2, eq ? (size_t)(eq - word - 2) : strlen(word + 2) };
	ssize_t at = by_name(p->flags, name);

	if (!name.len || name.data[0] == '-')
		return err_set(p->e, ERR_INVALID, "bad flag syntax: %s", word);
	if (at < 0 && slice_eq(name, "help")) {
		p->call->help = true;
		return 0;
	}
	if (at < 0)
		return err_set(p->e, ERR_INVALID, "unknown flag: --%.*s", (int)name.len, name.data);
	if (eq)
		return set(p, (size_t)at, eq + 1);
	if (is_bool(p, at))
		return set(p, (size_t)at, "true");
	if (!*p->next)
		return err_set(p->e, ERR_INVALID, "flag needs an argument: %s", word);
	return set(p, (size_t)at, *p->next++);
}

/* One letter of a cluster; *rest moves behind what was eaten. */
static int parse_letter(struct parser *p, const char **rest)
{
	char letter = *(*rest)++;
	ssize_t at = by_letter(p->flags, letter);
	const char *value = *rest;

	if (at < 0 && letter == 'h') {
		puts("Flag shorthand -h has been deprecated, use --help");
		p->call->help = true;
		return 0;
	}
	if (at < 0)
		return err_set(p->e, ERR_INVALID, "unknown shorthand flag: '%c' in -%c%s", letter,
		               letter, *rest);
	if (is_bool(p, at) && *value != '=')
		return set(p, (size_t)at, "true");
	*rest += strlen(value);
	if (*value == '=')
		return set(p, (size_t)at, value + 1);
	if (*value)
		return set(p, (size_t)at, value);
	if (!*p->next)
		return err_set(p->e, ERR_INVALID, "flag needs an argument: '%c' in -%c", letter,
		               letter);
	return set(p, (size_t)at, *p->next++);
}

static int parse_cluster(struct parser *p, const char *word)
{
	const char *rest = word + 1;

	while (*rest && !p->call->help)
		if (parse_letter(p, &rest) < 0)
			return -1;
	return 0;
}

static int parse_words(struct parser *p, bool ends_at_argument)
{
	bool flags_ended = false;

	while (*p->next && !p->call->help) {
		const char *word = *p->next++;
		int r = 0;

		if (flags_ended || word[0] != '-' || !word[1]) {
			flags_ended |= ends_at_argument;
			arena_push(p->a, &p->call->args, word);
		} else if (str_eq(word, "--")) {
			flags_ended = true;
		} else if (word[1] == '-') {
			r = parse_long(p, word);
		} else {
			r = parse_cluster(p, word);
		}
		if (r < 0)
			return -1;
	}
	return 0;
}

static struct parser parser_new(struct arena *a, const struct flags *flags, const char *const *argv,
                                struct call *call, struct err *e)
{
	call->options = options_new(a, flags);
	call->given = arena_array(a, bool, flags_count(flags));
	return (struct parser){ .a = a, .flags = flags, .next = argv, .call = call, .e = e };
}

int args_parse(struct arena *a, const struct flags *flags, bool ends_at_argument,
               const char *const *argv, struct call *call, struct err *e)
{
	struct parser p = parser_new(a, flags, argv, call, e);

	return parse_words(&p, ends_at_argument);
}

int args_parse_global(struct arena *a, const struct flags *flags, const char *const *argv,
                      struct call *call, struct err *e)
{
	struct parser p = parser_new(a, flags, argv, call, e);

	while (*p.next && (*p.next)[0] == '-' && (*p.next)[1]) {
		const char *word = *p.next++;
		bool end = str_eq(word, "--");

		if (end)
			break;
		if ((word[1] == '-' ? parse_long(&p, word) : parse_cluster(&p, word)) < 0)
			return -1;
	}
	return (int)(p.next - argv);
}

bool call_given(const struct call *c, size_t offset)
{
	const struct flags *flags = c->command->flags;

	for (size_t i = 0; i < flags_count(flags); i++)
		if (flags_at(flags, i)->offset == offset && c->given[i])
			return true;
	return false;
}

const char *args_count_error(struct arena *a, const struct call *c)
{
	int min = c->command->min, max = c->command->max, n = (int)c->args.n;

	if (n >= min && (max < 0 || n <= max))
		return NULL;
	if (max == 0)
		return arena_printf(a, "'%s' accepts no arguments", c->path);
	if (max < 0)
		return arena_printf(a, "'%s' requires at least %d argument%s", c->path, min,
		                    min == 1 ? "" : "s");
	if (min == max)
		return arena_printf(a, "'%s' requires %d argument%s", c->path, min,
		                    min == 1 ? "" : "s");
	if (min == 0)
		return arena_printf(a, "'%s' requires at most %d argument%s", c->path, max,
		                    max == 1 ? "" : "s");
	return arena_printf(a, "'%s' requires at least %d and at most %d arguments", c->path, min,
	                    max);
}
