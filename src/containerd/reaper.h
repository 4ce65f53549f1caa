/*
 * Children. containerd is a child subreaper: shims and whatever they leave behind become its
 * children, and nobody else waits for them. So one place reaps everything; those who start a helper
 * of their own ask it for the result.
 */
#ifndef CONTAINERD_REAPER_H
#define CONTAINERD_REAPER_H

#include "base/err.h"
#include "base/loop.h"
#include "base/proc.h"

/* Becomes a subreaper and takes SIGCHLD. Before any thread is made (they inherit the signal mask). */
int reaper_start(struct loop *l, struct err *e) must_check;

/*
 * Runs a program to its end, from a worker: its exit code, or 128 + signal. After timeout_ms it is
 * killed and the result is ERR_DEADLINE. A program that could not be started is an error.
 */
int reaper_run(const struct proc_spawn *s, int timeout_ms, struct err *e) must_check;

#endif
