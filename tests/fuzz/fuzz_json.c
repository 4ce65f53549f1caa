/* Any bytes through the scan and a table that has every kind; what decodes must encode and decode
 * again. */
#include <stdint.h>
#include <stdlib.h>
#include "base/json.h"

#define LEAF(F) F(STR, name, "n", 0) F(I64, size, "s", 0) F(TIME, t, "t", 0)
#define NODE(F)                        \
	F(STR, id, "i", 0)             \
	F(OPT_U64, u, "u", 0)          \
	F(OPT_F64, f, "f", OMIT_EMPTY) \
	F(STRLIST, l, "l", 0)          \
	F(U64S, us, "us", 0)           \
	F(SET, set, "set", 0)          \
	F(MAP, map, "map", 0)          \
	F(STRSMAP, sm, "sm", 0)        \
	F(RAW, raw, "raw", 0)          \
	F(OBJ, o, "o", 0, leaf)        \
	F(OBJS, os, "os", 0, leaf)     \
	F(OBJMAP, om, "om", 0, leaf)   \
	F(OBJSMAP, osm, "osm", 0, leaf)
JSON_STRUCT(leaf, LEAF)
JSON_STRUCT(node, NODE)
JSON_TYPE(leaf, LEAF)
JSON_TYPE(node, NODE)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct slice text = { (const char *)data, size };
	struct json_value tree;
	struct node n, again;
	struct {
		size_t n;
		struct node *v;
	} list;
	struct err e = { 0 };

	if (json_parse(&a, text, &tree, &e) < 0)
		return 0;
	if (json_decode_with(&a, &node_type, text, JSON_FOLD, &n, &e) == 0 &&
	    json_decode(&a, &node_type, slice_of(json_text(&a, &node_type, &n)), &again, &e) < 0)
		abort();
	if (json_decode_list(&a, &node_type, text, &list, &e) == 0 && tree.kind == JV_ARRAY &&
	    list.n != tree.n)
		abort();
	return 0;
}
