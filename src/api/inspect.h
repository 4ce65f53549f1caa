/*
 * What the engine answers: inspect, the rows of ps, version, info, events, networks.
 * Names and shapes: Docker Engine API 1.24 to 1.51; SINCE and UNTIL shape an answer for the version
 * that the client asked for.
 */
#ifndef API_INSPECT_H
#define API_INSPECT_H

#include "api/container.h"

/* ---- GET /containers/ID/json ---- */

#define API_HEALTH_RESULT(F)             \
	F(TIME, start, "Start", 0)       \
	F(TIME, end, "End", 0)           \
	F(I64, exit_code, "ExitCode", 0) \
	F(STR, output, "Output", 0)
JSON_STRUCT(api_health_result, API_HEALTH_RESULT)

#define API_HEALTH(F)                              \
	F(STR, status, "Status", 0)                \
	F(I64, failing_streak, "FailingStreak", 0) \
	F(OBJS, log, "Log", 0, api_health_result)
JSON_STRUCT(api_health, API_HEALTH)

#define API_STATE(F)                          \
	F(STR, status, "Status", 0)           \
	F(BOOL, running, "Running", 0)        \
	F(BOOL, paused, "Paused", 0)          \
	F(BOOL, restarting, "Restarting", 0)  \
	F(BOOL, oom_killed, "OOMKilled", 0)   \
	F(BOOL, dead, "Dead", 0)              \
	F(I64, pid, "Pid", 0)                 \
	F(I64, exit_code, "ExitCode", 0)      \
	F(STR, error, "Error", 0)             \
	F(TIME, started_at, "StartedAt", 0)   \
	F(TIME, finished_at, "FinishedAt", 0) \
	F(OBJ, health, "Health", OMIT_EMPTY, api_health)
JSON_STRUCT(api_state, API_STATE)

#define API_MOUNT_POINT(F)                    \
	F(STR, type, "Type", OMIT_EMPTY)      \
	F(STR, name, "Name", OMIT_EMPTY)      \
	F(STR, source, "Source", 0)           \
	F(STR, destination, "Destination", 0) \
	F(STR, driver, "Driver", OMIT_EMPTY)  \
	F(STR, mode, "Mode", 0)               \
	F(BOOL, rw, "RW", 0)                  \
	F(STR, propagation, "Propagation", 0)
JSON_STRUCT(api_mount_point, API_MOUNT_POINT)

#define API_GRAPH_DRIVER(F)                    \
	F(MAP, data, "Data", NULL_WHEN_ABSENT) \
	F(STR, name, "Name", 0)
JSON_STRUCT(api_graph_driver, API_GRAPH_DRIVER)

/* The first bridge endpoint is repeated at the top for old readers. */
#define API_NETWORK_SETTINGS(F)                                                          \
	F(STR, bridge, "Bridge", UNTIL(52))                                              \
	F(STR, sandbox_id, "SandboxID", 0)                                               \
	F(STR, sandbox_key, "SandboxKey", 0)                                             \
	F(OBJSMAP, ports, "Ports", 0, api_port_binding)                                  \
	F(BOOL, hairpin_mode, "HairpinMode", UNTIL(52))                                  \
	F(STR, link_local_ipv6_address, "LinkLocalIPv6Address", UNTIL(52))               \
	F(I64, link_local_ipv6_prefix_len, "LinkLocalIPv6PrefixLen", UNTIL(52))          \
	F(STRS, secondary_ips, "SecondaryIPAddresses", NULL_WHEN_ABSENT | UNTIL(52))     \
	F(STRS, secondary_ipv6s, "SecondaryIPv6Addresses", NULL_WHEN_ABSENT | UNTIL(52)) \
	F(STR, endpoint_id, "EndpointID", UNTIL(52))                                     \
	F(STR, gateway, "Gateway", UNTIL(52))                                            \
	F(STR, global_ipv6_address, "GlobalIPv6Address", UNTIL(52))                      \
	F(I64, global_ipv6_prefix_len, "GlobalIPv6PrefixLen", UNTIL(52))                 \
	F(STR, ip_address, "IPAddress", UNTIL(52))                                       \
	F(I64, ip_prefix_len, "IPPrefixLen", UNTIL(52))                                  \
	F(STR, ipv6_gateway, "IPv6Gateway", UNTIL(52))                                   \
	F(STR, mac_address, "MacAddress", UNTIL(52))                                     \
	F(OBJMAP, networks, "Networks", 0, api_endpoint)
