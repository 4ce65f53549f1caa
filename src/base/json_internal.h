/* Shared by the json_*.c files only. json-c's objects do not leave them. */
#ifndef BASE_JSON_INTERNAL_H
#define BASE_JSON_INTERNAL_H

#include <json-c/json.h>
#include "base/json.h"

#define _cleanup_json_ cleanup_with(json_put_cleanup)
static inline void json_put_cleanup(struct json_object **o)
{
	json_object_put(*o);
}

/* Parses a value that was scanned; `tok` was made by json_tokener_new_checked and may be used again. */
struct json_tokener *json_tokener_new_checked(void);
int json_parse_value(struct json_tokener *tok, struct slice text, struct json_object **out,
                     struct err *e) must_check;

/* Scans an array strictly and says where its elements are; null has none. */
struct json_elements {
	size_t n;
	struct slice *v;
};
int json_check_array(struct arena *a, struct slice text, struct json_elements *out, struct err *e)
        must_check;

/* Scans strictly, then parses. *out is owned by the caller; JSON null gives NULL. */
int json_parse_object(struct slice text, struct json_object **out, struct err *e) must_check;

/* Generic views of the anonymous {n, v} members, whose layout is the same for every subtype. */
struct json_list_view {
	size_t n;
	void *v;
};
struct json_objmap_entry {
	const char *key;
	void *value;
};
struct json_objmap_view {
	size_t n;
	struct json_objmap_entry *v;
};
struct json_objsmap_entry {
	const char *key;
	size_t n;
	void *v;
};
struct json_objsmap_view {
	size_t n;
	struct json_objsmap_entry *v;
};

#endif
