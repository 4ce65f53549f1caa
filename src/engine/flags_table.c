/* The table of flags and daemon.json keys. See flags.h. */
#include "engine/flags_internal.h"

#define AT(member) offsetof(struct options, member)

/* clang-format off */
const struct flag flag_table[] = {
	{ "config-file", 0, NULL, F_STR, AT(config_file), "Daemon configuration file" },
	{ "data-root", 0, "data-root", F_STR, AT(data_root), "Root directory of persistent state" },
	{ "graph", 'g', NULL, F_STR, AT(data_root), NULL },
	{ "exec-root", 0, "exec-root", F_STR, AT(exec_root), "Root directory of volatile state" },
	{ "pidfile", 'p', "pidfile", F_STR, AT(pidfile), "File that holds the daemon's process id" },
	{ "containerd", 0, "containerd", F_STR, AT(containerd), "containerd's socket; none: start one" },
	{ "preload", 0, "preload", F_STR, AT(preload), "Folder of OCI images to load at start" },
	{ "host", 'H', "hosts", F_LIST, AT(hosts), "Sockets to listen on (unix://, tcp://, fd://)" },
	{ "group", 'G', "group", F_STR, AT(group), "Group that owns the unix socket" },
	{ "debug", 'D', "debug", F_BOOL, AT(debug), "Write debug messages" },
	{ "log-level", 'l', "log-level", F_STR, AT(log_level), "debug, info, warn, error or fatal" },
	{ "log-format", 0, "log-format", F_STR, AT(log_format), "text or json" },
	{ "live-restore", 0, "live-restore", F_TRI, AT(live_restore), "Keep containers running when the daemon ends (false stops them)" },
	{ "shutdown-timeout", 0, "shutdown-timeout", F_INT, AT(shutdown_timeout), "Seconds for containers to stop at the end" },
	{ "label", 0, "labels", F_LIST, AT(labels), "key=value labels of the daemon" },
	{ "storage-driver", 's', "storage-driver", F_STR, AT(storage_driver), "Snapshotter of containerd" },
	{ "default-runtime", 0, "default-runtime", F_STR, AT(default_runtime), "OCI runtime of containers" },
	{ "cgroup-parent", 0, "cgroup-parent", F_STR, AT(cgroup_parent), "Parent cgroup of all containers" },
	{ "init", 0, "init", F_BOOL, AT(init), "Run an init in containers" },
	{ "init-path", 0, "init-path", F_STR, AT(init_path), "The init (docker-init)" },
	{ "no-new-privileges", 0, "no-new-privileges", F_BOOL, AT(no_new_privileges), "Set no_new_privs by default" },
	{ "default-shm-size", 0, "default-shm-size", F_BYTES, AT(shm_size), "Size of /dev/shm" },
	{ "default-cgroupns-mode", 0, "default-cgroupns-mode", F_STR, AT(cgroupns_mode), "host or private" },
	{ "default-ipc-mode", 0, "default-ipc-mode", F_STR, AT(ipc_mode), "private or shareable" },
	{ "log-driver", 0, "log-driver", F_STR, AT(log_driver), "Log driver of containers" },
	{ "log-opt", 0, "log-opts", F_MAP, AT(log_opts), "Options of the log driver" },
	{ "dns", 0, "dns", F_LIST, AT(dns), "DNS servers of containers" },
	{ "dns-opt", 0, "dns-opts", F_LIST, AT(dns_opts), "DNS options of containers" },
	{ "dns-search", 0, "dns-search", F_LIST, AT(dns_search), "DNS search domains of containers" },
	{ "bridge", 'b', "bridge", F_STR, AT(bridge), "Bridge to attach to, or none" },
	{ "bip", 0, "bip", F_STR, AT(bip), "Address and prefix of the bridge" },
	{ "fixed-cidr", 0, "fixed-cidr", F_STR, AT(fixed_cidr), "Range of container addresses" },
	{ "default-gateway", 0, "default-gateway", F_STR, AT(default_gateway), "Gateway of containers" },
	{ "ip", 0, "ip", F_STR, AT(publish_ip), "Address that ports are published on" },
	{ "mtu", 0, "mtu", F_INT, AT(mtu), "MTU of container networks" },
	{ "iptables", 0, "iptables", F_BOOL, AT(iptables), "Add iptables rules" },
	{ "ip-forward", 0, "ip-forward", F_BOOL, AT(ip_forward), "Enable net.ipv4.ip_forward" },
	{ "ip-masq", 0, "ip-masq", F_BOOL, AT(ip_masq), "Masquerade what leaves the bridge" },
	{ "icc", 0, "icc", F_BOOL, AT(icc), "Let containers talk to each other" },
	{ "userland-proxy", 0, "userland-proxy", F_BOOL, AT(userland_proxy), "Proxy for published ports on loopback" },
	{ "userland-proxy-path", 0, "userland-proxy-path", F_STR, AT(userland_proxy_path), "The proxy (docker-proxy)" },
	{ "insecure-registry", 0, "insecure-registries", F_LIST, AT(insecure_registries), "Registries that may speak HTTP" },
	{ "registry-mirror", 0, "registry-mirrors", F_LIST, AT(registry_mirrors), "Mirrors of the default registry" },
	{ "validate", 0, NULL, F_BOOL, AT(validate), "Check the configuration and exit" },
	{ "version", 'v', NULL, F_BOOL, AT(version), "Print the version and exit" },
	{ "help", 'h', NULL, F_BOOL, AT(help), "Print this and exit" },

	/* Known to Docker, not obeyed yet; the text is the value that changes nothing. */
	{ "add-runtime", 0, "runtimes", F_UNSUPPORTED, 0, NULL },
	{ "allow-nondistributable-artifacts", 0, "allow-nondistributable-artifacts", F_UNSUPPORTED, 0, NULL },
	{ "api-cors-header", 0, "api-cors-header", F_UNSUPPORTED, 0, "" },
	{ "authorization-plugin", 0, "authorization-plugins", F_UNSUPPORTED, 0, NULL },
	{ "cdi-spec-dir", 0, "cdi-spec-dirs", F_UNSUPPORTED, 0, NULL },
	{ "containerd-namespace", 0, "containerd-namespace", F_UNSUPPORTED, 0, "moby" },
	{ "containerd-plugins-namespace", 0, "containerd-plugin-namespace", F_UNSUPPORTED, 0, "plugins.moby" },
	{ "cpu-rt-period", 0, "cpu-rt-period", F_UNSUPPORTED, 0, "0" },
	{ "cpu-rt-runtime", 0, "cpu-rt-runtime", F_UNSUPPORTED, 0, "0" },
	{ "cri-containerd", 0, "cri-containerd", F_UNSUPPORTED, 0, "false" },
	{ "default-address-pool", 0, "default-address-pools", F_UNSUPPORTED, 0, NULL },
	{ "default-gateway-v6", 0, "default-gateway-v6", F_UNSUPPORTED, 0, "" },
	{ "default-network-opt", 0, "default-network-opts", F_UNSUPPORTED, 0, NULL },
	{ "default-ulimit", 0, "default-ulimits", F_UNSUPPORTED, 0, NULL },
	{ "exec-opt", 0, "exec-opts", F_UNSUPPORTED, 0, "native.cgroupdriver=cgroupfs" },
	{ "experimental", 0, "experimental", F_UNSUPPORTED, 0, "false" },
	{ "feature", 0, "features", F_UNSUPPORTED, 0, NULL },
	{ "firewall-backend", 0, "firewall-backend", F_UNSUPPORTED, 0, "iptables" },
	{ "fixed-cidr-v6", 0, "fixed-cidr-v6", F_UNSUPPORTED, 0, "" },
	{ "host-gateway-ip", 0, "host-gateway-ip", F_UNSUPPORTED, 0, "" },
	{ "http-proxy", 0, NULL, F_UNSUPPORTED, 0, "" },
	{ "https-proxy", 0, NULL, F_UNSUPPORTED, 0, "" },
	{ "no-proxy", 0, NULL, F_UNSUPPORTED, 0, "" },
	{ "ip6tables", 0, "ip6tables", F_UNSUPPORTED, 0, "false" },
	{ "ipv6", 0, "ipv6", F_UNSUPPORTED, 0, "false" },
	{ "max-concurrent-downloads", 0, "max-concurrent-downloads", F_UNSUPPORTED, 0, "3" },
	{ "max-concurrent-uploads", 0, "max-concurrent-uploads", F_UNSUPPORTED, 0, "5" },
	{ "max-download-attempts", 0, "max-download-attempts", F_UNSUPPORTED, 0, "5" },
	{ "metrics-addr", 0, "metrics-addr", F_UNSUPPORTED, 0, "" },
	{ "min-api-version", 0, "min-api-version", F_UNSUPPORTED, 0, "1.24" },
	{ "network-control-plane-mtu", 0, "network-control-plane-mtu", F_UNSUPPORTED, 0, "1500" },
	{ "node-generic-resource", 0, "node-generic-resources", F_UNSUPPORTED, 0, NULL },
	{ "oom-score-adjust", 0, "oom-score-adjust", F_UNSUPPORTED, 0, "0" },
	{ "raw-logs", 0, "raw-logs", F_UNSUPPORTED, 0, "false" },
	{ "rootless", 0, "rootless", F_UNSUPPORTED, 0, "false" },
	{ "seccomp-profile", 0, "seccomp-profile", F_UNSUPPORTED, 0, "builtin" },
	{ "selinux-enabled", 0, "selinux-enabled", F_UNSUPPORTED, 0, "false" },
	{ "storage-opt", 0, "storage-opts", F_UNSUPPORTED, 0, NULL },
	{ "swarm-default-advertise-addr", 0, "swarm-default-advertise-addr", F_UNSUPPORTED, 0, "" },
	{ "tls", 0, "tls", F_UNSUPPORTED, 0, "false" },
	{ "tlscacert", 0, "tlscacert", F_UNSUPPORTED, 0, NULL },
	{ "tlscert", 0, "tlscert", F_UNSUPPORTED, 0, NULL },
	{ "tlskey", 0, "tlskey", F_UNSUPPORTED, 0, NULL },
	{ "tlsverify", 0, "tlsverify", F_UNSUPPORTED, 0, "false" },
	{ "userns-remap", 0, "userns-remap", F_UNSUPPORTED, 0, "" },
	{ "proxies", 0, "proxies", F_UNSUPPORTED, 0, NULL },
	{ "builder", 0, "builder", F_UNSUPPORTED, 0, NULL },
};
/* clang-format on */

