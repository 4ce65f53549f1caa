/*
 * The OCI runtime specification's documents as C structs: config.json and its parts, and the state
 * that hooks and `runc state` receive. Fields and names: runtime-spec 1.0 to 1.3, config.md,
 * config-linux.md, runtime.md. What other platforms need (windows, vm, ...) is skipped.
 *
 * A decoded document lives in its arena. An OBJ or OPT member that is absent is NULL or not set.
 */
#ifndef OCI_RUNTIME_H
#define OCI_RUNTIME_H

#include "base/json.h"

#define OCI_RUNTIME_VERSION "1.2.1" /* what we write; any 1.x is read */

/* ---- root, mounts, hooks ---- */

#define OCI_ROOT(F)             \
	F(STR, path, "path", 0) \
	F(BOOL, readonly, "readonly", OMIT_EMPTY)
JSON_STRUCT(oci_root, OCI_ROOT)

#define OCI_ID_MAPPING(F)                      \
	F(U64, container_id, "containerID", 0) \
	F(U64, host_id, "hostID", 0)           \
	F(U64, size, "size", 0)
JSON_STRUCT(oci_id_mapping, OCI_ID_MAPPING)

#define OCI_MOUNT(F)                                                     \
	F(STR, destination, "destination", 0)                            \
	F(STR, type, "type", OMIT_EMPTY)                                 \
	F(STR, source, "source", OMIT_EMPTY)                             \
	F(STRS, options, "options", OMIT_EMPTY)                          \
	F(OBJS, uid_mappings, "uidMappings", OMIT_EMPTY, oci_id_mapping) \
	F(OBJS, gid_mappings, "gidMappings", OMIT_EMPTY, oci_id_mapping)
JSON_STRUCT(oci_mount, OCI_MOUNT)

#define OCI_HOOK(F)                       \
	F(STR, path, "path", 0)           \
	F(STRS, args, "args", OMIT_EMPTY) \
	F(STRS, env, "env", OMIT_EMPTY)   \
	F(OPT_I64, timeout, "timeout", OMIT_EMPTY) /* seconds */
JSON_STRUCT(oci_hook, OCI_HOOK)

#define OCI_HOOKS(F)                                                       \
	F(OBJS, prestart, "prestart", OMIT_EMPTY, oci_hook)                \
	F(OBJS, create_runtime, "createRuntime", OMIT_EMPTY, oci_hook)     \
	F(OBJS, create_container, "createContainer", OMIT_EMPTY, oci_hook) \
	F(OBJS, start_container, "startContainer", OMIT_EMPTY, oci_hook)   \
	F(OBJS, poststart, "poststart", OMIT_EMPTY, oci_hook)              \
	F(OBJS, poststop, "poststop", OMIT_EMPTY, oci_hook)
JSON_STRUCT(oci_hooks, OCI_HOOKS)

/* ---- process ---- */

#define OCI_BOX(F)                  \
	F(U64, height, "height", 0) \
	F(U64, width, "width", 0)
JSON_STRUCT(oci_box, OCI_BOX)

#define OCI_USER(F)                                            \
	F(U64, uid, "uid", 0)                                  \
	F(U64, gid, "gid", 0)                                  \
	F(OPT_U64, umask, "umask", OMIT_EMPTY)                 \
	F(U64S, additional_gids, "additionalGids", OMIT_EMPTY) \
	F(STR, username, "username", OMIT_EMPTY)
JSON_STRUCT(oci_user, OCI_USER)

#define OCI_CAPABILITIES(F)                             \
	F(STRS, bounding, "bounding", OMIT_EMPTY)       \
	F(STRS, effective, "effective", OMIT_EMPTY)     \
	F(STRS, inheritable, "inheritable", OMIT_EMPTY) \
	F(STRS, permitted, "permitted", OMIT_EMPTY)     \
	F(STRS, ambient, "ambient", OMIT_EMPTY)
JSON_STRUCT(oci_capabilities, OCI_CAPABILITIES)

#define OCI_RLIMIT(F)           \
	F(STR, type, "type", 0) \
	F(U64, hard, "hard", 0) \
	F(U64, soft, "soft", 0)
