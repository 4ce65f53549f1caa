/*
 * What a registry answers: the header that asks who we are, and the documents of an image. The
 * first byte chooses; what was decoded and encoded again must be accepted again.
 */
#include <stdint.h>
#include "base/arena.h"
#include "base/str.h"
#include "image/challenge.h"
#include "oci/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void header(struct arena *a, const char *text)
{
	struct challenge c;

	challenge_parse(a, text, &c);
	if (c.scheme != CHALLENGE_NONE && c.realm && strlen(c.realm) > strlen(text))
		__builtin_trap();
}

static void document(struct arena *a, const struct json_table *type, struct slice text)
{
	_cleanup_buf_ struct buf again = { 0 };
	void *doc = arena_alloc(a, type->size);

	if (json_decode(a, type, text, doc, NULL) < 0)
		return;
	json_encode(&again, type, doc);
	if (json_decode(a, type, (struct slice){ again.data, again.len }, doc, NULL) < 0)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct json_table *const types[] = { &oci_index_type, &oci_manifest_type,
		                                          &oci_image_type };
	_cleanup_arena_ struct arena a = { 0 };
	size_t kind;

	if (size == 0)
		return 0;
	kind = data[0] % (ARRAY_LEN(types) + 1);
	if (kind == ARRAY_LEN(types))
		header(&a, arena_strndup(&a, (const char *)data + 1, size - 1));
	else
		document(&a, types[kind], (struct slice){ (const char *)data + 1, size - 1 });
	return 0;
}
