/*
 * state.json of a container, in runc's format where others read it (id, pid, start time, created,
 * config.rootfs, config.labels, cgroup_paths, namespace_paths), and what we need beyond in "lighter".
 * It lies in ROOT/ID/ beside config.json, the configuration as it was at create, and exec.fifo.
 */
#ifndef LIBCONTAINER_STATE_H
#define LIBCONTAINER_STATE_H

#include "oci/runtime.h"
#include "base/json.h"

#define STATE_FILE "state.json"
#define STATE_SPEC "config.json"
#define STATE_FIFO "exec.fifo"

#define STATE_NAMESPACE(F)                     \
	F(STR, type, "type", 0) /* "NEWNET" */ \
	F(STR, path, "path", 0)
JSON_STRUCT(state_namespace, STATE_NAMESPACE)

#define STATE_CGROUP(F) F(STR, path, "path", 0)
JSON_STRUCT(state_cgroup, STATE_CGROUP)

#define STATE_CONFIG(F)                                                                 \
	F(STR, rootfs, "rootfs", 0)                                                     \
	F(STRS, labels, "labels", 0) /* "bundle=/path", then annotations "key=value" */ \
	F(OBJS, namespaces, "namespaces", 0, state_namespace)                           \
	F(OBJ, cgroups, "cgroups", 0, state_cgroup)                                     \
	F(STR, version, "version", 0)
JSON_STRUCT(state_config, STATE_CONFIG)

/* Ours. Hooks are kept here: start and delete need nothing else of the configuration. */
#define STATE_PRIVATE(F)                                                          \
	F(BOOL, creating, "creating", OMIT_EMPTY)                                 \
	F(STR, bundle, "bundle", 0)                                               \
	F(MAP, annotations, "annotations", OMIT_EMPTY)                            \
	F(OBJS, poststart, "poststart", OMIT_EMPTY, oci_hook)                     \
	F(OBJS, poststop, "poststop", OMIT_EMPTY, oci_hook)                       \
	F(BOOL, own_pids, "ownPids", OMIT_EMPTY) /* a PID namespace of its own */ \
	F(BOOL, no_new_keyring, "noNewKeyring", OMIT_EMPTY)
JSON_STRUCT(state_private, STATE_PRIVATE)

#define STATE(F)                                                                           \
	F(STR, id, "id", 0)                                                                \
	F(I64, pid, "init_process_pid", 0)                                                 \
	F(U64, start, "init_process_start", 0) /* clock ticks since boot */                \
	F(TIME, created, "created", 0)                                                     \
	F(OBJ, config, "config", 0, state_config)                                          \
	F(BOOL, rootless, "rootless", 0)                                                   \
	F(MAP, cgroup_paths, "cgroup_paths", 0)                                            \
	F(MAP, namespace_paths, "namespace_paths", 0) /* "NEWNET" -> "/proc/PID/ns/net" */ \
	F(STRS, external_descriptors, "external_descriptors", OMIT_EMPTY)                  \
	F(STR, intel_rdt_path, "intel_rdt_path", 0)                                        \
	F(OBJ, own, "lighter", OMIT_EMPTY, state_private)
JSON_STRUCT(state, STATE)

int state_read(struct arena *a, int dirfd, struct state *out, struct err *e) must_check;
int state_write(int dirfd, const struct state *s, struct err *e) must_check;

#endif
