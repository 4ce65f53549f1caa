/* See errno_text.h. */
#include "cli/client/errno_text.h"

#include <ctype.h>
#include <string.h>

const char *errno_text(struct arena *a, int errnum)
{
	char *text = arena_strdup(a, strerror(errnum));

	text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}
