/*
 * What the shim leaves in the bundle for those who come after it: which runtime the container has and
 * with what options (as the original writes them: files `runtime` and `options.json`), and how its
 * init process ended (`exit.json`, ours). The bundle lies on a tmpfs, so nothing is synced.
 */
#ifndef SHIM_RECORD_H
#define SHIM_RECORD_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/json.h"
#include "proto/google.pb-c.h"

/* containerd.runc.v1.Options, by the original's JSON names; what the shim has no use for is kept. */
#define RUNC_OPTIONS(F)                                        \
	F(BOOL, no_pivot_root, "no_pivot_root", OMIT_EMPTY)    \
	F(BOOL, no_new_keyring, "no_new_keyring", OMIT_EMPTY)  \
	F(STR, shim_cgroup, "shim_cgroup", OMIT_EMPTY)         \
	F(U64, io_uid, "io_uid", OMIT_EMPTY)                   \
	F(U64, io_gid, "io_gid", OMIT_EMPTY)                   \
	F(STR, binary_name, "binary_name", OMIT_EMPTY)         \
	F(STR, root, "root", OMIT_EMPTY)                       \
	F(BOOL, systemd_cgroup, "systemd_cgroup", OMIT_EMPTY)  \
	F(STR, criu_image_path, "criu_image_path", OMIT_EMPTY) \
	F(STR, criu_work_path, "criu_work_path", OMIT_EMPTY)
JSON_STRUCT(runc_options, RUNC_OPTIONS)

#define EXIT_RECORD(F)                        \
	F(I64, pid, "pid", 0)                 \
	F(U64, exit_status, "exit_status", 0) \
	F(TIME, exited_at, "exited_at", 0)    \
	F(BOOL, deleted, "deleted", OMIT_EMPTY) /* the runtime has forgotten the container too */
JSON_STRUCT(exit_record, EXIT_RECORD)

/* From the request's protobuf message (NULL: all defaults). */
int options_from_any(struct arena *a, const Google__Any *any, struct runc_options *o, struct err *e)
        must_check;

int options_save(const char *bundle, const struct runc_options *o, struct err *e) must_check;
/* A bundle without them gives the defaults. */
int options_load(struct arena *a, const char *bundle, struct runc_options *o, struct err *e)
        must_check;

/* The runtime's binary and its root for a namespace. */
const char *options_binary(const struct runc_options *o);
const char *options_root(struct arena *a, const struct runc_options *o, const char *ns);

int exit_record_save(const char *bundle, const struct exit_record *r, struct err *e) must_check;
/* ERR_NOT_FOUND when the container has not ended. */
int exit_record_load(struct arena *a, const char *bundle, struct exit_record *r, struct err *e)
        must_check;

/*
 * A runtime that works on a bundle goes on for a moment after its shim was killed, be it only to the
 * end of a system call. So each inherits an open file of the bundle that is locked as long as anyone
 * has it: who cleans up waits for that first, or what is made later would stay for ever.
 */
int bundle_hold(const char *bundle, struct err *e) must_check; /* the descriptor */
void bundle_await(const char *bundle);

/* The number in a pid file. */
int pid_file_read(const char *path, pid_t *pid, struct err *e) must_check;

#endif