JSON_STRUCT(api_network_settings, API_NETWORK_SETTINGS)

#define API_INSPECT(F)                                           \
	F(STR, id, "Id", 0)                                      \
	F(TIME, created, "Created", 0)                           \
	F(STR, path, "Path", 0)                                  \
	F(STRS, args, "Args", 0)                                 \
	F(OBJ, state, "State", 0, api_state)                     \
	F(STR, image, "Image", 0)                                \
	F(STR, resolv_conf_path, "ResolvConfPath", 0)            \
	F(STR, hostname_path, "HostnamePath", 0)                 \
	F(STR, hosts_path, "HostsPath", 0)                       \
	F(STR, log_path, "LogPath", 0)                           \
	F(STR, name, "Name", 0)                                  \
	F(I64, restart_count, "RestartCount", 0)                 \
	F(STR, driver, "Driver", 0)                              \
	F(STR, platform, "Platform", 0)                          \
	F(STR, mount_label, "MountLabel", 0)                     \
	F(STR, process_label, "ProcessLabel", 0)                 \
	F(STR, app_armor_profile, "AppArmorProfile", 0)          \
	F(STRS, exec_ids, "ExecIDs", NULL_WHEN_ABSENT)           \
	F(OBJ, host_config, "HostConfig", 0, api_host_config)    \
	F(OBJ, graph_driver, "GraphDriver", 0, api_graph_driver) \
	F(OPT_I64, size_rw, "SizeRw", OMIT_EMPTY)                \
	F(OPT_I64, size_root_fs, "SizeRootFs", OMIT_EMPTY)       \
	F(OBJS, mounts, "Mounts", 0, api_mount_point)            \
	F(OBJ, config, "Config", 0, api_config)                  \
	F(OBJ, network_settings, "NetworkSettings", 0, api_network_settings)
JSON_STRUCT(api_inspect, API_INSPECT)

/* ---- GET /containers/json ---- */

#define API_PORT(F)                                   \
	F(STR, ip, "IP", OMIT_EMPTY)                  \
	F(I64, private_port, "PrivatePort", 0)        \
	F(I64, public_port, "PublicPort", OMIT_EMPTY) \
	F(STR, type, "Type", 0)
JSON_STRUCT(api_port, API_PORT)

#define API_SUMMARY_HOST(F)                             \
	F(STR, network_mode, "NetworkMode", OMIT_EMPTY) \
	F(MAP, annotations, "Annotations", OMIT_EMPTY | SINCE(46))
JSON_STRUCT(api_summary_host, API_SUMMARY_HOST)

#define API_SUMMARY_NETWORKS(F) F(OBJMAP, networks, "Networks", 0, api_endpoint)
JSON_STRUCT(api_summary_networks, API_SUMMARY_NETWORKS)

#define API_SUMMARY(F)                                                       \
	F(STR, id, "Id", 0)                                                  \
	F(STRS, names, "Names", 0)                                           \
	F(STR, image, "Image", 0)                                            \
	F(STR, image_id, "ImageID", 0)                                       \
	F(STR, command, "Command", 0)                                        \
	F(I64, created, "Created", 0) /* seconds since 1970 */               \
	F(OBJS, ports, "Ports", 0, api_port)                                 \
	F(I64, size_rw, "SizeRw", OMIT_EMPTY)                                \
	F(I64, size_root_fs, "SizeRootFs", OMIT_EMPTY)                       \
	F(MAP, labels, "Labels", 0)                                          \
	F(STR, state, "State", 0)                                            \
	F(STR, status, "Status", 0)                                          \
	F(OBJ, host_config, "HostConfig", 0, api_summary_host)               \
	F(OBJ, network_settings, "NetworkSettings", 0, api_summary_networks) \
	F(OBJS, mounts, "Mounts", 0, api_mount_point)
JSON_STRUCT(api_summary, API_SUMMARY)

/* ---- small answers ---- */

#define API_CREATED(F)      \
	F(STR, id, "Id", 0) \
	F(STRS, warnings, "Warnings", 0)
JSON_STRUCT(api_created, API_CREATED)

#define API_ID(F) F(STR, id, "Id", 0)
JSON_STRUCT(api_id, API_ID)

#define API_WARNINGS(F) F(STRS, warnings, "Warnings", NULL_WHEN_ABSENT)
JSON_STRUCT(api_warnings, API_WARNINGS)

#define API_MESSAGE(F) F(STR, message, "Message", 0)
JSON_STRUCT(api_message, API_MESSAGE)

