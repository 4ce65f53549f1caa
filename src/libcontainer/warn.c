/* Warnings. See warn.h. */
#include "libcontainer/warn.h"

#include <stdarg.h>
#include <stdio.h>

void (*lc_warn_fn)(const char *text);

void lc_warn(const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (!lc_warn_fn)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	lc_warn_fn(text);
}
