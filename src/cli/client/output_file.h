/*
 * `--output FILE`: a file that appears when all of it is there. Only a regular file is replaced; with
 * no name it is stdout, which may not be a terminal.
 */
#ifndef CLI_CLIENT_OUTPUT_FILE_H
#define CLI_CLIENT_OUTPUT_FILE_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"
#include "cli/client/api.h"

struct output_file {
	int fd; /* to write to; owned when `temporary` */
	const char *path, *temporary;
};

/* `what` begins messages: "failed to save image"; `terminal` is the one for a terminal. */
int output_file_open(struct arena *a, const char *path, const char *what, const char *terminal,
                     struct output_file *out, struct err *e) must_check;
/* Gives it its name, or (after a failure, ok false) takes it away. */
int output_file_close(struct output_file *f, bool ok, struct err *e) must_check;

/* GETs the path into the file and closes it. */
int output_file_fetch(struct cli *cli, struct output_file *f, const char *path, struct err *e)
        must_check;

#endif
