/*
 * What clients send to create or update a container, and what inspect says back: Config and
 * HostConfig, as JSON tables. Names and shapes: Docker Engine API 1.24 to 1.51, "Container
 * Create" and "Container Inspect". Used by dockerd and by the docker command.
 *
 * A record of a container keeps these values as they were decoded; nobody changes them afterwards.
 */
#ifndef API_CONTAINER_H
#define API_CONTAINER_H

#include "api/network.h"
#include "base/json.h"

/* ---- Config: what the image says and the client may replace ---- */

#define API_HEALTHCHECK(F)                                              \
	F(STRS, test, "Test", OMIT_EMPTY)                               \
	F(I64, interval, "Interval", OMIT_EMPTY)                        \
	F(I64, timeout, "Timeout", OMIT_EMPTY)                          \
	F(I64, start_period, "StartPeriod", OMIT_EMPTY)                 \
	F(I64, start_interval, "StartInterval", OMIT_EMPTY | SINCE(44)) \
	F(I64, retries, "Retries", OMIT_EMPTY)
JSON_STRUCT(api_healthcheck, API_HEALTHCHECK)

#define API_CONFIG(F)                                                     \
	F(STR, hostname, "Hostname", 0)                                   \
	F(STR, domainname, "Domainname", 0)                               \
	F(STR, user, "User", 0)                                           \
	F(BOOL, attach_stdin, "AttachStdin", 0)                           \
	F(BOOL, attach_stdout, "AttachStdout", 0)                         \
	F(BOOL, attach_stderr, "AttachStderr", 0)                         \
	F(SET, exposed_ports, "ExposedPorts", OMIT_EMPTY)                 \
	F(BOOL, tty, "Tty", 0)                                            \
	F(BOOL, open_stdin, "OpenStdin", 0)                               \
	F(BOOL, stdin_once, "StdinOnce", 0)                               \
	F(STRS, env, "Env", 0)                                            \
	F(STRLIST, cmd, "Cmd", NULL_WHEN_ABSENT)                          \
	F(OBJ, healthcheck, "Healthcheck", OMIT_EMPTY, api_healthcheck)   \
	F(BOOL, args_escaped, "ArgsEscaped", OMIT_EMPTY)                  \
	F(STR, image, "Image", 0)                                         \
	F(SET, volumes, "Volumes", NULL_WHEN_ABSENT)                      \
	F(STR, working_dir, "WorkingDir", 0)                              \
	F(STRLIST, entrypoint, "Entrypoint", NULL_WHEN_ABSENT)            \
	F(BOOL, network_disabled, "NetworkDisabled", OMIT_EMPTY)          \
	F(STR, mac_address, "MacAddress", OMIT_EMPTY)                     \
	F(STRS, on_build, "OnBuild", NULL_WHEN_ABSENT)                    \
	F(MAP, labels, "Labels", 0)                                       \
	F(STR, stop_signal, "StopSignal", OMIT_EMPTY)                     \
	F(OPT_I64, stop_timeout, "StopTimeout", OMIT_EMPTY) /* seconds */ \
	F(STRLIST, shell, "Shell", OMIT_EMPTY)
JSON_STRUCT(api_config, API_CONFIG)

/* ---- HostConfig: what this host is asked to do ---- */

#define API_LOG_CONFIG(F)       \
	F(STR, type, "Type", 0) \
	F(MAP, config, "Config", 0)
JSON_STRUCT(api_log_config, API_LOG_CONFIG)

#define API_PORT_BINDING(F)          \
	F(STR, host_ip, "HostIp", 0) \
	F(STR, host_port, "HostPort", 0)
JSON_STRUCT(api_port_binding, API_PORT_BINDING)

#define API_RESTART_POLICY(F)   \
	F(STR, name, "Name", 0) \
	F(I64, maximum_retry_count, "MaximumRetryCount", 0)
JSON_STRUCT(api_restart_policy, API_RESTART_POLICY)

#define API_WEIGHT_DEVICE(F)    \
	F(STR, path, "Path", 0) \
	F(U64, weight, "Weight", 0)
JSON_STRUCT(api_weight_device, API_WEIGHT_DEVICE)

#define API_THROTTLE_DEVICE(F)  \
	F(STR, path, "Path", 0) \
	F(U64, rate, "Rate", 0)
JSON_STRUCT(api_throttle_device, API_THROTTLE_DEVICE)

#define API_DEVICE_MAPPING(F)                           \
	F(STR, path_on_host, "PathOnHost", 0)           \
	F(STR, path_in_container, "PathInContainer", 0) \
	F(STR, cgroup_permissions, "CgroupPermissions", 0)
JSON_STRUCT(api_device_mapping, API_DEVICE_MAPPING)

#define API_DEVICE_REQUEST(F)                              \
	F(STR, driver, "Driver", 0)                        \
	F(I64, count, "Count", 0)                          \
	F(STRS, device_ids, "DeviceIDs", NULL_WHEN_ABSENT) \
	F(RAW, capabilities, "Capabilities", 0)            \
	F(MAP, options, "Options", NULL_WHEN_ABSENT)
