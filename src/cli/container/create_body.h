/*
 * The body of POST /containers/create.
 * https://docs.docker.com/reference/api/engine/version/v1.50/#tag/Container/operation/ContainerCreate
 */
#ifndef CLI_CONTAINER_CREATE_BODY_H
#define CLI_CONTAINER_CREATE_BODY_H

#include "cli/container/create_options.h"
#include "cli/spec/device.h"
#include "cli/spec/gpus.h"
#include "cli/spec/mount.h"
#include "cli/spec/network.h"
#include "cli/spec/port.h"
#include "cli/spec/ulimit.h"

#define HOST_CONFIG(F)                                                                  \
	F(STRS, binds, "Binds", NULL_WHEN_EMPTY)                                        \
	F(STR, cidfile, "ContainerIDFile", 0)                                           \
	F(OBJ, log, "LogConfig", 0, api_log_config)                                     \
	F(STR, network_mode, "NetworkMode", 0)                                          \
	F(OBJSMAP, port_bindings, "PortBindings", 0, api_port_binding)                  \
	F(OBJ, restart, "RestartPolicy", 0, api_restart_policy)                         \
	F(BOOL, auto_remove, "AutoRemove", 0)                                           \
	F(STR, volume_driver, "VolumeDriver", 0)                                        \
	F(STRS, volumes_from, "VolumesFrom", NULL_WHEN_EMPTY)                           \
	F(I64S, console_size, "ConsoleSize", 0)                                         \
	F(MAP, annotations, "Annotations", OMIT_EMPTY)                                  \
	F(STRS, cap_add, "CapAdd", NULL_WHEN_EMPTY)                                     \
	F(STRS, cap_drop, "CapDrop", NULL_WHEN_EMPTY)                                   \
	F(STR, cgroupns, "CgroupnsMode", 0)                                             \
	F(STRS, dns, "Dns", 0)                                                          \
	F(STRS, dns_options, "DnsOptions", 0)                                           \
	F(STRS, dns_search, "DnsSearch", 0)                                             \
	F(STRS, extra_hosts, "ExtraHosts", NULL_WHEN_EMPTY)                             \
	F(STRS, group_add, "GroupAdd", NULL_WHEN_EMPTY)                                 \
	F(STR, ipc, "IpcMode", 0)                                                       \
	F(STR, cgroup, "Cgroup", 0)                                                     \
	F(STRS, links, "Links", NULL_WHEN_EMPTY)                                        \
	F(I64, oom_score_adj, "OomScoreAdj", 0)                                         \
	F(STR, pid, "PidMode", 0)                                                       \
	F(BOOL, privileged, "Privileged", 0)                                            \
	F(BOOL, publish_all, "PublishAllPorts", 0)                                      \
	F(BOOL, read_only, "ReadonlyRootfs", 0)                                         \
	F(STRS, security_opt, "SecurityOpt", NULL_WHEN_EMPTY)                           \
	F(MAP, storage_opt, "StorageOpt", OMIT_EMPTY)                                   \
	F(MAP, tmpfs, "Tmpfs", OMIT_EMPTY)                                              \
	F(STR, uts, "UTSMode", 0)                                                       \
	F(STR, userns, "UsernsMode", 0)                                                 \
	F(I64, shm_size, "ShmSize", 0)                                                  \
	F(MAP, sysctls, "Sysctls", OMIT_EMPTY)                                          \
	F(STR, runtime, "Runtime", OMIT_EMPTY)                                          \
	F(STR, isolation, "Isolation", 0)                                               \
	F(I64, cpu_shares, "CpuShares", 0)                                              \
	F(I64, memory, "Memory", 0)                                                     \
	F(I64, nano_cpus, "NanoCpus", 0)                                                \
	F(STR, cgroup_parent, "CgroupParent", 0)                                        \
	F(I64, blkio_weight, "BlkioWeight", 0)                                          \
	F(OBJS, blkio_weight_device, "BlkioWeightDevice", 0, api_weight_device)         \
	F(OBJS, read_bps, "BlkioDeviceReadBps", 0, api_throttle_device)                 \
	F(OBJS, write_bps, "BlkioDeviceWriteBps", 0, api_throttle_device)               \
	F(OBJS, read_iops, "BlkioDeviceReadIOps", 0, api_throttle_device)               \
	F(OBJS, write_iops, "BlkioDeviceWriteIOps", 0, api_throttle_device)             \
	F(I64, cpu_period, "CpuPeriod", 0)                                              \
	F(I64, cpu_quota, "CpuQuota", 0)                                                \
	F(I64, cpu_rt_period, "CpuRealtimePeriod", 0)                                   \
	F(I64, cpu_rt_runtime, "CpuRealtimeRuntime", 0)                                 \
	F(STR, cpuset_cpus, "CpusetCpus", 0)                                            \
	F(STR, cpuset_mems, "CpusetMems", 0)                                            \
	F(OBJS, devices, "Devices", 0, api_device_mapping)                              \
	F(STRS, device_cgroup_rules, "DeviceCgroupRules", NULL_WHEN_EMPTY)              \
	F(OBJS, device_requests, "DeviceRequests", NULL_WHEN_EMPTY, api_device_request) \
	F(I64, kernel_memory, "KernelMemory", OMIT_EMPTY)                               \
	F(I64, memory_reservation, "MemoryReservation", 0)                              \
	F(I64, memory_swap, "MemorySwap", 0)                                            \
	F(I64, memory_swappiness, "MemorySwappiness", 0)                                \
	F(BOOL, oom_kill_disable, "OomKillDisable", 0)                                  \
	F(I64, pids_limit, "PidsLimit", 0)                                              \
	F(OBJS, ulimits, "Ulimits", 0, api_ulimit)                                      \
	F(I64, cpu_count, "CpuCount", 0)                                                \
	F(I64, cpu_percent, "CpuPercent", 0)                                            \
	F(I64, io_maxiops, "IOMaximumIOps", 0)                                          \
	F(I64, io_maxbandwidth, "IOMaximumBandwidth", 0)                                \
	F(OBJS, mounts, "Mounts", OMIT_EMPTY, api_mount)                                \
	F(RAW, masked_paths, "MaskedPaths", OMIT_EMPTY)                                 \
	F(RAW, readonly_paths, "ReadonlyPaths", OMIT_EMPTY)                             \
	F(OPT_BOOL, init, "Init", OMIT_EMPTY)