#define API_WAIT(F)                                     \
	F(OBJ, error, "Error", OMIT_EMPTY, api_message) \
	F(I64, status_code, "StatusCode", 0)
JSON_STRUCT(api_wait, API_WAIT)

/* ---- GET /events ---- */

#define API_ACTOR(F)        \
	F(STR, id, "ID", 0) \
	F(MAP, attributes, "Attributes", 0)
JSON_STRUCT(api_actor, API_ACTOR)

#define API_EVENT(F)                                     \
	F(STR, status, "status", OMIT_EMPTY | UNTIL(52)) \
	F(STR, id, "id", OMIT_EMPTY | UNTIL(52))         \
	F(STR, from, "from", OMIT_EMPTY | UNTIL(52))     \
	F(STR, type, "Type", 0)                          \
	F(STR, action, "Action", 0)                      \
	F(OBJ, actor, "Actor", 0, api_actor)             \
	F(STR, scope, "scope", OMIT_EMPTY)               \
	F(I64, time, "time", 0)                          \
	F(I64, time_nano, "timeNano", 0)
JSON_STRUCT(api_event, API_EVENT)

/* ---- GET /version ---- */

#define API_NAME(F) F(STR, name, "Name", 0)
JSON_STRUCT(api_name, API_NAME)

#define API_COMPONENT(F)              \
	F(STR, name, "Name", 0)       \
	F(STR, version, "Version", 0) \
	F(MAP, details, "Details", OMIT_EMPTY)
JSON_STRUCT(api_component, API_COMPONENT)

#define API_VERSION(F)                                               \
	F(OBJ, platform, "Platform", 0, api_name)                    \
	F(OBJS, components, "Components", OMIT_EMPTY, api_component) \
	F(STR, version, "Version", 0)                                \
	F(STR, api_version, "ApiVersion", 0)                         \
	F(STR, min_api_version, "MinAPIVersion", OMIT_EMPTY)         \
	F(STR, git_commit, "GitCommit", 0)                           \
	F(STR, go_version, "GoVersion", 0)                           \
	F(STR, os, "Os", 0)                                          \
	F(STR, arch, "Arch", 0)                                      \
	F(STR, kernel_version, "KernelVersion", OMIT_EMPTY)          \
	F(BOOL, experimental, "Experimental", OMIT_EMPTY)            \
	F(STR, build_time, "BuildTime", OMIT_EMPTY)
JSON_STRUCT(api_version, API_VERSION)

/* ---- GET /info ---- */

#define API_INFO_PLUGINS(F)                                       \
	F(STRS, volume, "Volume", 0)                              \
	F(STRS, network, "Network", 0)                            \
	F(STRS, authorization, "Authorization", NULL_WHEN_ABSENT) \
	F(STRS, log, "Log", 0)
JSON_STRUCT(api_info_plugins, API_INFO_PLUGINS)

#define API_INFO_RUNTIME(F)              \
	F(STR, path, "path", OMIT_EMPTY) \
	F(STRS, args, "runtimeArgs", OMIT_EMPTY)
JSON_STRUCT(api_info_runtime, API_INFO_RUNTIME)

#define API_INFO_INDEX(F)              \
	F(STR, name, "Name", 0)        \
	F(STRS, mirrors, "Mirrors", 0) \
	F(BOOL, secure, "Secure", 0)   \
	F(BOOL, official, "Official", 0)
JSON_STRUCT(api_info_index, API_INFO_INDEX)

#define API_INFO_REGISTRY(F)                                        \
	F(STRS, insecure_cidrs, "InsecureRegistryCIDRs", 0)         \
	F(OBJMAP, index_configs, "IndexConfigs", 0, api_info_index) \
	F(STRS, mirrors, "Mirrors", 0)
JSON_STRUCT(api_info_registry, API_INFO_REGISTRY)

#define API_INFO_SWARM(F)                                 \
	F(STR, node_id, "NodeID", 0)                      \
	F(STR, node_addr, "NodeAddr", 0)                  \
	F(STR, local_node_state, "LocalNodeState", 0)     \
	F(BOOL, control_available, "ControlAvailable", 0) \
	F(STR, error, "Error", 0)                         \
	F(STRS, remote_managers, "RemoteManagers", NULL_WHEN_ABSENT)
JSON_STRUCT(api_info_swarm, API_INFO_SWARM)

#define API_COMMIT(F)       \
	F(STR, id, "ID", 0) \
	F(STR, expected, "Expected", UNTIL(49))