JSON_STRUCT(oci_rlimit, OCI_RLIMIT)

#define OCI_SCHEDULER(F)                         \
	F(STR, policy, "policy", 0)              \
	F(I64, nice, "nice", OMIT_EMPTY)         \
	F(I64, priority, "priority", OMIT_EMPTY) \
	F(STRS, flags, "flags", OMIT_EMPTY)      \
	F(U64, runtime, "runtime", OMIT_EMPTY)   \
	F(U64, deadline, "deadline", OMIT_EMPTY) \
	F(U64, period, "period", OMIT_EMPTY)
JSON_STRUCT(oci_scheduler, OCI_SCHEDULER)

#define OCI_IO_PRIORITY(F)           \
	F(STR, io_class, "class", 0) \
	F(I64, priority, "priority", 0)
JSON_STRUCT(oci_io_priority, OCI_IO_PRIORITY)

#define OCI_CPU_AFFINITY(F)                    \
	F(STR, initial, "initial", OMIT_EMPTY) \
	F(STR, final, "final", OMIT_EMPTY)
JSON_STRUCT(oci_cpu_affinity, OCI_CPU_AFFINITY)

/* Also the whole document of `runc exec --process FILE`. */
#define OCI_PROCESS(F)                                                     \
	F(BOOL, terminal, "terminal", OMIT_EMPTY)                          \
	F(OBJ, console_size, "consoleSize", OMIT_EMPTY, oci_box)           \
	F(OBJ, user, "user", 0, oci_user)                                  \
	F(STRS, args, "args", OMIT_EMPTY)                                  \
	F(STRS, env, "env", OMIT_EMPTY)                                    \
	F(STR, cwd, "cwd", 0)                                              \
	F(OBJ, capabilities, "capabilities", OMIT_EMPTY, oci_capabilities) \
	F(OBJS, rlimits, "rlimits", OMIT_EMPTY, oci_rlimit)                \
	F(BOOL, no_new_privileges, "noNewPrivileges", OMIT_EMPTY)          \
	F(STR, apparmor_profile, "apparmorProfile", OMIT_EMPTY)            \
	F(OPT_I64, oom_score_adj, "oomScoreAdj", OMIT_EMPTY)               \
	F(OBJ, scheduler, "scheduler", OMIT_EMPTY, oci_scheduler)          \
	F(STR, selinux_label, "selinuxLabel", OMIT_EMPTY)                  \
	F(OBJ, io_priority, "ioPriority", OMIT_EMPTY, oci_io_priority)     \
	F(OBJ, exec_cpu_affinity, "execCPUAffinity", OMIT_EMPTY, oci_cpu_affinity)
JSON_STRUCT(oci_process, OCI_PROCESS)

/* ---- linux.resources ---- */

#define OCI_DEVICE_RULE(F)                                                     \
	F(BOOL, allow, "allow", 0)                                             \
	F(STR, type, "type", OMIT_EMPTY) /* "a", "b", "c"; absent means all */ \
	F(OPT_I64, major, "major", OMIT_EMPTY)                                 \
	F(OPT_I64, minor, "minor", OMIT_EMPTY)                                 \
	F(STR, access, "access", OMIT_EMPTY)
JSON_STRUCT(oci_device_rule, OCI_DEVICE_RULE)

#define OCI_MEMORY(F)                                                   \
	F(OPT_I64, limit, "limit", OMIT_EMPTY)                          \
	F(OPT_I64, reservation, "reservation", OMIT_EMPTY)              \
	F(OPT_I64, swap, "swap", OMIT_EMPTY)                            \
	F(OPT_I64, kernel, "kernel", OMIT_EMPTY)                        \
	F(OPT_I64, kernel_tcp, "kernelTCP", OMIT_EMPTY)                 \
	F(OPT_U64, swappiness, "swappiness", OMIT_EMPTY)                \
	F(OPT_BOOL, disable_oom_killer, "disableOOMKiller", OMIT_EMPTY) \
	F(OPT_BOOL, use_hierarchy, "useHierarchy", OMIT_EMPTY)          \
	F(OPT_BOOL, check_before_update, "checkBeforeUpdate", OMIT_EMPTY)
