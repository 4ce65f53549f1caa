/* Any bytes as a template, parsed and executed over a small tree and over a typed one. */
#include <stdint.h>
#include "cli/client/api_types.h"
#include "cli/format/template.h"

static const char data[] =
        "{\"a\":\"x\",\"l\":[1,[2,\"b\"],null],\"m\":{\"k\":{\"n\":-1.5}},\"t\":true,"
        "\"Id\":\"i\",\"State\":{\"Pid\":1,\"Health\":null},\"Mounts\":[{}]}";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf out = { 0 };
	struct template *t = template_parse(
	        &a, "f", arena_strndup(&a, (const char *)bytes, MIN(size, (size_t)4096)), NULL);
	struct json_value tree;
	struct value untyped, typed;

	if (!t || json_parse(&a, slice_of(data), &tree, NULL) < 0)
		return 0;
	untyped = value_json(&tree);
	typed = value_typed(&tree, &api_container);
	template_mentions(t, "Size");
	if (template_execute(t, &a, &untyped, 0, &out, NULL) == 0)
		buf_reset(&out);
	return template_execute(t, &a, &typed, TEMPLATE_MISSING_KEY_IS_ERROR, &out, NULL) > 0;
}
