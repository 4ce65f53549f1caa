/*
 * The talk between the runtime and the process that it has cloned, over a SOCK_SEQPACKET pair.
 *
 *     runtime                                   init
 *     (is born)                                 joins the cgroups
 *     id maps                   GO ------->     namespaces, mounts
 *     prestart, createRuntime   <------- HOOKS
 *                               DONE ----->     createContainer, pivot_root, ...
 *     rlimits, state.json       <------- READY
 *                               RUN ------>     user, capabilities, look the program up
 *                             <--- LISTENER     (if the seccomp profile notifies)
 *                               <- end of file  waits at the exec fifo
 *
 * At any point init may send ERROR with a struct err and exit. A process of `exec` does the same
 * without HOOKS; its end of the pair closes by exec.
 */
#ifndef LIBCONTAINER_SYNC_H
#define LIBCONTAINER_SYNC_H

#include "base/err.h"

enum sync_type {
	SYNC_END, /* the other side has closed */
	SYNC_GO,
	SYNC_HOOKS,
	SYNC_DONE,
	SYNC_READY,
	SYNC_RUN,
	SYNC_LISTENER, /* with a descriptor: of seccomp notifications */
	SYNC_ERROR,
};

/* Both ends are owned by the caller and close-on-exec. */
int sync_pair(int fd[2], struct err *e) must_check;

int sync_send(int fd, enum sync_type type, struct err *e) must_check;

/* The same with a descriptor, which stays ours. */
int sync_send_fd(int fd, enum sync_type type, int passed, struct err *e) must_check;

/* Best effort: there is nobody else to tell. */
void sync_send_error(int fd, const struct err *cause);

/*
 * Returns the type. SYNC_ERROR fills *cause and is no failure of this call. `passed`, when not NULL,
 * gets the descriptor that came along (owned), or -1.
 */
int sync_recv(int fd, struct err *cause, int *passed, struct err *e) must_check;

/* Receives and insists on `want`; an ERROR or END of the other side is this call's failure. */
int sync_expect(int fd, enum sync_type want, struct err *e) must_check;

#endif
