/* The options that `run` and `create` share, and their rows. */
#ifndef CLI_CREATE_OPTIONS_H
#define CLI_CREATE_OPTIONS_H

#include "cli/command.h"

struct create_options {
	struct strs add_host, annotation, attach, cap_add, cap_drop, device, device_cgroup_rule;
	struct strs blkio_weight_device, read_bps, read_iops, write_bps, write_iops;
	struct strs dns, dns_option, dns_search, env, env_file, expose, gpus, group_add;
	struct strs label, label_file, link, link_local_ip, log_opt, mount, network, network_alias;
	struct strs publish, security_opt, storage_opt, sysctl, tmpfs, ulimit, volume, volumes_from;
	const char *cgroup_parent, *cgroupns, *cidfile, *cpuset_cpus, *cpuset_mems, *domainname;
	const char *entrypoint, *health_cmd, *hostname, *ip, *ip6, *ipc, *isolation, *log_driver;
	const char *mac_address, *name, *pid, *platform, *pull, *restart, *runtime, *stop_signal;
	const char *user, *userns, *uts, *volume_driver, *workdir;
	int64_t blkio_weight, cpu_count, cpu_percent, cpu_period, cpu_quota, cpu_rt_period;
	int64_t cpu_rt_runtime, cpu_shares, cpus, health_interval, health_retries;
	int64_t health_start_interval, health_start_period, health_timeout, io_maxbandwidth;
	int64_t io_maxiops, kernel_memory, memory, memory_reservation, memory_swap;
	int64_t memory_swappiness, oom_score_adj, pids_limit, shm_size, stop_timeout;
	bool interactive, init, no_healthcheck, oom_kill_disable, privileged, publish_all, quiet;
	bool read_only, rm, tty, content_trust;
};

#define CF(kind, member, name, letter, help, ...) \
	FLAG(create_options, kind, member, name, letter, help, __VA_ARGS__)

