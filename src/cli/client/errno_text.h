/* What an errno means, as the original prints it: "no such file or directory". */
#ifndef CLI_CLIENT_ERRNO_TEXT_H
#define CLI_CLIENT_ERRNO_TEXT_H

#include "base/arena.h"

const char *errno_text(struct arena *a, int errnum);

#endif