JSON_STRUCT(oci_memory, OCI_MEMORY)

#define OCI_CPU(F)                                                  \
	F(OPT_U64, shares, "shares", OMIT_EMPTY)                    \
	F(OPT_I64, quota, "quota", OMIT_EMPTY)                      \
	F(OPT_U64, burst, "burst", OMIT_EMPTY)                      \
	F(OPT_U64, period, "period", OMIT_EMPTY)                    \
	F(OPT_I64, realtime_runtime, "realtimeRuntime", OMIT_EMPTY) \
	F(OPT_U64, realtime_period, "realtimePeriod", OMIT_EMPTY)   \
	F(STR, cpus, "cpus", OMIT_EMPTY)                            \
	F(STR, mems, "mems", OMIT_EMPTY)                            \
	F(OPT_I64, idle, "idle", OMIT_EMPTY)
JSON_STRUCT(oci_cpu, OCI_CPU)

#define OCI_PIDS(F) F(OPT_I64, limit, "limit", OMIT_EMPTY)
JSON_STRUCT(oci_pids, OCI_PIDS)

#define OCI_WEIGHT_DEVICE(F)                     \
	F(I64, major, "major", 0)                \
	F(I64, minor, "minor", 0)                \
	F(OPT_U64, weight, "weight", OMIT_EMPTY) \
	F(OPT_U64, leaf_weight, "leafWeight", OMIT_EMPTY)
JSON_STRUCT(oci_weight_device, OCI_WEIGHT_DEVICE)

#define OCI_THROTTLE_DEVICE(F)    \
	F(I64, major, "major", 0) \
	F(I64, minor, "minor", 0) \
	F(U64, rate, "rate", 0)
JSON_STRUCT(oci_throttle_device, OCI_THROTTLE_DEVICE)

#define OCI_BLOCK_IO(F)                                                               \
	F(OPT_U64, weight, "weight", OMIT_EMPTY)                                      \
	F(OPT_U64, leaf_weight, "leafWeight", OMIT_EMPTY)                             \
	F(OBJS, weight_device, "weightDevice", OMIT_EMPTY, oci_weight_device)         \
	F(OBJS, read_bps, "throttleReadBpsDevice", OMIT_EMPTY, oci_throttle_device)   \
	F(OBJS, write_bps, "throttleWriteBpsDevice", OMIT_EMPTY, oci_throttle_device) \
	F(OBJS, read_iops, "throttleReadIOPSDevice", OMIT_EMPTY, oci_throttle_device) \
	F(OBJS, write_iops, "throttleWriteIOPSDevice", OMIT_EMPTY, oci_throttle_device)
JSON_STRUCT(oci_block_io, OCI_BLOCK_IO)

#define OCI_HUGEPAGE_LIMIT(F)            \
	F(STR, page_size, "pageSize", 0) \
	F(U64, limit, "limit", 0)
JSON_STRUCT(oci_hugepage_limit, OCI_HUGEPAGE_LIMIT)

#define OCI_NET_PRIORITY(F)     \
	F(STR, name, "name", 0) \
	F(U64, priority, "priority", 0)
JSON_STRUCT(oci_net_priority, OCI_NET_PRIORITY)

#define OCI_NETWORK(F)                              \
	F(OPT_U64, class_id, "classID", OMIT_EMPTY) \
	F(OBJS, priorities, "priorities", OMIT_EMPTY, oci_net_priority)
JSON_STRUCT(oci_network, OCI_NETWORK)

#define OCI_RDMA(F)                                       \
	F(OPT_U64, hca_handles, "hcaHandles", OMIT_EMPTY) \
	F(OPT_U64, hca_objects, "hcaObjects", OMIT_EMPTY)
JSON_STRUCT(oci_rdma, OCI_RDMA)

