/*
 * File descriptors: ownership by declaration, whole reads and writes.
 * All descriptors of Lighter are O_CLOEXEC from birth.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/err.h"

#define _cleanup_close_ cleanup_with(fd_cleanup)

/* Closes *fd if it is >= 0, keeps errno, leaves -1 behind. */
void fd_cleanup(int *fd);
#define fd_close(fdp) fd_cleanup(fdp)

/* Moves a descriptor out of a variable with a cleanup attribute. */
static inline int take_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

int fd_write_all(int fd, const void *p, size_t n, struct err *e) must_check;

/* Reads until n bytes or end of file; returns how many. */
ssize_t fd_read_full(int fd, void *p, size_t n, struct err *e) must_check;

/* Waits until the peer of a socket has taken all that was sent, at most `ms`. */
void fd_wait_taken(int fd, int ms);

int fd_nonblock(int fd, bool on, struct err *e) must_check;

/* SCM_RIGHTS over a unix socket: `text` travels with the descriptor (at least one byte). */
int fd_send(int sock, int fd, const void *text, size_t n, struct err *e) must_check;
/* Receives one message and at most `max` descriptors (owned by the caller, close-on-exec). Returns
 * bytes. */
ssize_t fd_recv(int sock, void *text, size_t n, int *fds, size_t max, size_t *nfds, struct err *e)
        must_check;

/* Unix stream sockets. A path longer than sun_path goes through /proc/self/fd of its directory. */
int unix_listen(const char *path, unsigned mode, struct err *e)
        must_check; /* replaces a stale socket */
int unix_connect(const char *path, struct err *e) must_check;
/* From now on a read or write of the socket that takes longer fails. */
void socket_patience(int fd, int seconds);
/*
 * Does somebody listen there? A process that is just dying takes connections until its sockets are
 * closed, which hangs them up: that is waited for a little.
 */
bool unix_is_served(const char *path);

#endif
