/* See exit_code.h. */
#include "cli/container/exit_code.h"

#include <string.h>

#include "cli/cli.h"

static const struct {
	const char *words;
	int code;
} causes[] = {
	{ "executable file not found", 127 },
	{ "no such file or directory", 127 },
	{ "system cannot find the file specified", 127 },
	{ "permission denied", 126 },
	{ "is a directory", 126 },
};

int exit_code_of(const char *message)
{
	for (size_t i = 0; i < ARRAY_LEN(causes); i++)
		if (strstr(message, causes[i].words))
			return causes[i].code;
	return EXIT_DAEMON;
}
