/*
 * Lists: what `ps`, `images` and their kind print, one row an object, by --format.
 *
 *     ""  "table"          the default table       "json"      one JSON object a line
 *     "table TEMPLATE"     columns by template     "TEMPLATE"  one line by template
 */
#ifndef CLI_FORMAT_LIST_H
#define CLI_FORMAT_LIST_H

#include <stdio.h>
#include "cli/format/template.h"

struct list {
	const struct row_type *type;
	const char
	        *format; /* as the user or the configuration has it; NULL or "" for the default */
	const char *columns; /* the template of the default table */
	size_t n;
	const void *const *rows;
};

int list_print(struct arena *a, const struct list *l, FILE *out, struct err *e) must_check;

/*
 * Tries the format on the headers, before anything is asked of the daemon: a wrong field is an error
 * at once. *mentioned: will printing look at this field?
 */
int list_try(struct arena *a, const struct list *l, const char *field, bool *mentioned,
             struct err *e) must_check;

/* The rows of an array of objects of `size` bytes. */
const void *const *list_rows(struct arena *a, const void *v, size_t n, size_t size);

/* The format of a list with --quiet: the template, where the user has none of his own. */
const char *list_quiet_format(const char *format, const char *quiet_template);

/* --- what the fields of rows are made of --- */

/* "a=b,c=d" */
const char *pairs_text(struct arena *a, const struct json_map *pairs);
/* The order of names with numbers in them: n2 before n10. As strcmp. */
int natural_compare(const char *a, const char *b);

/* An id without its algorithm, 12 digits long. */
const char *short_id(struct arena *a, const char *id);
/* At most `width` characters, the last one an ellipsis where something was cut. */
const char *ellipsis(struct arena *a, const char *s, size_t width);
/* "2026-11-24 11:14:17 +0000 UTC" in local time, as Go prints a time. */
const char *local_time(struct arena *a, int64_t seconds);
/* The same in UTC with its fraction: "2026-11-24 11:14:17.213371192 +0000 UTC". */
const char *exact_time(struct arena *a, int64_t ns);
/* "3 hours ago" */
const char *time_ago(struct arena *a, int64_t seconds);
/* The header of a {{.Label "com.example.some-name"}} column: "some name". */
const char *label_header(struct arena *a, const char *label);

#endif
