/*
 * What dockerd was told: command line and daemon.json, from one table (flags.def).
 *
 * A name that is not in the table is refused, as is a key that is given both as a flag and in the
 * file. A name that Docker knows and Lighter does not obey is in the table too, and refused by name
 * with a reason, unless it holds the value that changes nothing.
 */
#ifndef ENGINE_DAEMON_FLAGS_H
#define ENGINE_DAEMON_FLAGS_H

#include <stdio.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "engine/spec/ulimits.h"

/* A runtime by name: a program, with arguments that come before everybody else's. */
struct runtime {
	const char *name, *path;
	struct strs args;
};
struct runtimes {
	size_t n;
	struct runtime *v;
};

/* What SIGHUP may change: readers ask engine_live() each time they need it. */
struct live_options {
	bool debug;
	struct json_opt_bool live_restore; /* unset: containers outlive the engine, see DESIGN.md */
	int64_t shutdown_timeout;          /* seconds */
	struct strs labels;

	const char *default_runtime;
	struct runtimes runtimes; /* "runc" included, in the order they were given */
	const char *cgroupns_mode, *ipc_mode;
	int64_t shm_size;
	struct json_map features;

	struct strs insecure_registries, registry_mirrors;
	int64_t max_downloads, max_uploads, max_download_attempts;
};

/* Read-only once the engine runs. Strings live in the arena given to options_load. */
struct options {
	/* where things are */
	const char *config_file, *data_root, *exec_root, *pidfile, *containerd, *preload;
	struct strs hosts;
	const char *group;
	const char *containerd_namespace;

	/* who may come in over TCP */
	struct json_opt_bool tls, tlsverify;
	const char *tlscacert, *tlscert, *tlskey;

	/* how it behaves */
	struct live_options live; /* as the engine was started */
	const char *log_level, *log_format;
	bool raw_logs, experimental;
	const char *storage_driver;
	const char *min_api_version;
	int64_t oom_score_adjust;
	const char *http_proxy, *https_proxy, *no_proxy;

	/* what containers get when they do not say otherwise */
	const char *cgroup_parent, *init_path, *seccomp_profile;
	bool init, no_new_privileges;
	const char *log_driver;
	struct json_map log_opts;
	struct ulimits ulimits;
	struct strs dns, dns_opts, dns_search;
	const char *host_gateway_ip, *resolv_conf;

	/* network */
	const char *bridge, *bip, *fixed_cidr, *default_gateway, *publish_ip, *userland_proxy_path;
	bool iptables, ip_forward, ip_masq, icc, userland_proxy;
	bool ip_forward_no_drop, allow_direct_routing;
	int64_t mtu;
	struct strs address_pools; /* "base=10.10.0.0/16,size=24" */

	/* asked for instead of running */
	bool help, version, validate;
};

/* Reads argv, then the file; fills defaults; checks. */
int options_load(struct arena *a, int argc, char **argv, struct options *o, struct err *e)
        must_check;

/* Names of the keys outside struct live_options whose values differ. */
void options_changed(struct arena *a, const struct options *was, const struct options *is,
                     struct strs *out);

/* What a name stands for, or NULL. */
const struct runtime *runtime_find(const struct live_options *o, const char *name);

void options_help(FILE *out);

#endif
