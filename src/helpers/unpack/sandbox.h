/*
 * The jail of a process that reads other people's archives: the target directory is its root
 * directory, it cannot make sockets, run programs, mount or enter namespaces, and keeps only the
 * capabilities that making files takes.
 */
#ifndef UNPACK_SANDBOX_H
#define UNPACK_SANDBOX_H

#include "base/err.h"

/* Before any thread is started. `root` becomes "/" and the working directory. */
int sandbox_enter(int root, struct err *e) must_check;

#endif
