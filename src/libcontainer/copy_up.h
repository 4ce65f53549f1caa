/* tmpcopyup: a new tmpfs begins with a copy of the directory that it hides. */
#ifndef LIBCONTAINER_COPY_UP_H
#define LIBCONTAINER_COPY_UP_H

#include "base/err.h"

/* Copies all below `from` (O_PATH) into `to`: files, directories, links, owners and modes. */
int copy_up(int from, int to, struct err *e) must_check;

#endif
