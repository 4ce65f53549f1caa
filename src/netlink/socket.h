/*
 * Netlink sockets: a batch goes out in one system call and its answers come back before the call
 * returns; a dump is read whole. A socket stays in the network namespace in which it was opened.
 * One thread at a time per socket.
 *
 * The kernel works on a batch inside sendmsg, so every answer is queued when that returns: reading
 * never waits for long and stops when the queue is empty.
 */
#ifndef NETLINK_SOCKET_H
#define NETLINK_SOCKET_H

#include "base/err.h"
#include "netlink/message.h"

/* NETLINK_ROUTE or NETLINK_NETFILTER; the caller owns the descriptor. */
int nl_open(int protocol, struct err *e) must_check;

/* One message of an answer or a dump. Non-zero stops. */
typedef int nl_message_fn(void *arg, const struct nlmsghdr *h, struct slice body);

/*
 * Sends the batch, gives answers that are no acknowledgements to fn (may be NULL). The first
 * refusal is the error (its errno in e->errnum); its message's number is in *failed (may be NULL).
 * Messages after a refused one are still carried out, unless the protocol has transactions.
 */
int nl_exchange(int fd, struct nl_batch *m, nl_message_fn *fn, void *arg, uint32_t *failed,
                struct err *e) must_check;

/* The batch is one dump request (NLM_F_DUMP is added). Repeated when the kernel was interrupted. */
int nl_dump(int fd, struct nl_batch *m, nl_message_fn *fn, void *arg, struct err *e) must_check;

/* The error of an NLMSG_ERROR message: 0, or the errno with the kernel's words in `words`. */
int nl_error_of(const struct nlmsghdr *h, struct slice body, char *words, size_t size);

#endif
