/*
 * A relay: bytes from one descriptor to another through the loop, with backpressure, for where a
 * container cannot be given the other end itself: terminals, and log files.
 */
#ifndef SHIM_RELAY_H
#define SHIM_RELAY_H

#include "base/loop.h"

struct relay;

/* Takes both descriptors. `ended` (may be NULL) is called once from the loop; not after relay_free. */
struct relay *relay_new(struct loop *l, int src, int dst, void (*ended)(void *arg), void *arg);
void relay_free(struct relay *r); /* NULL is fine */

/*
 * Lets the relay come to its end. A terminal's master reports EIO whenever nobody has the terminal
 * open, which is the end only once the process is gone (RELAY_UNTIL_HANGUP); a fifo that we hold open
 * ourselves never ends, so what is in it now is the last (RELAY_UNTIL_EMPTY).
 */
enum relay_end { RELAY_ENDLESS, RELAY_UNTIL_HANGUP, RELAY_UNTIL_EMPTY };
void relay_finish(struct relay *r, enum relay_end end);

#endif
