/* The options that `run` and `create` share. */
#ifndef CLI_CONTAINER_CREATE_OPTIONS_H
#define CLI_CONTAINER_CREATE_OPTIONS_H

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
	bool read_only, rm, tty, content_trust, use_api_socket;
};

extern const struct flags create_flags;

#endif
