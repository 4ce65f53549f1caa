/*
 * A procfs of our own: a mount that is attached nowhere, so that nothing a container mounts or links
 * can stand between us and the file that we mean (CVE-2019-16884, CVE-2019-19921, CVE-2025-52881).
 */
#ifndef LIBCONTAINER_PROCFS_H
#define LIBCONTAINER_PROCFS_H

#include "base/err.h"

/* A procfs of the caller's PID namespace; a descriptor owned by the caller. */
int procfs_open(struct err *e) must_check;

/* Opens a file below it (no symlink but "self" and "thread-self"), checked to lie on procfs. */
int procfs_file(int proc, const char *path, int flags, struct err *e) must_check;

int procfs_write(int proc, const char *path, const char *text, struct err *e) must_check;

/* Opens what an O_PATH descriptor stands for, for reading or writing. */
int procfs_reopen(int proc, int fd, int flags, struct err *e) must_check;

#endif
