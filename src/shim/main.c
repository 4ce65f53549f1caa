/*
 * containerd-shim-runc-v2 [flags] start|delete, -v, -info.
 * The contract: https://github.com/containerd/containerd/blob/main/core/runtime/v2/README.md
 */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "shim/shim.h"

/* Flags as Go's flag package takes them: -name value, -name=value, --name. */
static const struct flag {
	const char *name;
	size_t offset;
	bool is_bool;
} flags[] = {
#define TEXT(name, member)                                      \
	{                                                       \
		name, offsetof(struct shim_args, member), false \
	}
#define BOOL(name, member)                                     \
	{                                                      \
		name, offsetof(struct shim_args, member), true \
	}
	TEXT("namespace", ns),    TEXT("id", id),
	TEXT("address", address), TEXT("publish-binary", publish_binary),
	TEXT("bundle", bundle),   TEXT("socket", socket),
	BOOL("debug", debug),     BOOL("v", version),
	BOOL("info", info),
};

static const struct action {
	const char *name;
	int (*run)(const struct shim_args *a, struct err *e);
} actions[] = {
	{ "start", shim_start },
	{ "delete", shim_delete },
};

static const struct flag *find_flag(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (slice_eq((struct slice){ name, n }, flags[i].name))
			return &flags[i];
	return NULL;
}

/* Takes the flag at argv[*i] and, for text, its value. */
static int take_flag(struct shim_args *a, char **argv, int *i, struct err *e)
{
	const char *name = argv[*i] + 1 + (argv[*i][1] == '-');
	size_t n = strcspn(name, "=");
	const char *value = name[n] ? name + n + 1 : NULL;
	const struct flag *f = find_flag(name, n);
	void *member = f ? (char *)a + f->offset : NULL;

	if (!f)
		return err_set(e, ERR_INVALID, "flag provided but not defined: -%s", name);
	if (f->is_bool) {
		*(bool *)member = !str_eq(value, "false");
		return 0;
	}
	if (!value && !(value = argv[++*i]))
		return err_set(e, ERR_INVALID, "flag needs an argument: -%s", name);
	*(const char **)member = value;
	return 0;
}

static int parse(struct shim_args *a, char **argv, struct err *e)
{
	int i = 1;

	for (; argv[i] && argv[i][0] == '-'; i++)
		if (take_flag(a, argv, &i, e) < 0)
			return -1;
	a->action = argv[i];
	return 0;
}

static int run_action(const struct shim_args *a, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (!str_eq(a->action, actions[i].name))
			continue;
		if (str_empty(a->ns) || str_empty(a->id))
			return err_set(e, ERR_INVALID, "-namespace and -id are required");
		return actions[i].run(a, e);
	}
	return err_set(e, ERR_INVALID, "what shall be done: start or delete?");
}

static int print_version(const char *program)
{
	printf("%s:\n  Version:  " LIGHTER_VERSION "\n  Revision: \n\n", program);
	return 0;
}

int main(unused_arg int argc, char **argv)
{
	struct shim_args a = { 0 };
	struct err e = { 0 };
	int r = parse(&a, argv, &e);

	log_setup(2, a.debug ? LOG_DEBUG : LOG_INFO, LOG_TEXT);
	if (r == 0 && a.version)
		return print_version(argv[0]);
	if (r == 0)
		r = a.info ? shim_info(&a, &e) : run_action(&a, &e);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", argv[0], e.text);
	return r < 0;
}
