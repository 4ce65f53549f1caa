/*
 * A pool of worker threads that grows on demand and shrinks again: for handlers that may block.
 *
 * Jobs start in the order in which they came. A job that waits for something long should not sit
 * here: park its object and answer later. All signals are blocked in the workers.
 */
#ifndef BASE_WORKERS_H
#define BASE_WORKERS_H

#include <stddef.h>

struct workers;

/* At most `max` threads at once; they have stacks of `stack` bytes, of which only the used part
 * costs. */
struct workers *workers_new(size_t max, size_t stack);

/* Runs fn(arg) soon on some worker. From any thread, also from a worker. */
void workers_run(struct workers *w, void (*fn)(void *arg), void *arg);

/* Waits until everything that was given has run and all threads have ended. */
void workers_free(struct workers *w);

#endif