JSON_STRUCT(api_commit, API_COMMIT)

#define API_INFO(F)                                                      \
	F(STR, id, "ID", 0)                                              \
	F(I64, containers, "Containers", 0)                              \
	F(I64, running, "ContainersRunning", 0)                          \
	F(I64, paused, "ContainersPaused", 0)                            \
	F(I64, stopped, "ContainersStopped", 0)                          \
	F(I64, images, "Images", 0)                                      \
	F(STR, driver, "Driver", 0)                                      \
	F(RAW, driver_status, "DriverStatus", 0)                         \
	F(OBJ, plugins, "Plugins", 0, api_info_plugins)                  \
	F(BOOL, memory_limit, "MemoryLimit", 0)                          \
	F(BOOL, swap_limit, "SwapLimit", 0)                              \
	F(BOOL, kernel_memory, "KernelMemory", OMIT_EMPTY | UNTIL(42))   \
	F(BOOL, cpu_cfs_period, "CpuCfsPeriod", 0)                       \
	F(BOOL, cpu_cfs_quota, "CpuCfsQuota", 0)                         \
	F(BOOL, cpu_shares, "CPUShares", 0)                              \
	F(BOOL, cpu_set, "CPUSet", 0)                                    \
	F(BOOL, pids_limit, "PidsLimit", 0)                              \
	F(BOOL, ipv4_forwarding, "IPv4Forwarding", 0)                    \
	F(BOOL, bridge_nf_iptables, "BridgeNfIptables", UNTIL(50))       \
	F(BOOL, bridge_nf_ip6tables, "BridgeNfIp6tables", UNTIL(50))     \
	F(BOOL, debug, "Debug", 0)                                       \
	F(I64, nfd, "NFd", 0)                                            \
	F(BOOL, oom_kill_disable, "OomKillDisable", 0)                   \
	F(I64, ngoroutines, "NGoroutines", 0)                            \
	F(STR, system_time, "SystemTime", 0)                             \
	F(STR, logging_driver, "LoggingDriver", 0)                       \
	F(STR, cgroup_driver, "CgroupDriver", 0)                         \
	F(STR, cgroup_version, "CgroupVersion", SINCE(41))               \
	F(I64, events_listeners, "NEventsListener", 0)                   \
	F(STR, kernel_version, "KernelVersion", 0)                       \
	F(STR, operating_system, "OperatingSystem", 0)                   \
	F(STR, os_version, "OSVersion", 0)                               \
	F(STR, os_type, "OSType", 0)                                     \
	F(STR, architecture, "Architecture", 0)                          \
	F(STR, index_server, "IndexServerAddress", 0)                    \
	F(OBJ, registry, "RegistryConfig", 0, api_info_registry)         \
	F(I64, ncpu, "NCPU", 0)                                          \
	F(I64, mem_total, "MemTotal", 0)                                 \
	F(STRS, generic_resources, "GenericResources", NULL_WHEN_ABSENT) \
	F(STR, root_dir, "DockerRootDir", 0)                             \
	F(STR, http_proxy, "HttpProxy", 0)                               \
	F(STR, https_proxy, "HttpsProxy", 0)                             \
	F(STR, no_proxy, "NoProxy", 0)                                   \
	F(STR, name, "Name", 0)                                          \
	F(STRS, labels, "Labels", 0)                                     \
	F(BOOL, experimental_build, "ExperimentalBuild", 0)              \
	F(STR, server_version, "ServerVersion", 0)                       \
	F(OBJMAP, runtimes, "Runtimes", 0, api_info_runtime)             \
	F(STR, default_runtime, "DefaultRuntime", 0)                     \
	F(OBJ, swarm, "Swarm", 0, api_info_swarm)                        \
	F(BOOL, live_restore, "LiveRestoreEnabled", 0)                   \
	F(STR, isolation, "Isolation", 0)                                \
	F(STR, init_binary, "InitBinary", 0)                             \
	F(OBJ, containerd_commit, "ContainerdCommit", 0, api_commit)     \
	F(OBJ, runc_commit, "RuncCommit", 0, api_commit)                 \
	F(OBJ, init_commit, "InitCommit", 0, api_commit)                 \
	F(STRS, security_options, "SecurityOptions", 0)                  \
	F(STRS, cdi_spec_dirs, "CDISpecDirs", SINCE(43))                 \
	F(STRS, warnings, "Warnings", NULL_WHEN_ABSENT)
JSON_STRUCT(api_info, API_INFO)

#endif