JSON_STRUCT(api_device_request, API_DEVICE_REQUEST)

#define API_ULIMIT(F)           \
	F(STR, name, "Name", 0) \
	F(I64, hard, "Hard", 0) \
	F(I64, soft, "Soft", 0)
JSON_STRUCT(api_ulimit, API_ULIMIT)

#define API_RESOURCES(F)                                                                 \
	F(I64, cpu_shares, "CpuShares", 0)                                               \
	F(I64, memory, "Memory", 0)                                                      \
	F(I64, nano_cpus, "NanoCpus", 0)                                                 \
	F(STR, cgroup_parent, "CgroupParent", 0)                                         \
	F(U64, blkio_weight, "BlkioWeight", 0)                                           \
	F(OBJS, blkio_weight_device, "BlkioWeightDevice", 0, api_weight_device)          \
	F(OBJS, read_bps, "BlkioDeviceReadBps", 0, api_throttle_device)                  \
	F(OBJS, write_bps, "BlkioDeviceWriteBps", 0, api_throttle_device)                \
	F(OBJS, read_iops, "BlkioDeviceReadIOps", 0, api_throttle_device)                \
	F(OBJS, write_iops, "BlkioDeviceWriteIOps", 0, api_throttle_device)              \
	F(I64, cpu_period, "CpuPeriod", 0)                                               \
	F(I64, cpu_quota, "CpuQuota", 0)                                                 \
	F(I64, cpu_realtime_period, "CpuRealtimePeriod", 0)                              \
	F(I64, cpu_realtime_runtime, "CpuRealtimeRuntime", 0)                            \
	F(STR, cpuset_cpus, "CpusetCpus", 0)                                             \
	F(STR, cpuset_mems, "CpusetMems", 0)                                             \
	F(OBJS, devices, "Devices", 0, api_device_mapping)                               \
	F(STRS, device_cgroup_rules, "DeviceCgroupRules", NULL_WHEN_ABSENT)              \
	F(OBJS, device_requests, "DeviceRequests", NULL_WHEN_ABSENT, api_device_request) \
	F(I64, memory_reservation, "MemoryReservation", 0)                               \
	F(I64, memory_swap, "MemorySwap", 0)                                             \
	F(OPT_I64, memory_swappiness, "MemorySwappiness", 0)                             \
	F(OPT_BOOL, oom_kill_disable, "OomKillDisable", 0)                               \
	F(OPT_I64, pids_limit, "PidsLimit", 0)                                           \
	F(OBJS, ulimits, "Ulimits", 0, api_ulimit)                                       \
	F(I64, cpu_count, "CpuCount", 0)                                                 \
	F(I64, cpu_percent, "CpuPercent", 0)                                             \
	F(I64, io_maximum_iops, "IOMaximumIOps", 0)                                      \
	F(I64, io_maximum_bandwidth, "IOMaximumBandwidth", 0)

#define API_BIND_OPTIONS(F)                                                              \
	F(STR, propagation, "Propagation", OMIT_EMPTY)                                   \
	F(BOOL, non_recursive, "NonRecursive", OMIT_EMPTY)                               \
	F(BOOL, create_mountpoint, "CreateMountpoint", OMIT_EMPTY)                       \
	F(BOOL, read_only_non_recursive, "ReadOnlyNonRecursive", OMIT_EMPTY | SINCE(44)) \
	F(BOOL, read_only_force_recursive, "ReadOnlyForceRecursive", OMIT_EMPTY | SINCE(44))
JSON_STRUCT(api_bind_options, API_BIND_OPTIONS)

#define API_TMPFS_OPTIONS(F)                        \
	F(I64, size_bytes, "SizeBytes", OMIT_EMPTY) \
	F(U64, mode, "Mode", OMIT_EMPTY)
JSON_STRUCT(api_tmpfs_options, API_TMPFS_OPTIONS)

#define API_VOLUME_DRIVER(F)             \
	F(STR, name, "Name", OMIT_EMPTY) \
	F(MAP, options, "Options", OMIT_EMPTY)
JSON_STRUCT(api_volume_driver, API_VOLUME_DRIVER)

#define API_VOLUME_OPTIONS(F)                                                \
	F(BOOL, no_copy, "NoCopy", OMIT_EMPTY)                               \
	F(MAP, labels, "Labels", OMIT_EMPTY)                                 \
	F(OBJ, driver_config, "DriverConfig", OMIT_EMPTY, api_volume_driver) \
	F(STR, subpath, "Subpath", OMIT_EMPTY | SINCE(45))
JSON_STRUCT(api_volume_options, API_VOLUME_OPTIONS)

#define API_IMAGE_OPTIONS(F) F(STR, subpath, "Subpath", OMIT_EMPTY)
JSON_STRUCT(api_image_options, API_IMAGE_OPTIONS)

