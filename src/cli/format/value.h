/*
 * Values of Go templates: what a pipeline carries.
 *
 * A value borrows from the JSON tree it came from or from the arena of the template's run; nothing
 * is freed one by one. Objects are of three kinds: structs (JSON with a type that names its fields),
 * maps, and rows, whose fields are computed when asked for (one line of `docker ps`). Formats are
 * those of Go's fmt and text/template packages.
 */
#ifndef CLI_FORMAT_VALUE_H
#define CLI_FORMAT_VALUE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/format/go_type.h"

enum value_kind {
	VALUE_NIL, /* Go's nil, or no value at all */
	VALUE_BOOL,
	VALUE_INT,
	VALUE_FLOAT,
	VALUE_DURATION, /* an int in ns that prints as 1m30s */
	VALUE_TIME,     /* text as in JSON; prints as Go prints a time */
	VALUE_STRING,
	VALUE_LIST,
	VALUE_MAP,
	VALUE_STRUCT,
	VALUE_ROW,
};

struct row_type;
struct value {
	enum value_kind kind;
	bool missing; /* VALUE_NIL: a map had no such key */
	bool pointer; /* VALUE_NIL: of a pointer type, which prints as <nil> */
	bool any;     /* from JSON without a type: Go sees an interface {} */
	bool boolean;
	int64_t integer;
	double real;
	struct slice text;
	const struct json_value *json; /* VALUE_LIST, VALUE_MAP, VALUE_STRUCT; NULL: empty */
	const struct go_type *type;    /* of these; NULL: untyped */
	const struct row_type *row_type;
	const void *row; /* NULL: the headers of that type stand for its fields */
};

/*
 * One field of a row: its name in templates, its column header, and how to make its text.
 * `arg` is the argument in {{.Label "x"}}, else NULL. A field that takes one has takes_arg set, is no
 * part of the row's JSON, and makes its header itself when the row is NULL.
 */
struct row_field {
	const char *name;
	const char *header;
	struct value (*get)(struct arena *a, const void *row, const char *arg);
	bool takes_arg;
};
struct row_type {
	const char *go_name;            /* as error messages of the original name the type */
	const struct row_field *fields; /* sorted by name: the order of the JSON form */
	size_t n;
};

static inline struct value value_nil(void)
{
	return (struct value){ .kind = VALUE_NIL };
}
static inline struct value value_bool(bool b)
{
	return (struct value){ .kind = VALUE_BOOL, .boolean = b };
}
static inline struct value value_int(int64_t i)
{
	return (struct value){ .kind = VALUE_INT, .integer = i };
}
static inline struct value value_float(double d)
{
	return (struct value){ .kind = VALUE_FLOAT, .real = d };
}
static inline struct value value_slice(struct slice s)
{
	return (struct value){ .kind = VALUE_STRING, .text = s };
}
static inline struct value value_str(const char *s)
{
	return value_slice(slice_of(s));
}
static inline struct value value_row(const struct row_type *type, const void *row)
{
	return (struct value){ .kind = VALUE_ROW, .row_type = type, .row = row };
}

/* NULL is a missing entry. */
struct value value_json(const struct json_value *v);
/* The same seen as a type; NULL and null are its zero value. */
struct value value_typed(const struct json_value *v, const struct go_type *type);

/* The same as a JSON tree; structs have all their fields, rows too. */
struct json_value value_to_json(struct arena *a, const struct value *v);

/* {{.name}} and {{.name arg}}; errors are worded as text/template words them. */
int value_field(struct arena *a, const struct value *v, struct slice name, const char *arg,
                bool missing_is_error, struct value *out, struct err *e) must_check;

/* What `index` does with one key. */
int value_index(const struct value *v, const struct value *key, struct value *out, struct err *e)
        must_check;

/* The i-th element of a list, or value of a map in the JSON's order. */
struct value value_element(const struct value *v, size_t i);

bool value_truth(const struct value *v);
size_t value_len(const struct value *v); /* of strings, lists, maps */

/* Go's name of the value's type: "string", "[]interface {}", ... */
const char *value_type_name(const struct value *v);

/* Appends as {{v}} prints. `nested` is what a list, map or struct prints of its parts. */
void value_print(struct buf *b, const struct value *v);
void value_print_nested(struct buf *b, const struct value *v);

/* Positions of the entries of a map, sorted by key. */
size_t *value_key_order(struct arena *a, const struct json_value *map);

/* Go's shortest form of a float64, as %v prints it. */
void float_print(struct buf *b, double d);

#endif
