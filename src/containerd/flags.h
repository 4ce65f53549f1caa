/* Command-line flags as a table: --name VALUE, --name=VALUE, -n VALUE, -name VALUE; anywhere. */
#ifndef CONTAINERD_FLAGS_H
#define CONTAINERD_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/err.h"

struct flag {
	const char *name;
	char letter;   /* or 0 */
	bool is_bool;  /* takes no value */
	size_t offset; /* of a const char * or a bool in the options */
	const char *help;
};

#define FLAG_TEXT(name, letter, type, member, help)               \
	{                                                         \
		name, letter, false, offsetof(type, member), help \
	}
#define FLAG_BOOL(name, letter, type, member, help)              \
	{                                                        \
		name, letter, true, offsetof(type, member), help \
	}

/* Words that are no flags: at most `max` into `words`, more is an error. */
struct flag_args {
	const char **words;
	size_t n, max;
};

int flags_parse(const struct flag *table, size_t n, char **argv, void *options,
                struct flag_args *args, struct err *e) must_check;
void flags_help(const struct flag *table, size_t n, FILE *out);

#endif