JSON_STRUCT(host_config, HOST_CONFIG)

#define NETWORKING_CONFIG(F) F(OBJMAP, endpoints, "EndpointsConfig", 0, api_endpoint)
JSON_STRUCT(networking_config, NETWORKING_CONFIG)

#define CREATE_BODY(F)                                             \
	F(STR, hostname, "Hostname", 0)                            \
	F(STR, domainname, "Domainname", 0)                        \
	F(STR, user, "User", 0)                                    \
	F(BOOL, attach_stdin, "AttachStdin", 0)                    \
	F(BOOL, attach_stdout, "AttachStdout", 0)                  \
	F(BOOL, attach_stderr, "AttachStderr", 0)                  \
	F(SET, exposed_ports, "ExposedPorts", OMIT_EMPTY)          \
	F(BOOL, tty, "Tty", 0)                                     \
	F(BOOL, open_stdin, "OpenStdin", 0)                        \
	F(BOOL, stdin_once, "StdinOnce", 0)                        \
	F(STRS, env, "Env", 0)                                     \
	F(STRS, cmd, "Cmd", NULL_WHEN_EMPTY)                       \
	F(OBJ, health, "Healthcheck", OMIT_EMPTY, api_healthcheck) \
	F(STR, image, "Image", 0)                                  \
	F(SET, volumes, "Volumes", 0)                              \
	F(STR, workdir, "WorkingDir", 0)                           \
	F(STRS, entrypoint, "Entrypoint", NULL_WHEN_EMPTY)         \
	F(STR, mac_address, "MacAddress", OMIT_EMPTY)              \
	F(STRS, on_build, "OnBuild", NULL_WHEN_EMPTY)              \
	F(MAP, labels, "Labels", 0)                                \
	F(STR, stop_signal, "StopSignal", OMIT_EMPTY)              \
	F(OPT_I64, stop_timeout, "StopTimeout", OMIT_EMPTY)        \
	F(OBJ, host, "HostConfig", 0, host_config)                 \
	F(OBJ, networking, "NetworkingConfig", 0, networking_config)
JSON_STRUCT(create_body, CREATE_BODY)

/*
 * Options, image and command as the body; what the attach flags ask for is in it, and the proxies of
 * the configuration where the environment does not name its own.
 */
int create_body_make(struct cli *cli, const struct call *call, struct create_body *out,
                     struct err *e) must_check;

#endif