const size_t flag_count = ARRAY_LEN(flag_table);

const struct flag *flag_by_name(const char *s, size_t n)
{
	for (size_t i = 0; i < flag_count; i++)
		if (slice_eq((struct slice){ s, n }, flag_table[i].name))
			return &flag_table[i];
	return NULL;
}

const struct flag *flag_by_letter(char c)
{
	for (size_t i = 0; i < flag_count; i++)
		if (c && flag_table[i].letter == c)
			return &flag_table[i];
	return NULL;
}

const struct flag *flag_by_key(const char *key)
{
	for (size_t i = 0; i < flag_count; i++)
		if (str_eq(flag_table[i].key, key))
			return &flag_table[i];
	return NULL;
}

/* ---- values ---- */

static bool parse_bool(const char *s, bool *out)
{
	static const char *const yes[] = { "1", "t", "true" }, *const no[] = { "0", "f", "false" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (str_ieq(s, yes[i]) || str_ieq(s, no[i])) {
			*out = str_ieq(s, yes[i]);
			return true;
		}
	}
	return false;
}

/* "64m", "1GiB", "512": powers of 1024, as Docker reads sizes of memory. */
static bool parse_bytes(const char *s, int64_t *out)
{
	static const char units[] = "bkmgt";
	size_t digits = strspn(s, "0123456789");
	char number[24];
	uint64_t n, shift = 0;
	const char *unit = s + digits, *at;

	if (digits == 0 || digits >= sizeof(number))
		return false;
	str_copy(number, digits + 1, s);
	if (!str_u64(number, &n))
		return false;
	if (*unit) {
		char c = (char)(*unit | 0x20);

		at = strchr(units, c);
		if (!at || (unit[1] && !str_ieq(unit + 1, "b") && !str_ieq(unit + 1, "ib")))
			return false;
		shift = (uint64_t)(at - units) * 10;
	}
	if (n > (uint64_t)INT64_MAX >> shift)
		return false;
	*out = (int64_t)(n << shift);
	return true;
}

