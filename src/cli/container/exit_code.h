/* Exit codes of `run` and `exec`, as shells have them: 126 cannot be run, 127 not found. */
#ifndef CLI_CONTAINER_EXIT_CODE_H
#define CLI_CONTAINER_EXIT_CODE_H

#include <stddef.h>

/* By the words of the daemon's message; 125 where they say nothing of the command. */
int exit_code_of(const char *message);

#endif
