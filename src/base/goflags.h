/*
 * Flags of a command line, from a table: the parser and the help read the same rows.
 * As in Go's flag package one dash is as good as two, "--name=value" and "--name value" are the
 * same, and a boolean takes no separate value.
 */
#ifndef BASE_GOFLAGS_H
#define BASE_GOFLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/err.h"

enum flag_kind {
	FLAG_BOOL,   /* bool */
	FLAG_STRING, /* const char * */
	FLAG_INT,    /* int64_t */
	FLAG_LIST,   /* struct strs; may be given several times */
};

struct flag {
	const char *name;
	const char *alias; /* a second name, "" for none */
	enum flag_kind kind;
	size_t offset; /* of the member in the command's options */
	const char *help;
	bool hidden;
};

struct flag_table {
	const struct flag *v;
	size_t n;
};

/*
 * Fills the options and returns the other arguments. `stop`: the first of those ends the flags
 * (what follows belongs to somebody else); otherwise flags may stand anywhere. "--" ends them always.
 */
int goflags_parse(struct arena *a, const struct flag_table *t, const struct strs *args, bool stop,
                  void *options, struct strs *rest, struct err *e) must_check;

void goflags_print_help(const struct flag_table *t);

#endif