/* Rows of a flags table; struct create_options stands first in the options of the command. */
#define CREATE_FLAGS                                                                               \
	CF(LIST, add_host, "add-host", 0, "Add a line to /etc/hosts (host:ip)"),                   \
	        CF(MAP, annotation, "annotation", 0,                                               \
	           "Annotation of the container, which the OCI runtime sees", .shown = "map[]",    \
	           .since = 43),                                                                   \
	        CF(STREAMS, attach, "attach", 'a', "Connect to STDIN, STDOUT or STDERR"),          \
	        CF(UINT16, blkio_weight, "blkio-weight", 0,                                        \
	           "Relative weight of block IO, 10 to 1000, 0 for none", .shown = "0"),           \
	        CF(LIST, blkio_weight_device, "blkio-weight-device", 0,                            \
	           "Relative weight of block IO of a device", .shown = "[]"),                      \
	        CF(LIST, cap_add, "cap-add", 0, "Give a capability"),                              \
	        CF(LIST, cap_drop, "cap-drop", 0, "Take a capability away"),                       \
	        CF(STR, cgroup_parent, "cgroup-parent", 0, "Parent cgroup of the container"),      \
	        CF(STR, cgroupns, "cgroupns", 0,                                                   \
	           "Cgroup namespace: 'host', 'private', or '' for what the daemon is set to",     \
	           .since = 41),                                                                   \
	        CF(STR, cidfile, "cidfile", 0, "Write the container's id to this file"),           \
	        CF(INT, cpu_count, "cpu-count", 0, "Number of CPUs (Windows)",                     \
	           .attrs = FLAG_HIDDEN),                                                          \
	        CF(INT, cpu_percent, "cpu-percent", 0, "Percent of CPUs (Windows)",                \
	           .attrs = FLAG_HIDDEN),                                                          \
	        CF(INT, cpu_period, "cpu-period", 0, "Period of the CPU quota, in microseconds"),  \
	        CF(INT, cpu_quota, "cpu-quota", 0, "CPU time in each period, in microseconds"),    \
	        CF(INT, cpu_rt_period, "cpu-rt-period", 0, "Real-time period, in microseconds"),   \
	        CF(INT, cpu_rt_runtime, "cpu-rt-runtime", 0,                                       \
	           "Real-time CPU time in each period, in microseconds"),                          \
	        CF(INT, cpu_shares, "cpu-shares", 'c', "Relative weight of CPU time"),             \
	        CF(DECIMAL, cpus, "cpus", 0, "Number of CPUs"),                                    \
	        CF(STR, cpuset_cpus, "cpuset-cpus", 0, "CPUs to run on (0-3, 0,1)"),               \
	        CF(STR, cpuset_mems, "cpuset-mems", 0, "Memory nodes to use (0-3, 0,1)"),          \
	        CF(LIST, device, "device", 0, "Give a device of the host"),                        \
	        CF(LIST, device_cgroup_rule, "device-cgroup-rule", 0,                              \
	           "Add a rule of allowed devices"),                                               \
	        CF(LIST, read_bps, "device-read-bps", 0,                                           \
	           "Limit of bytes read per second from a device", .shown = "[]"),                 \
	        CF(LIST, read_iops, "device-read-iops", 0,                                         \
	           "Limit of reads per second from a device", .shown = "[]"),                      \
	        CF(LIST, write_bps, "device-write-bps", 0,                                         \
	           "Limit of bytes written per second to a device", .shown = "[]"),                \
	        CF(LIST, write_iops, "device-write-iops", 0,                                       \
	           "Limit of writes per second to a device", .shown = "[]"),                       \
	        CF(BOOL, content_trust, "disable-content-trust", 0, "Do not verify the image",     \
	           .def = "true"),                                                                 \
	        CF(LIST, dns, "dns", 0, "DNS server"),                                             \
	        CF(LIST, dns_option, "dns-opt", 0, "DNS option", .attrs = FLAG_HIDDEN),            \
	        CF(LIST, dns_option, "dns-option", 0, "DNS option"),                               \
	        CF(LIST, dns_search, "dns-search", 0, "DNS search domain"),                        \
	        CF(STR, domainname, "domainname", 0, "NIS domain name"),                           \
	        CF(STR, entrypoint, "entrypoint", 0,                                               \
	           "Run this instead of the image's entrypoint"),                                  \
	        CF(ENV, env, "env", 'e', "Environment variable"),                                  \
	        CF(LIST, env_file, "env-file", 0, "File of environment variables"),                \
	        CF(LIST, expose, "expose", 0,                                                      \
	           "A port, or a range of ports, that the container listens on"),                  \
	        CF(GPUS, gpus, "gpus", 0, "GPUs to give ('all' for every one)", .since = 40),      \
	        CF(LIST, group_add, "group-add", 0, "Additional group"),                           \
	        CF(STR, health_cmd, "health-cmd", 0, "Command that checks health"),                \
	        CF(DURATION, health_interval, "health-interval", 0,                                \
	           "Time between two checks (ms|s|m|h)", .shown = "0s"),                           \
	        CF(INT, health_retries, "health-retries", 0,                                       \
	           "Failures in a row that make a container unhealthy"),                           \
	        CF(DURATION, health_start_interval, "health-start-interval", 0,                    \
	           "Time between two checks during the start period (ms|s|m|h)", .shown = "0s",    \
	           .since = 44),                                                                   \
	        CF(DURATION, health_start_period, "health-start-period", 0,                        \
	           "Time to start up in, before failures count (ms|s|m|h)", .shown = "0s"),        \
	        CF(DURATION, health_timeout, "health-timeout", 0,                                  \
	           "Longest time of a check (ms|s|m|h)", .shown = "0s"),                           \
	        CF(STR, hostname, "hostname", 'h', "Host name of the container"),                  \
	        CF(BOOL, init, "init", 0,                                                          \
	           "Run an init that forwards signals and reaps processes"),                       \
	        CF(BOOL, interactive, "interactive", 'i',                                          \
	           "Keep STDIN open even when not attached"),                                      \
	        CF(BYTES, io_maxbandwidth, "io-maxbandwidth", 0,                                   \
	           "Bandwidth of the system drive (Windows)", .attrs = FLAG_HIDDEN),               \
	        CF(INT, io_maxiops, "io-maxiops", 0, "IOps of the system drive (Windows)",         \
	           .attrs = FLAG_HIDDEN),                                                          \
	        CF(STR, ip, "ip", 0, "IPv4 address (172.30.100.104)"),                             \
	        CF(STR, ip6, "ip6", 0, "IPv6 address (2001:db8::33)"),                             \
	        CF(STR, ipc, "ipc", 0, "IPC namespace"),                                           \
	        CF(STR, isolation, "isolation", 0, "Isolation technology (Windows)",               \
	           .attrs = FLAG_HIDDEN),                                                          \
	        CF(BYTES, kernel_memory, "kernel-memory", 0, "Limit of kernel memory"),            \
	        CF(LIST, label, "label", 'l', "Label of the container"),                           \
	        CF(LIST, label_file, "label-file", 0, "File of labels, one a line"),               \
	        CF(LIST, link, "link", 0, "Link to another container"),                            \
	        CF(LIST, link_local_ip, "link-local-ip", 0, "Link-local address"),                 \
	        CF(STR, log_driver, "log-driver", 0, "Logging driver of the container"),           \
	        CF(LIST, log_opt, "log-opt", 0, "Option of the logging driver"),                   \
	        CF(STR, mac_address, "mac-address", 0, "MAC address (92:d0:c6:0a:29:33)"),         \
	        CF(BYTES, memory, "memory", 'm', "Limit of memory"),                               \
	        CF(BYTES, memory_reservation, "memory-reservation", 0, "Soft limit of memory"),    \
	        CF(SWAP, memory_swap, "memory-swap", 0,                                            \
	           "Limit of memory and swap together; '-1' for no limit of swap"),                \
	        CF(INT, memory_swappiness, "memory-swappiness", 0,                                 \
	           "How readily to swap (0 to 100)", .def = "-1"),                                 \
	        CF(MOUNT, mount, "mount", 0, "Mount a file system"),                               \
	        CF(STR, name, "name", 0, "Name of the container"),                                 \
	        CF(NETWORK, network, "net", 0, "Connect to a network", .attrs = FLAG_HIDDEN),      \
	        CF(LIST, network_alias, "net-alias", 0, "Name of the container on the network",    \
	           .attrs = FLAG_HIDDEN),                                                          \
	        CF(NETWORK, network, "network", 0, "Connect to a network"),                        \
	        CF(LIST, network_alias, "network-alias", 0,                                        \
	           "Name of the container on the network"),                                        \
	        CF(BOOL, no_healthcheck, "no-healthcheck", 0, "Ignore the image's HEALTHCHECK"),   \
	        CF(BOOL, oom_kill_disable, "oom-kill-disable", 0, "No OOM killer"),                \
	        CF(INT, oom_score_adj, "oom-score-adj", 0,                                         \
	           "How readily to be killed (-1000 to 1000)"),                                    \
	        CF(STR, pid, "pid", 0, "PID namespace"),                                           \
	        CF(INT, pids_limit, "pids-limit", 0, "Limit of processes (-1 for none)"),          \
	        CF(STR, platform, "platform", 0, "Platform, where an image has several",           \
	           .since = 32),                                                                   \
	        CF(BOOL, privileged, "privileged", 0, "Give all rights"),                          \
	        CF(LIST, publish, "publish", 'p', "Publish ports of the container on the host"),   \
	        CF(BOOL, publish_all, "publish-all", 'P',                                          \
	           "Publish all exposed ports on random ports"),                                   \
	        CF(STR, pull, "pull", 0,                                                           \
	           "When to pull the image (\"always\", \"missing\", \"never\")",                  \
	           .def = "missing"),                                                              \
	        CF(BOOL, quiet, "quiet", 'q', "Do not show how the pull goes"),                    \
	        CF(BOOL, read_only, "read-only", 0, "Root file system that cannot be written"),    \
	        CF(STR, restart, "restart", 0, "What to do when the container ends", .def = "no"), \
	        CF(BOOL, rm, "rm", 0,                                                              \
	           "Remove the container and its anonymous volumes when it ends"),                 \
	        CF(STR, runtime, "runtime", 0, "OCI runtime"),                                     \
	        CF(LIST, security_opt, "security-opt", 0, "Security option"),                      \
	        CF(BYTES, shm_size, "shm-size", 0, "Size of /dev/shm"),                            \
	        CF(STR, stop_signal, "stop-signal", 0, "Signal that stops the container"),         \
	        CF(INT, stop_timeout, "stop-timeout", 0, "Seconds before a stop becomes a kill"),  \
	        CF(LIST, storage_opt, "storage-opt", 0, "Option of the storage driver"),           \
	        CF(SYSCTL, sysctl, "sysctl", 0, "Kernel parameter", .shown = "map[]"),             \
	        CF(LIST, tmpfs, "tmpfs", 0, "Mount a tmpfs"),                                      \
	        CF(BOOL, tty, "tty", 't', "Give a pseudo-TTY"),                                    \
	        CF(ULIMIT, ulimit, "ulimit", 0, "Limit of a resource", .shown = "[]"),             \
	        CF(STR, user, "user", 'u', "User, by name or number (<name|uid>[:<group|gid>])"),  \
	        CF(STR, userns, "userns", 0, "User namespace"),                                    \
	        CF(STR, uts, "uts", 0, "UTS namespace"),                                           \
	        CF(LIST, volume, "volume", 'v', "Mount a folder of the host or a volume"),         \
	        CF(STR, volume_driver, "volume-driver", 0, "Volume driver of the container"),      \
	        CF(LIST, volumes_from, "volumes-from", 0,                                          \
	           "Mount all volumes of other containers"),                                       \
	        CF(STR, workdir, "workdir", 'w', "Working directory in the container")

#endif
