/* Commands that do the same to each of their arguments. */
#ifndef CLI_EACH_H
#define CLI_EACH_H

#include "cli/cli.h"

/* One argument; prints what is to be printed. */
typedef int one_fn(struct cli *cli, struct call *call, const char *name, struct err *e);

/* Each argument, whatever becomes of the others: errors on stderr. Returns 0, or 1 after an error. */
int each_argument(struct cli *cli, struct call *call, one_fn *one);

#endif
