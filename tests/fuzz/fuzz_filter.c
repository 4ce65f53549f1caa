/* containerd's filter language and its configuration files; the first byte chooses. */
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "containerd/filter.h"
#include "containerd/toml.h"

static const char *field(const void *object, const struct strs *path)
{
	return path->n % 2 ? object : NULL;
}

static int ignore_key(unused_arg void *arg, unused_arg const char *table,
                      unused_arg const char *key, unused_arg const struct toml_value *v,
                      unused_arg struct err *e)
{
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_filter_ struct filter *f = NULL;
	struct err e = { 0 };
	const char *text;

	if (size == 0)
		return 0;
	text = arena_strndup(&a, (const char *)data + 1, size - 1);
	if (data[0] % 2 && toml_parse(&a, slice_of(text), ignore_key, NULL, &e) < 0)
		return 0;
	if (filter_parse(1, &text, &f, &e) == 0)
		filter_match(f, field, "value");
	return 0;
}
