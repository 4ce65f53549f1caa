/* The kinds of flags: how each reads its value. Error texts are those of Go's pflag and strconv. */
#include "cli/command.h"

#include "cli/format/units.h"

typedef int parse_fn(struct arena *a, const char *text, void *member, struct err *e);

static int parse_bool(struct arena *a unused_arg, const char *text, void *member, struct err *e)
{
	static const char *const truths[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const lies[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < ARRAY_LEN(truths); i++) {
		if (!str_eq(text, truths[i]) && !str_eq(text, lies[i]))
			continue;
		*(bool *)member = str_eq(text, truths[i]);
		return 0;
	}
	return err_set(e, ERR_INVALID, "strconv.ParseBool: parsing \"%s\": invalid syntax", text);
}

static int parse_str(struct arena *a, const char *text, void *member, struct err *e unused_arg)
{
	*(const char **)member = arena_strdup(a, text);
	return 0;
}

static int parse_list(struct arena *a, const char *text, void *member, struct err *e unused_arg)
{
	arena_push(a, (struct strs *)member, arena_strdup(a, text));
	return 0;
}

static int parse_strings(struct arena *a, const char *text, void *member, struct err *e unused_arg)
{
	while (*text) {
		size_t n = strcspn(text, ",");

		arena_push(a, (struct strs *)member, arena_strndup(a, text, n));
		text += n + (text[n] == ',');
	}
	return 0;
}

static int parse_int(struct arena *a unused_arg, const char *text, void *member, struct err *e)
{
	return number_parse(text, INT64_MIN, INT64_MAX, "ParseInt", member, e);
}

static int parse_uint16(struct arena *a unused_arg, const char *text, void *member, struct err *e)
{
	return number_parse(text, 0, UINT16_MAX, "ParseUint", member, e);
}

static int parse_bytes(struct arena *a unused_arg, const char *text, void *member, struct err *e)
{
	return size_parse(text, member, e);
}

static int parse_swap(struct arena *a, const char *text, void *member, struct err *e)
{
	if (!str_eq(text, "-1"))
		return parse_bytes(a, text, member, e);
	*(int64_t *)member = -1;
	return 0;
}

/* Billionths; what is finer is refused, as the original does with its rational numbers. */
static int parse_decimal(struct arena *a unused_arg, const char *text, void *member, struct err *e)
{
	double d, rest;
	int64_t whole;

	if (float_parse(text, &d, NULL) < 0)
		return err_set(e, ERR_INVALID, "failed to parse %s as a rational number", text);
	if (!(d > -9e9 && d < 9e9))
		return err_set(e, ERR_INVALID, "value is too precise");
	whole = (int64_t)(d * 1e9 + (d < 0 ? -0.5 : 0.5));
	rest = d * 1e9 - (double)whole;
	if (rest > 1e-3 || rest < -1e-3)
		return err_set(e, ERR_INVALID, "value is too precise");
	*(int64_t *)member = whole;
	return 0;
}

static int parse_duration(struct arena *a unused_arg, const char *text, void *member, struct err *e)
{
	return duration_parse(text, member, e);
}

static const struct {
	const char *type;
	parse_fn *parse;
} kinds[FLAG_KINDS] = {
	[FLAG_BOOL] = { "", parse_bool },
	[FLAG_STR] = { "string", parse_str },
	[FLAG_LIST] = { "list", parse_list },
	[FLAG_STRINGS] = { "strings", parse_strings },
	[FLAG_INT] = { "int", parse_int },
	[FLAG_UINT16] = { "uint16", parse_uint16 },
	[FLAG_BYTES] = { "bytes", parse_bytes },
	[FLAG_SWAP] = { "bytes", parse_swap },
	[FLAG_DECIMAL] = { "decimal", parse_decimal },
	[FLAG_DURATION] = { "duration", parse_duration },
};

const char *flag_type_name(const struct flag *f)
{
	return f->type ? f->type : kinds[f->kind].type;
}

int flag_set(struct arena *a, const struct flag *f, void *options, const char *text, struct err *e)
{
	if ((!f->check || f->check(a, text, e) == 0) &&
	    kinds[f->kind].parse(a, text, (char *)options + f->offset, e) == 0)
		return 0;
	if (f->letter)
		return err_wrap(e, "invalid argument \"%s\" for \"-%c, --%s\" flag", text,
		                f->letter, f->name);
	return err_wrap(e, "invalid argument \"%s\" for \"--%s\" flag", text, f->name);
}

size_t flags_count(const struct flags *flags)
{
	return flags ? flags_count(flags->base) + flags->n : 0;
}

const struct flag *flags_at(const struct flags *flags, size_t i)
{
	size_t below = flags_count(flags->base);

	return i < below ? flags_at(flags->base, i) : &flags->v[i - below];
}

void *options_new(struct arena *a, const struct flags *flags)
{
	void *options = arena_alloc(a, flags ? flags->size : 1);

	for (size_t i = 0; i < flags_count(flags); i++) {
		const struct flag *f = flags_at(flags, i);

		if (f->def && flag_set(a, f, options, f->def, NULL) < 0)
			abort(); /* a default that its own flag refuses: a bug in the table */
	}
	return options;
}
