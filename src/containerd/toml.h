/*
 * Reads TOML (https://toml.io/en/v1.0.0) as far as containerd's configuration files use it: tables,
 * arrays of tables, dotted and quoted keys, strings, integers, booleans, arrays. Floats, dates,
 * multi-line strings and inline tables are accepted and handed out as raw text.
 */
#ifndef CONTAINERD_TOML_H
#define CONTAINERD_TOML_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum toml_kind { TOML_STRING, TOML_INTEGER, TOML_BOOL, TOML_STRINGS, TOML_OTHER };

struct toml_value {
	enum toml_kind kind;
	const char *string; /* TOML_STRING; the raw text of TOML_OTHER */
	int64_t integer;
	bool boolean;
	struct strs strings;
};

/* Called for each key; `table` is its full name with parts joined by dots, "" at the top. */
typedef int toml_fn(void *arg, const char *table, const char *key, const struct toml_value *v,
                    struct err *e);

/* Errors name the line. */
int toml_parse(struct arena *a, struct slice text, toml_fn *fn, void *arg, struct err *e)
        must_check;

/* Appends a string as TOML writes it. */
void toml_quote(struct buf *b, const char *s);

#endif
