/*
 * The reaper: collects every child that dies, its own and those that containers leave to it (the
 * shim is a subreaper), so that there is never a zombie.
 *
 * The pid of a container's process is known only when the runtime that made it has ended, and the
 * process may be dead by then: between reaper_keep and reaper_release the ends of unknown children
 * are remembered, and reaper_adopt finds them.
 */
#ifndef SHIM_REAPER_H
#define SHIM_REAPER_H

#include <stdint.h>
#include <sys/types.h>
#include "base/loop.h"

struct reaper;

/* status: the exit code, or 128 + signal. when: ns since 1970. */
typedef void reaper_fn(void *arg, pid_t pid, uint32_t status, int64_t when);

struct reaper *reaper_new(struct loop *l, struct err *e) must_check;

/* A child that was started just now: fn is called once, when it has ended. */
void reaper_watch(struct reaper *r, pid_t pid, reaper_fn *fn, void *arg);
/* A child that somebody left to us: the same, from inside reaper_adopt if it has ended before. */
void reaper_adopt(struct reaper *r, pid_t pid, reaper_fn *fn, void *arg);
void reaper_forget(struct reaper *r, pid_t pid);

void reaper_keep(struct reaper *r);
void reaper_release(struct reaper *r);

#endif
