/*
 * An event loop: one thread, epoll, callbacks for descriptors, timers and signals.
 *
 * A source belongs to the loop from loop_add until loop_remove; the caller owns the descriptor and
 * closes it after the removal. Removing any source from inside any callback is safe.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include "base/err.h"

struct loop;
struct loop_source;

/* `events` are EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR bits that are ready. */
typedef void loop_fd_fn(void *arg, int fd, uint32_t events);
typedef void loop_fn(void *arg);
typedef void loop_signal_fn(void *arg, const struct signalfd_siginfo *si);

struct loop *loop_new(struct err *e) must_check;
void loop_free(struct loop *l);

struct loop_source *loop_add(struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *arg,
                             struct err *e) must_check;
int loop_modify(struct loop_source *s, uint32_t events, struct err *e) must_check;
void loop_remove(struct loop_source *s); /* NULL is fine */

/* One shot after `ms`; the source is freed when it fires. loop_remove cancels it before that. */
struct loop_source *loop_timer(struct loop *l, int64_t ms, loop_fn *fn, void *arg);

/* Blocks the signals in this thread and calls fn in the loop for each that arrives. */
struct loop_source *loop_signals(struct loop *l, const sigset_t *set, loop_signal_fn *fn, void *arg,
                                 struct err *e) must_check;

/* From any thread: fn runs in the loop's thread soon. */
void loop_post(struct loop *l, loop_fn *fn, void *arg);

int loop_run(struct loop *l, struct err *e) must_check; /* until loop_stop */
void loop_stop(struct loop *l);                         /* from the loop's thread */

#endif
