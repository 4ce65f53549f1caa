/*
 * JSON is a table. A struct's fields are listed once, in an X-macro; the struct, its decoder, its
 * encoder and its documentation come from that list.
 *
 *     #define OCI_MOUNT(F)                                        \
 *             F(STR,  destination, "destination", 0)              \
 *             F(STR,  type,        "type",        OMIT_EMPTY)     \
 *             F(STRS, options,     "options",     OMIT_EMPTY)
 *     JSON_STRUCT(oci_mount, OCI_MOUNT)     in a header: struct oci_mount, extern oci_mount_type
 *     JSON_TYPE(oci_mount, OCI_MOUNT)       in one .c file: the table itself
 *
 * A row is F(KIND, member, "name", FLAGS [, subtype]). Lists may be built from lists, which is how
 * Go's embedded structs are written: #define A(F) B(F) F(STR, c, "c", 0).
 *
 * Kind      member                                    JSON
 * STR       const char *                              string
 * BOOL      bool                                      true / false
 * I64, U64  int64_t, uint64_t                         integer that fits
 * F64       double                                    number
 * OPT_BOOL, OPT_I64, OPT_U64, OPT_F64  {bool set; .. value;}  the same, with presence
 * TIME      int64_t, ns since 1970, 0 = Go's zero     RFC 3339 string
 * STRS      struct strs                               array of strings
 * STRLIST   struct strs                               array of strings, or one string (decoding)
 * I64S, U64S struct json_i64s / json_u64s             array of integers
 * SET       struct strs                               {"80/tcp":{}}: an object with empty values
 * MAP       struct json_map                           object of strings, order kept
 * STRSMAP   struct json_strsmap                       object of arrays of strings
 * RAW       struct slice                              any value, as JSON text
 * OBJ       struct SUB *                              object
 * OBJS      {size_t n; struct SUB *v;}                array of objects
 * OBJMAP    {size_t n; {const char *key; struct SUB *value;} *v;}          object of objects
 * OBJSMAP   {size_t n; {const char *key; size_t n; struct SUB *v;} *v;}    object of arrays of
 * objects
 *
 * Decoding: unknown names are skipped (JSON_STRICT refuses them); null leaves a member as if it
 * were absent. An absent string is NULL and an absent list has v == NULL, while "" and [] do not.
 * Encoding: what is empty is written as "", 0, false, [], {} or null (OBJ, OPT, RAW), unless a flag
 * says otherwise.
 *
 * The text is first scanned strictly (RFC 8259, UTF-8, depth, duplicate names, integer range, no
 * NUL), then parsed by json-c. A wrong type names its path: "linux.resources.memory.limit:
 * expected integer, got string".
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Flags of a row. */
enum json_flags {
	OMIT_EMPTY = 1 << 0, /* not written when empty, zero, false, NULL or not set */
	NULL_WHEN_ABSENT =
	        1 << 1,    /* a list or map without v is null (Go's nil), one with v is [] */
	REQUIRED = 1 << 2, /* decoding fails when it is absent or null */
};
/* Docker API versions, by minor number: written for clients from / below that version only. */
#define SINCE(minor) ((unsigned)(minor) << 8)
#define UNTIL(minor) ((unsigned)(minor) << 16)

enum json_kind {
	JSON_STR,
	JSON_BOOL,
	JSON_I64,
	JSON_U64,
	JSON_F64,
	JSON_OPT_BOOL,
	JSON_OPT_I64,
	JSON_OPT_U64,
	JSON_OPT_F64,
	JSON_TIME,
	JSON_STRS,
	JSON_STRLIST,
	JSON_I64S,
	JSON_U64S,
	JSON_SET,
	JSON_MAP,
	JSON_STRSMAP,
	JSON_RAW,
	JSON_OBJ,
	JSON_OBJS,
	JSON_OBJMAP,
	JSON_OBJSMAP,
};

struct json_opt_bool {
	bool set;
	bool value;
};
struct json_opt_i64 {
	bool set;
	int64_t value;
};
struct json_opt_u64 {
	bool set;
	uint64_t value;
};
struct json_opt_f64 {
	bool set;
	double value;
};
struct json_i64s {
	size_t n;
	int64_t *v;
};
struct json_u64s {
	size_t n;
	uint64_t *v;
};
struct json_pair {
	const char *key, *value;
};
struct json_map {
	size_t n;
	struct json_pair *v;
};
struct json_strs_pair {
	const char *key;
	struct strs value;
};
struct json_strsmap {
	size_t n;
	struct json_strs_pair *v;
};

struct json_table;
struct json_field {
	const char *name;
	enum json_kind kind;
	unsigned flags;
	size_t offset;
	const struct json_table *sub;
};
struct json_table {
	const char *name;
	size_t size;
	const struct json_field *(*fields)(size_t *n);
};

/* The C type of a member, by kind. */
#define JSON_T_STR(m, ...)      const char *m;
#define JSON_T_BOOL(m, ...)     bool m;
#define JSON_T_I64(m, ...)      int64_t m;
#define JSON_T_U64(m, ...)      uint64_t m;
#define JSON_T_F64(m, ...)      double m;
#define JSON_T_OPT_BOOL(m, ...) struct json_opt_bool m;
#define JSON_T_OPT_I64(m, ...)  struct json_opt_i64 m;
#define JSON_T_OPT_U64(m, ...)  struct json_opt_u64 m;
#define JSON_T_OPT_F64(m, ...)  struct json_opt_f64 m;
#define JSON_T_TIME(m, ...)     int64_t m;
#define JSON_T_STRS(m, ...)     struct strs m;
#define JSON_T_STRLIST(m, ...)  struct strs m;
#define JSON_T_I64S(m, ...)     struct json_i64s m;
#define JSON_T_U64S(m, ...)     struct json_u64s m;
#define JSON_T_SET(m, ...)      struct strs m;
#define JSON_T_MAP(m, ...)      struct json_map m;
#define JSON_T_STRSMAP(m, ...)  struct json_strsmap m;
#define JSON_T_RAW(m, ...)      struct slice m;
#define JSON_T_OBJ(m, sub)      struct sub *m;
#define JSON_T_OBJS(m, sub)    \
	struct {               \
		size_t n;      \
		struct sub *v; \
	} m;
