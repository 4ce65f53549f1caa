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

static const struct flag *by_name(const struct flags *flags, struct slice name)
{
	for (size_t i = 0; flags && i < flags->n; i++)
		if (slice_eq(name, flags->v[i].name))
			return &flags->v[i];
	return NULL;
}

static const struct flag *by_letter(const struct flags *flags, char letter)
{
	for (size_t i = 0; flags && i < flags->n; i++)
		if (flags->v[i].letter == letter)
			return &flags->v[i];
	return NULL;
}

static int set(struct parser *p, const struct flag *f, const char *value)
{
	if (flag_set(p->a, f, p->call->options, value, p->e) < 0)
		return -1;
	p->call->given[f - p->flags->v] = true;
	if (f->use_instead)
		printf("Flag --%s has been deprecated, %s\n", f->name, f->use_instead);
	return 0;
}

static int parse_long(struct parser *p, const char *word)
{
	const char *eq = strchr(word, '=');
	struct slice name = { word + 2, eq ? (size_t)(eq - word - 2) : strlen(word + 2) };
	const struct flag *f = by_name(p->flags, name);

	if (!name.len || name.data[0] == '-')
		return err_set(p->e, ERR_INVALID, "bad flag syntax: %s", word);
	if (!f && slice_eq(name, "help")) {
		p->call->help = true;
		return 0;
	}
	if (!f)
		return err_set(p->e, ERR_INVALID, "unknown flag: --%.*s", (int)name.len, name.data);
	if (eq)
		return set(p, f, eq + 1);
	if (f->kind == FLAG_BOOL)
		return set(p, f, "true");
	if (!*p->next)
		return err_set(p->e, ERR_INVALID, "flag needs an argument: %s", word);
	return set(p, f, *p->next++);
}

/* One letter of a cluster; *rest moves behind what was eaten. */
static int parse_letter(struct parser *p, const char *word, const char **rest)
{
	char letter = *(*rest)++;
	const struct flag *f = by_letter(p->flags, letter);
	const char *value = *rest;

	if (!f && letter == 'h') {
		puts("Flag shorthand -h has been deprecated, use --help");
		p->call->help = true;
		return 0;
	}
	if (!f)
		return err_set(p->e, ERR_INVALID, "unknown shorthand flag: '%c' in %s", letter,
		               word);
	if (f->kind == FLAG_BOOL && *value != '=')
		return set(p, f, "true");
	*rest += strlen(value);
	if (*value == '=')
		return set(p, f, value + 1);
	if (*value)
		return set(p, f, value);
	if (!*p->next)
		return err_set(p->e, ERR_INVALID, "flag needs an argument: '%c' in %s", letter,
		               word);
	return set(p, f, *p->next++);
}

static int parse_cluster(struct parser *p, const char *word)
{
	const char *rest = word + 1;

	while (*rest && !p->call->help)
		if (parse_letter(p, word, &rest) < 0)
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
	call->given = arena_array(a, bool, flags ? flags->n : 0);
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

	for (size_t i = 0; flags && i < flags->n; i++)
		if (flags->v[i].offset == offset && c->given[i])
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
