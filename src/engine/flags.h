/*
 * What dockerd was told: command line and daemon.json, from one table (flags.c).
 *
 * A name that is not in the table is refused, as is a key that is given both as a flag and in the
 * file. A name that Docker knows and Lighter does not obey yet is in the table too, and refused by
 * name unless it holds its default.
 */
#ifndef ENGINE_FLAGS_H
#define ENGINE_FLAGS_H

#include <stdio.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"

/* Read-only once the engine runs. Strings live in the arena given to options_load. */
struct options {
	/* where things are */
	const char *config_file, *data_root, *exec_root, *pidfile, *containerd, *preload;
	struct strs hosts;
	const char *group;

	/* how it behaves */
	bool debug;
	const char *log_level, *log_format;
	struct json_opt_bool live_restore; /* unset: containers outlive the engine, see DESIGN.md */
	int64_t shutdown_timeout;          /* seconds */
	struct strs labels;
	const char *storage_driver;

	/* what containers get when they do not say otherwise */
	const char *default_runtime, *cgroup_parent, *init_path, *cgroupns_mode, *ipc_mode;
	bool init, no_new_privileges;
	int64_t shm_size;
	const char *log_driver;
	struct json_map log_opts;
	struct strs dns, dns_opts, dns_search;

	/* network */
	const char *bridge, *bip, *fixed_cidr, *default_gateway, *publish_ip, *userland_proxy_path;
	bool iptables, ip_forward, ip_masq, icc, userland_proxy;
	int64_t mtu;

	/* registries */
	struct strs insecure_registries, registry_mirrors;

	/* asked for instead of running */
	bool help, version, validate;
};

/* Reads argv, then the file; fills defaults. */
int options_load(struct arena *a, int argc, char **argv, struct options *o, struct err *e)
        must_check;

void options_help(FILE *out);

#endif
