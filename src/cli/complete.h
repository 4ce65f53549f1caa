/* Completion for shells. See complete.c. */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "cli/cli.h"

/* `__complete WORDS...`, `__completeNoDesc WORDS...`, `completion SHELL`. */
int complete_main(struct cli *cli, const char *const *argv);

#endif