/* Also the whole document of `runc update --resources FILE`. */
#define OCI_RESOURCES(F)                                                           \
	F(OBJS, devices, "devices", OMIT_EMPTY, oci_device_rule)                   \
	F(OBJ, memory, "memory", OMIT_EMPTY, oci_memory)                           \
	F(OBJ, cpu, "cpu", OMIT_EMPTY, oci_cpu)                                    \
	F(OBJ, pids, "pids", OMIT_EMPTY, oci_pids)                                 \
	F(OBJ, block_io, "blockIO", OMIT_EMPTY, oci_block_io)                      \
	F(OBJS, hugepage_limits, "hugepageLimits", OMIT_EMPTY, oci_hugepage_limit) \
	F(OBJ, network, "network", OMIT_EMPTY, oci_network)                        \
	F(OBJMAP, rdma, "rdma", OMIT_EMPTY, oci_rdma)                              \
	F(MAP, unified, "unified", OMIT_EMPTY)
JSON_STRUCT(oci_resources, OCI_RESOURCES)

/* ---- linux.seccomp ---- */

#define OCI_SYSCALL_ARG(F)                        \
	F(U64, index, "index", 0)                 \
	F(U64, value, "value", 0)                 \
	F(U64, value_two, "valueTwo", OMIT_EMPTY) \
	F(STR, op, "op", 0)
JSON_STRUCT(oci_syscall_arg, OCI_SYSCALL_ARG)

#define OCI_SYSCALL(F)                                \
	F(STRS, names, "names", 0)                    \
	F(STR, action, "action", 0)                   \
	F(OPT_U64, errno_ret, "errnoRet", OMIT_EMPTY) \
	F(OBJS, args, "args", OMIT_EMPTY, oci_syscall_arg)
JSON_STRUCT(oci_syscall, OCI_SYSCALL)

#define OCI_SECCOMP(F)                                               \
	F(STR, default_action, "defaultAction", 0)                   \
	F(OPT_U64, default_errno_ret, "defaultErrnoRet", OMIT_EMPTY) \
	F(STRS, architectures, "architectures", OMIT_EMPTY)          \
	F(STRS, flags, "flags", OMIT_EMPTY)                          \
	F(STR, listener_path, "listenerPath", OMIT_EMPTY)            \
	F(STR, listener_metadata, "listenerMetadata", OMIT_EMPTY)    \
	F(OBJS, syscalls, "syscalls", OMIT_EMPTY, oci_syscall)
JSON_STRUCT(oci_seccomp, OCI_SECCOMP)

/* ---- the rest of linux ---- */

#define OCI_NAMESPACE(F)        \
	F(STR, type, "type", 0) \
	F(STR, path, "path", OMIT_EMPTY)
JSON_STRUCT(oci_namespace, OCI_NAMESPACE)

#define OCI_DEVICE(F)                                 \
	F(STR, path, "path", 0)                       \
	F(STR, type, "type", 0)                       \
	F(I64, major, "major", 0)                     \
	F(I64, minor, "minor", 0)                     \
	F(OPT_U64, file_mode, "fileMode", OMIT_EMPTY) \
	F(OPT_U64, uid, "uid", OMIT_EMPTY)            \
	F(OPT_U64, gid, "gid", OMIT_EMPTY)
JSON_STRUCT(oci_device, OCI_DEVICE)

#define OCI_NET_DEVICE(F) F(STR, name, "name", OMIT_EMPTY)
JSON_STRUCT(oci_net_device, OCI_NET_DEVICE)

#define OCI_INTEL_RDT(F)                                     \
	F(STR, clos_id, "closID", OMIT_EMPTY)                \
	F(STRS, schemata, "schemata", OMIT_EMPTY)            \
	F(STR, l3_cache_schema, "l3CacheSchema", OMIT_EMPTY) \
	F(STR, mem_bw_schema, "memBwSchema", OMIT_EMPTY)     \
	F(BOOL, enable_monitoring, "enableMonitoring", OMIT_EMPTY)
JSON_STRUCT(oci_intel_rdt, OCI_INTEL_RDT)

#define OCI_MEMORY_POLICY(F)      \
	F(STR, mode, "mode", 0)   \
	F(STR, nodes, "nodes", 0) \
	F(STRS, flags, "flags", OMIT_EMPTY)
JSON_STRUCT(oci_memory_policy, OCI_MEMORY_POLICY)