#define JSON_T_OBJMAP(m, sub)              \
	struct {                           \
		size_t n;                  \
		struct {                   \
			const char *key;   \
			struct sub *value; \
		} * v;                     \
	} m;
#define JSON_T_OBJSMAP(m, sub)           \
	struct {                         \
		size_t n;                \
		struct {                 \
			const char *key; \
			size_t n;        \
			struct sub *v;   \
		} * v;                   \
	} m;

/* The table of the subtype, for kinds that have one. */
#define JSON_SUB_(...)         JSON_SUB_PICK_(__VA_OPT__(&) JSON_SUB_CAT_(__VA_ARGS__) __VA_OPT__(, ) NULL)
#define JSON_SUB_PICK_(x, ...) x
#define JSON_SUB_CAT_(...)     __VA_OPT__(JSON_SUB_CAT2_(__VA_ARGS__))
#define JSON_SUB_CAT2_(s)      s##_type

#define JSON_MEMBER_(kind, member, jname, fl, ...) JSON_T_##kind(member, __VA_ARGS__)
#define JSON_FIELD_(kind, member, jname, fl, ...) \
	{ jname, JSON_##kind, (fl), offsetof(json_self, member), JSON_SUB_(__VA_ARGS__) },

#define JSON_STRUCT(id, LIST)      \
	struct id {                \
		LIST(JSON_MEMBER_) \
	};                         \
	extern const struct json_table id##_type;

/* The rows need the struct's name for offsetof, hence a function scope with a typedef in it. */
#define JSON_TYPE(id, LIST)                                                      \
	static const struct json_field *id##_fields(size_t *n)                   \
	{                                                                        \
		typedef struct id json_self;                                     \
		static const struct json_field fields[] = { LIST(JSON_FIELD_) }; \
		*n = sizeof(fields) / sizeof(fields[0]);                         \
		return fields;                                                   \
	}                                                                        \
	const struct json_table id##_type = { #id, sizeof(struct id), id##_fields };

enum json_decode_flags {
	JSON_FOLD = 1 << 0,   /* names match exactly, else ASCII case-insensitively (as Go does) */
	JSON_STRICT = 1 << 1, /* an unknown name is an error that names it */
};

/* Fills *out (zeroed first); everything it points to lives in the arena. */
int json_decode(struct arena *a, const struct json_table *t, struct slice text, void *out,
                struct err *e) must_check;
int json_decode_with(struct arena *a, const struct json_table *t, struct slice text, unsigned flags,
                     void *out, struct err *e) must_check;

/*
 * An array of objects of one table into a list {size_t n; struct SUB *v;}; null is an empty one. The
 * objects are read one after the other: a long list never is a tree as a whole.
 */
int json_decode_list(struct arena *a, const struct json_table *t, struct slice text, void *list,
                     struct err *e) must_check;

/* Appends. `version` is the client's API minor number, or 0 for everything. <>& are escaped as Go
 * does. */
void json_encode(struct buf *b, const struct json_table *t, const void *in);
void json_encode_for(struct buf *b, const struct json_table *t, const void *in, int version);
char *json_text(struct arena *a, const struct json_table *t,
                const void *in); /* encoded, in the arena */

/* Appends one quoted string. Bytes that are not UTF-8 become U+FFFD, as Go writes them. */
void json_quote(struct buf *b, struct slice s);
/* The same as Docker's json-file log driver writes it, which has no short form of a tab. */
void json_quote_log(struct buf *b, struct slice s);

/* A deep copy of a decoded value into another arena. */
void *json_copy(struct arena *a, const struct json_table *t, const void *in);

/* The strict scan alone. The error names line and column. */
int json_check(struct slice text, struct err *e) must_check;

const char *json_map_get(const struct json_map *m, const char *key); /* NULL when absent */
void json_map_set(struct arena *a, struct json_map *m, const char *key, const char *value);

/*
 * A document without a table: for templates, `inspect` and pretty printing only.
 * Numbers keep their text; objects keep their order.
 */
enum json_value_kind { JV_NULL, JV_BOOL, JV_NUMBER, JV_STRING, JV_ARRAY, JV_OBJECT };
struct json_value {
	enum json_value_kind kind;
	bool boolean;
	struct slice text;         /* JV_NUMBER, JV_STRING */
	size_t n;                  /* JV_ARRAY, JV_OBJECT */
	const char **keys;         /* JV_OBJECT */
	struct json_value *values; /* JV_ARRAY, JV_OBJECT */
};
int json_parse(struct arena *a, struct slice text, struct json_value *out, struct err *e)
        must_check;
const struct json_value *json_member(const struct json_value *v, const char *key);
/* indent NULL: one line; else one level's indent, as Go's MarshalIndent with no prefix. */
void json_write(struct buf *b, const struct json_value *v, const char *indent);

#endif
