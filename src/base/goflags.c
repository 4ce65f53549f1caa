/* Flags of a command line. See goflags.h. */
#include "base/goflags.h"

#include <stdio.h>
#include <string.h>
#include "base/str.h"

static const struct flag *find(const struct flag_table *t, const char *name, size_t n)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct flag *f = &t->v[i];

		if ((strlen(f->name) == n && memcmp(f->name, name, n) == 0) ||
		    (*f->alias && strlen(f->alias) == n && memcmp(f->alias, name, n) == 0))
			return f;
	}
	return NULL;
}

static int set_bool(const struct flag *f, const char *value, bool *out, struct err *e)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (!value || strcmp(value, yes[i]) == 0) {
			*out = true;
			return 0;
		}
		if (strcmp(value, no[i]) == 0) {
			*out = false;
			return 0;
		}
	}
	return err_set(e, ERR_INVALID, "invalid boolean value \"%s\" for -%s", value, f->name);
}

static int set(struct arena *a, const struct flag *f, const char *value, void *options,
               struct err *e)
{
	char *member = (char *)options + f->offset;

	switch (f->kind) {
	case FLAG_BOOL:
		return set_bool(f, value, (bool *)member, e);
	case FLAG_STRING:
		*(const char **)member = value;
		return 0;
	case FLAG_INT:
		if (!str_i64(value, (int64_t *)member))
			return err_set(e, ERR_INVALID, "invalid value \"%s\" for flag -%s", value,
			               f->name);
		return 0;
	case FLAG_LIST:
		arena_push(a, (struct strs *)member, value);
		return 0;
	}
	return 0;
}

static bool is_flag(const char *arg)
{
	return arg[0] == '-' && arg[1];
}

int goflags_parse(struct arena *a, const struct flag_table *t, const struct strs *args, bool stop,
                  void *options, struct strs *rest, struct err *e)
{
	size_t i = 0;

	for (; i < args->n; i++) {
		const char *arg = args->v[i], *name = arg + 1 + (arg[0] == '-' && arg[1] == '-');
		const char *value;
		const struct flag *f;

		if (strcmp(arg, "--") == 0) {
			i++;
			break;
		}
		if (!is_flag(arg)) {
			if (stop)
				break;
			arena_push(a, rest, arg);
			continue;
		}
		f = find(t, name, strcspn(name, "="));
		if (!f)
			return err_set(e, ERR_INVALID, "flag provided but not defined: %.*s",
			               (int)strcspn(arg, "="), arg + (arg[1] == '-'));
		value = strchr(name, '=') ? strchr(name, '=') + 1 : NULL;
		if (!value && f->kind != FLAG_BOOL) {
			if (++i == args->n)
				return err_set(e, ERR_INVALID, "flag needs an argument: -%s",
				               f->name);
			value = args->v[i];
		}
		if (set(a, f, value, options, e) < 0)
			return -1;
	}
	for (; i < args->n; i++)
		arena_push(a, rest, args->v[i]);
	return 0;
}

void goflags_print_help(const struct flag_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct flag *f = &t->v[i];
		char names[80];

		if (f->hidden)
			continue;
		snprintf(names, sizeof(names), "--%s%s%s%s", f->name,
		         f->kind == FLAG_BOOL ? "" : " value",
		         *f->alias ? (strlen(f->alias) == 1 ? ", -" : ", --") : "", f->alias);
		printf("   %-36s %s\n", names, f->help);
	}
}