#define OCI_PERSONALITY(F)          \
	F(STR, domain, "domain", 0) \
	F(STRS, flags, "flags", OMIT_EMPTY)
JSON_STRUCT(oci_personality, OCI_PERSONALITY)

#define OCI_TIME_OFFSET(F)               \
	F(I64, secs, "secs", OMIT_EMPTY) \
	F(U64, nanosecs, "nanosecs", OMIT_EMPTY)
JSON_STRUCT(oci_time_offset, OCI_TIME_OFFSET)

#define OCI_LINUX(F)                                                         \
	F(OBJS, uid_mappings, "uidMappings", OMIT_EMPTY, oci_id_mapping)     \
	F(OBJS, gid_mappings, "gidMappings", OMIT_EMPTY, oci_id_mapping)     \
	F(MAP, sysctl, "sysctl", OMIT_EMPTY)                                 \
	F(OBJ, resources, "resources", OMIT_EMPTY, oci_resources)            \
	F(STR, cgroups_path, "cgroupsPath", OMIT_EMPTY)                      \
	F(OBJS, namespaces, "namespaces", OMIT_EMPTY, oci_namespace)         \
	F(OBJS, devices, "devices", OMIT_EMPTY, oci_device)                  \
	F(OBJMAP, net_devices, "netDevices", OMIT_EMPTY, oci_net_device)     \
	F(OBJ, seccomp, "seccomp", OMIT_EMPTY, oci_seccomp)                  \
	F(STR, rootfs_propagation, "rootfsPropagation", OMIT_EMPTY)          \
	F(STRS, masked_paths, "maskedPaths", OMIT_EMPTY)                     \
	F(STRS, readonly_paths, "readonlyPaths", OMIT_EMPTY)                 \
	F(STR, mount_label, "mountLabel", OMIT_EMPTY)                        \
	F(OBJ, intel_rdt, "intelRdt", OMIT_EMPTY, oci_intel_rdt)             \
	F(OBJ, memory_policy, "memoryPolicy", OMIT_EMPTY, oci_memory_policy) \
	F(OBJ, personality, "personality", OMIT_EMPTY, oci_personality)      \
	F(OBJMAP, time_offsets, "timeOffsets", OMIT_EMPTY, oci_time_offset)
JSON_STRUCT(oci_linux, OCI_LINUX)

/* config.json */
#define OCI_SPEC(F)                                         \
	F(STR, oci_version, "ociVersion", 0)                \
	F(OBJ, process, "process", OMIT_EMPTY, oci_process) \
	F(OBJ, root, "root", OMIT_EMPTY, oci_root)          \
	F(STR, hostname, "hostname", OMIT_EMPTY)            \
	F(STR, domainname, "domainname", OMIT_EMPTY)        \
	F(OBJS, mounts, "mounts", OMIT_EMPTY, oci_mount)    \
	F(OBJ, hooks, "hooks", OMIT_EMPTY, oci_hooks)       \
	F(MAP, annotations, "annotations", OMIT_EMPTY)      \
	F(OBJ, linux, "linux", OMIT_EMPTY, oci_linux)
JSON_STRUCT(oci_spec, OCI_SPEC)

/* ---- what a runtime says ---- */

/* runtime.md "State": stdin of hooks. */
#define OCI_STATE(F)                         \
	F(STR, oci_version, "ociVersion", 0) \
	F(STR, id, "id", 0)                  \
	F(STR, status, "status", 0)          \
	F(I64, pid, "pid", OMIT_EMPTY)       \
	F(STR, bundle, "bundle", 0)          \
	F(MAP, annotations, "annotations", OMIT_EMPTY)
JSON_STRUCT(oci_state, OCI_STATE)

/* config-linux.md "containerProcessState": to the listener of seccomp notifications. */
#define OCI_PROCESS_STATE(F)                     \
	F(STR, oci_version, "ociVersion", 0)     \
	F(STRS, fds, "fds", 0)                   \
	F(I64, pid, "pid", 0)                    \
	F(STR, metadata, "metadata", OMIT_EMPTY) \
	F(OBJ, state, "state", 0, oci_state)
JSON_STRUCT(oci_process_state, OCI_PROCESS_STATE)

#endif
