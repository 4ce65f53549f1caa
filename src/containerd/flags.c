/* Command-line flags. See flags.h. */
#include "containerd/flags.h"

#include <string.h>
#include "base/str.h"

/* The row that `text` (without dashes, NAME or NAME=VALUE) names; *value is what follows '='. */
static const struct flag *find(const struct flag *table, size_t n, const char *text,
                               const char **value)
{
	size_t len = strcspn(text, "=");

	*value = text[len] ? text + len + 1 : NULL;
	for (size_t i = 0; i < n; i++)
		if (slice_eq((struct slice){ text, len }, table[i].name) ||
		    (len == 1 && text[0] == table[i].letter))
			return &table[i];
	return NULL;
}

static int store(const struct flag *f, const char *value, void *options, struct err *e)
{
	void *member = (char *)options + f->offset;

	if (!f->is_bool) {
		*(const char **)member = value;
		return 0;
	}
	*(bool *)member = !value || str_eq(value, "true");
	return !value || str_eq(value, "true") || str_eq(value, "false")
	               ? 0
	               : err_set(e, ERR_INVALID, "flag --%s: expected true or false", f->name);
}

int flags_parse(const struct flag *table, size_t n, char **argv, void *options,
                struct flag_args *args, struct err *e)
{
	for (; *argv; argv++) {
		const char *text = *argv, *value;
		const struct flag *f;

		if (text[0] != '-' || !text[1]) {
			if (args->n == args->max)
				return err_set(e, ERR_INVALID, "unexpected argument \"%s\"", text);
			args->words[args->n++] = text;
			continue;
		}
		f = find(table, n, text + strspn(text, "-"), &value);
		if (!f)
			return err_set(e, ERR_INVALID, "unknown flag: %s", text);
		if (!f->is_bool && !value && !(value = *++argv))
			return err_set(e, ERR_INVALID, "flag needs an argument: %s", text);
		if (store(f, value, options, e) < 0)
			return -1;
	}
	return 0;
}

void flags_help(const struct flag *table, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		char letter[6] = "";

		if (table[i].letter)
			snprintf(letter, sizeof(letter), ", -%c", table[i].letter);
		fprintf(out, "  --%s%s%s\t%s\n", table[i].name, letter,
		        table[i].is_bool ? "" : " VALUE", table[i].help);
	}
}
