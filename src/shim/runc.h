/*
 * The OCI runtime by its command line, without waiting for it. The shim does not care which one it
 * is: runc, ours or the original, crun, youki. What callers of a runtime rely on is listed in
 * https://github.com/opencontainers/runc/blob/main/man/runc.8.md and its neighbours.
 */
#ifndef SHIM_RUNC_H
#define SHIM_RUNC_H

#include <stdbool.h>
#include "shim/reaper.h"

/* What all commands for a container have in common; strings are borrowed. */
struct runc {
	struct reaper *reaper;
	const char *binary; /* a path, or a name looked up in PATH */
	const char *root;   /* where the runtime keeps its state */
	const char *bundle; /* its log goes there */
	bool systemd_cgroup;
	int hold; /* see bundle_hold; every command inherits it. -1: none */
};

/* One that was killed, or met a cgroup that is still busy, has not done it all: it is run again. */
#define RUNC_DELETE_TRIES 3

struct runc_command {
	const char *const *args; /* "create", "--bundle", ...; NULL-terminated */
	const char *what;        /* for errors: "OCI runtime create failed" */
	int fd[3];               /* as struct proc_spawn has them */
	/* Called in the loop; e is NULL when the runtime ended with 0. */
	void (*done)(void *arg, const struct err *e);
	void *arg;
};

/* Starts a command; done is called later, except when this fails. */
int runc_run(const struct runc *r, const struct runc_command *c, struct err *e) must_check;

/* Runs a command and waits for it: for the short-lived `delete`. */
int runc_wait(const struct runc *r, const struct runc_command *c, struct err *e) must_check;

#endif
