/* The text of --help, made from the tables. See help.c. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>
#include "cli/command.h"

void help_root(struct cli *cli, FILE *out);
void help_group(FILE *out, const struct command_group *group);
void help_command(FILE *out, const struct call *call);

/* "docker ps [OPTIONS]" */
void help_usage_line(struct buf *b, const struct call *call);

/* The table of flags, sorted, wrapped to `width` columns; nothing when all are hidden. */
void help_flags(struct buf *b, const struct flags *flags, size_t width);

#endif