static int set_map(struct arena *a, struct json_map *map, const char *text)
{
	const char *eq = strchr(text, '=');

	if (!eq || eq == text)
		return -1;
	json_map_set(a, map, arena_strndup(a, text, (size_t)(eq - text)), eq + 1);
	return 0;
}

int flag_set(struct arena *a, const struct flag *f, struct options *o, const char *value,
             struct err *e)
{
	void *at = (char *)o + f->offset;
	struct json_opt_bool *tri = at;
	bool ok = true;

	switch (f->kind) {
	case F_STR:
		*(const char **)at = arena_strdup(a, value);
		break;
	case F_BOOL:
		ok = parse_bool(value, at);
		break;
	case F_TRI:
		ok = parse_bool(value, &tri->value);
		tri->set = true;
		break;
	case F_INT:
		ok = str_i64(value, at);
		break;
	case F_BYTES:
		ok = parse_bytes(value, at);
		break;
	case F_LIST:
		arena_push(a, (struct strs *)at, arena_strdup(a, value));
		break;
	case F_MAP:
		ok = set_map(a, at, arena_strdup(a, value)) == 0;
		break;
	case F_UNSUPPORTED:
		if (!f->text || !str_eq(f->text, value))
			return err_set(e, ERR_UNIMPLEMENTED, "\"%s\" is not supported yet",
			               f->name);
		break;
	}
	if (!ok)
		return err_set(e, ERR_INVALID, "invalid value \"%s\" for \"%s\"", value, f->name);
	return 0;
}

void options_help(FILE *out)
{
	fputs("\nUsage:  dockerd [OPTIONS]\n\nA self-sufficient runtime for "
	      "containers.\n\nOptions:\n",
	      out);
	for (size_t i = 0; i < flag_count; i++) {
		const struct flag *f = &flag_table[i];

		if (f->kind == F_UNSUPPORTED || !f->text)
			continue;
		if (f->letter)
			fprintf(out, "  -%c, --%-26s %s\n", f->letter, f->name, f->text);
		else
			fprintf(out, "      --%-26s %s\n", f->name, f->text);
	}
}
