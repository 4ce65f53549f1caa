/*
 * Types of Go: what the original decodes an answer of the daemon into before a template sees it.
 *
 * They decide what the JSON alone does not say: the names of fields where these differ from those
 * in JSON, what an absent or null value prints ("", 0, [], map[], <nil>), and that structs print as
 * {a b c} while maps print as map[k:v].
 */
#ifndef CLI_FORMAT_GO_TYPE_H
#define CLI_FORMAT_GO_TYPE_H

#include <stdbool.h>
#include <stddef.h>

enum go_kind {
	GO_ANY, /* as untyped JSON */
	GO_BOOL,
	GO_INT,
	GO_STRING,
	GO_TIME,
	GO_DURATION, /* an integer in JSON, 1m30s in print */
	GO_LIST,     /* of elem */
	GO_MAP,      /* from strings to elem */
	GO_POINTER,  /* to elem */
	GO_STRUCT,   /* of fields */
};

enum go_field_flags {
	GO_OMIT_EMPTY = 1 << 0,
	GO_EMBEDDED = 1 << 1, /* its fields count as fields of the struct around it, also in JSON */
};

struct go_type;
struct go_field {
	const char *name;
	const char *json; /* NULL: the same as name */
	const struct go_type *type;
	unsigned flags;
};

struct go_type {
	enum go_kind kind;
	const char *name; /* of a struct, as messages of the original name it */
	const struct go_type *elem;
	const struct go_field *fields;
	size_t n;
};

extern const struct go_type go_any, go_bool, go_int, go_string, go_time, go_duration;
extern const struct go_type go_empty_struct;

/* For tables: a type made of another. */
#define GO_LIST_OF(t)    (&(const struct go_type){ .kind = GO_LIST, .elem = (t) })
#define GO_MAP_OF(t)     (&(const struct go_type){ .kind = GO_MAP, .elem = (t) })
#define GO_POINTER_TO(t) (&(const struct go_type){ .kind = GO_POINTER, .elem = (t) })

/* Rows: a field; one with another name in JSON; the same that is left out when empty. */
#define GO_FIELD(n, t)            \
	{                         \
		(n), NULL, (t), 0 \
	}
#define GO_FIELD_AS(n, j, t)     \
	{                        \
		(n), (j), (t), 0 \
	}
#define GO_FIELD_OMIT(n, t)                   \
	{                                     \
		(n), NULL, (t), GO_OMIT_EMPTY \
	}
#define GO_FIELD_OMIT_AS(n, j, t)            \
	{                                    \
		(n), (j), (t), GO_OMIT_EMPTY \
	}
#define GO_FIELD_EMBED(n, t)                \
	{                                   \
		(n), NULL, (t), GO_EMBEDDED \
	}

#define GO_STRUCT_TYPE(id, go_name, rows)                               \
	const struct go_type id = { GO_STRUCT, (go_name), NULL, (rows), \
		                    sizeof(rows) / sizeof((rows)[0]) }

#endif