#define API_MOUNT(F)                                                                     \
	F(STR, type, "Type", OMIT_EMPTY)                                                 \
	F(STR, source, "Source", OMIT_EMPTY)                                             \
	F(STR, target, "Target", OMIT_EMPTY)                                             \
	F(BOOL, read_only, "ReadOnly", OMIT_EMPTY)                                       \
	F(STR, consistency, "Consistency", OMIT_EMPTY)                                   \
	F(OBJ, bind_options, "BindOptions", OMIT_EMPTY, api_bind_options)                \
	F(OBJ, volume_options, "VolumeOptions", OMIT_EMPTY, api_volume_options)          \
	F(OBJ, image_options, "ImageOptions", OMIT_EMPTY | SINCE(48), api_image_options) \
	F(OBJ, tmpfs_options, "TmpfsOptions", OMIT_EMPTY, api_tmpfs_options)
JSON_STRUCT(api_mount, API_MOUNT)

#define API_HOST_CONFIG(F)                                             \
	F(STRS, binds, "Binds", NULL_WHEN_ABSENT)                      \
	F(STR, container_id_file, "ContainerIDFile", 0)                \
	F(OBJ, log_config, "LogConfig", 0, api_log_config)             \
	F(STR, network_mode, "NetworkMode", 0)                         \
	F(OBJSMAP, port_bindings, "PortBindings", 0, api_port_binding) \
	F(OBJ, restart_policy, "RestartPolicy", 0, api_restart_policy) \
	F(BOOL, auto_remove, "AutoRemove", 0)                          \
	F(STR, volume_driver, "VolumeDriver", 0)                       \
	F(STRS, volumes_from, "VolumesFrom", NULL_WHEN_ABSENT)         \
	F(I64S, console_size, "ConsoleSize", 0) /* height, width */    \
	F(MAP, annotations, "Annotations", OMIT_EMPTY | SINCE(43))     \
	F(STRLIST, cap_add, "CapAdd", NULL_WHEN_ABSENT)                \
	F(STRLIST, cap_drop, "CapDrop", NULL_WHEN_ABSENT)              \
	F(STR, cgroupns_mode, "CgroupnsMode", SINCE(41))               \
	F(STRS, dns, "Dns", 0)                                         \
	F(STRS, dns_options, "DnsOptions", 0)                          \
	F(STRS, dns_search, "DnsSearch", 0)                            \
	F(STRS, extra_hosts, "ExtraHosts", NULL_WHEN_ABSENT)           \
	F(STRS, group_add, "GroupAdd", NULL_WHEN_ABSENT)               \
	F(STR, ipc_mode, "IpcMode", 0)                                 \
	F(STR, cgroup, "Cgroup", 0)                                    \
	F(STRS, links, "Links", NULL_WHEN_ABSENT)                      \
	F(I64, oom_score_adj, "OomScoreAdj", 0)                        \
	F(STR, pid_mode, "PidMode", 0)                                 \
	F(BOOL, privileged, "Privileged", 0)                           \
	F(BOOL, publish_all_ports, "PublishAllPorts", 0)               \
	F(BOOL, readonly_rootfs, "ReadonlyRootfs", 0)                  \
	F(STRS, security_opt, "SecurityOpt", NULL_WHEN_ABSENT)         \
	F(MAP, storage_opt, "StorageOpt", OMIT_EMPTY)                  \
	F(MAP, tmpfs, "Tmpfs", OMIT_EMPTY)                             \
	F(STR, uts_mode, "UTSMode", 0)                                 \
	F(STR, userns_mode, "UsernsMode", 0)                           \
	F(I64, shm_size, "ShmSize", 0)                                 \
	F(MAP, sysctls, "Sysctls", OMIT_EMPTY)                         \
	F(STR, runtime, "Runtime", OMIT_EMPTY)                         \
	F(STR, isolation, "Isolation", 0)                              \
	API_RESOURCES(F)                                               \
	F(OBJS, mounts, "Mounts", OMIT_EMPTY, api_mount)               \
	F(STRS, masked_paths, "MaskedPaths", NULL_WHEN_ABSENT)         \
	F(STRS, readonly_paths, "ReadonlyPaths", NULL_WHEN_ABSENT)     \
	F(OPT_BOOL, init, "Init", OMIT_EMPTY)
JSON_STRUCT(api_host_config, API_HOST_CONFIG)

/* The body of POST /containers/create. */
#define API_CREATE(F)                                                  \
	API_CONFIG(F)                                                  \
	F(OBJ, host_config, "HostConfig", OMIT_EMPTY, api_host_config) \
	F(OBJ, networking, "NetworkingConfig", OMIT_EMPTY, api_networking_config)
JSON_STRUCT(api_create, API_CREATE)

/* The body of POST /containers/ID/update: resources and the restart policy. */
#define API_UPDATE(F)    \
	API_RESOURCES(F) \
	F(OBJ, restart_policy, "RestartPolicy", OMIT_EMPTY, api_restart_policy)
JSON_STRUCT(api_update, API_UPDATE)

#endif
