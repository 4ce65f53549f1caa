/* Image references: what is accepted must survive a round trip through both of its forms. */
#include <stdint.h>
#include "base/arena.h"
#include "base/str.h"
#include "oci/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct reference r, full, familiar;
	char *text;

	if (reference_parse(&a, arena_strndup(&a, (const char *)data, size), &r, NULL) < 0)
		return 0;
	text = reference_text(&a, &r);
	if (reference_parse(&a, text, &full, NULL) < 0 ||
	    reference_parse(&a, reference_familiar(&a, &r), &familiar, NULL) < 0 ||
	    !str_eq(text, reference_text(&a, &full)) ||
	    !str_eq(text, reference_text(&a, &familiar)))
		__builtin_trap();
	return 0;
}
