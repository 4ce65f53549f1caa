/* A question before what cannot be undone. */
#ifndef CLI_CONFIRM_H
#define CLI_CONFIRM_H

#include <stdbool.h>

/* Asks on stdout; true for a line "y" (or "Y") on stdin. */
bool confirm(const char *question);

#endif
