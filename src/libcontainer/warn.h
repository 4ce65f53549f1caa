/*
 * Warnings: what a user should know but nothing fails for (a capability that we do not hold, a
 * syscall name that libseccomp does not know). The library does not print; a program that wants
 * them sets the function. It is called in the runtime's process and in the container's, before exec.
 */
#ifndef LIBCONTAINER_WARN_H
#define LIBCONTAINER_WARN_H

#include "base/macros.h"

extern void (*lc_warn_fn)(const char *text);

void lc_warn(const char *fmt, ...) printf_like(1, 2);

#endif
