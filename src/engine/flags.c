/* The table of flags and daemon.json keys, and the two readers of it. See flags.h. */
#include "engine/flags.h"

#include <fcntl.h>
#include "base/file.h"
#include "base/limits.h"

enum flag_kind { F_STR, F_BOOL, F_TRI, F_INT, F_BYTES, F_LIST, F_MAP, F_UNSUPPORTED };

struct flag {
	const char *name; /* --name */
	char letter;      /* -x, or 0 */
	const char *key;  /* in daemon.json, or NULL */
	enum flag_kind kind;
	size_t offset;    /* in struct options */
	const char *text; /* help; for F_UNSUPPORTED the default that is accepted, or NULL */
};

#define AT(member) offsetof(struct options, member)

/* clang-format off */
static const struct flag flags[] = {
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

/* Stores one value given as text. */
static int flag_set(struct arena *a, const struct flag *f, struct options *o, const char *value,
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

/* ---- command line ---- */

static const struct flag *find_long(const char *s, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (slice_eq((struct slice){ s, n }, flags[i].name))
			return &flags[i];
	return NULL;
}

static const struct flag *find_letter(char c)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (c && flags[i].letter == c)
			return &flags[i];
	return NULL;
}

static bool stands_alone(const struct flag *f)
{
	return f->kind == F_BOOL || f->kind == F_TRI ||
	       (f->kind == F_UNSUPPORTED && str_eq(f->text, "false"));
}

/* Splits "--name=value", "-xvalue", "-x"; *value is NULL when it is the next argument. */
static const struct flag *match(const char *arg, const char **value)
{
	const char *name = str_after(arg, "--");
	const struct flag *f;

	*value = NULL;
	if (name) {
		size_t n = strcspn(name, "=");

		f = find_long(name, n);
		if (name[n])
			*value = name + n + 1;
		return f;
	}
	f = arg[0] == '-' ? find_letter(arg[1]) : NULL;
	if (f && arg[2])
		*value = arg[2] == '=' ? arg + 3 : arg + 2;
	return f;
}

static int read_args(struct arena *a, int argc, char **argv, struct options *o, bool *given,
                     struct err *e)
{
	for (int i = 1; i < argc; i++) {
		const char *value;
		const struct flag *f = match(argv[i], &value);

		if (!f)
			return err_set(e, ERR_INVALID, "%s: %s",
			               argv[i][0] == '-' ? "unknown flag" : "unexpected argument",
			               argv[i]);
		if (!value && stands_alone(f))
			value = "true";
		if (!value && ++i >= argc)
			return err_set(e, ERR_INVALID, "flag needs an argument: --%s", f->name);
		if (flag_set(a, f, o, value ? value : argv[i], e) < 0)
			return -1;
		given[f - flags] = true;
	}
	return 0;
}

/* ---- daemon.json ---- */

static const struct flag *find_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (str_eq(flags[i].key, key))
			return &flags[i];
	return NULL;
}

/* A scalar as the text that the command line would have given. */
static const char *scalar(struct arena *a, const struct json_value *v)
{
	switch (v->kind) {
	case JV_BOOL:
		return v->boolean ? "true" : "false";
	case JV_NUMBER:
	case JV_STRING:
		return arena_strndup(a, v->text.data, v->text.len);
	default:
		return NULL;
	}
}

/* What a value of each kind may be written as in JSON. */
static bool json_fits(enum flag_kind kind, enum json_value_kind v)
{
	switch (kind) {
	case F_STR:
		return v == JV_STRING;
	case F_BOOL:
	case F_TRI:
		return v == JV_BOOL;
	case F_INT:
		return v == JV_NUMBER;
	case F_BYTES:
		return v == JV_NUMBER || v == JV_STRING;
	case F_LIST:
		return v == JV_ARRAY;
	case F_MAP:
		return v == JV_OBJECT;
	case F_UNSUPPORTED:
		return true;
	}
	return false;
}

static int set_list(struct arena *a, const struct flag *f, struct options *o,
                    const struct json_value *v, struct err *e)
{
	for (size_t i = 0; i < v->n; i++) {
		const char *text = scalar(a, &v->values[i]);

		if (!text)
			return err_set(e, ERR_INVALID, "\"%s\": expected strings", f->key);
		if (v->kind == JV_OBJECT)
			text = arena_printf(a, "%s=%s", v->keys[i], text);
		if (flag_set(a, f, o, text, e) < 0)
			return -1;
	}
	return 0;
}

static int set_key(struct arena *a, const struct flag *f, struct options *o,
                   const struct json_value *v, struct err *e)
{
	if (v->kind == JV_NULL)
		return 0;
	if (!json_fits(f->kind, v->kind))
		return err_set(e, ERR_INVALID, "\"%s\": the value has the wrong type", f->key);
	if (v->kind == JV_ARRAY || v->kind == JV_OBJECT)
		return set_list(a, f, o, v, e);
	return flag_set(a, f, o, scalar(a, v), e);
}

static int apply_file(struct arena *a, const struct json_value *doc, struct options *o,
                      const bool *given, struct err *e)
{
	if (doc->kind != JV_OBJECT)
		return err_set(e, ERR_INVALID, "expected an object");
	for (size_t i = 0; i < doc->n; i++) {
		const struct flag *f = find_key(doc->keys[i]);

		if (!f)
			return err_set(e, ERR_INVALID,
			               "the following directives don't match any configuration "
			               "option: %s",
			               doc->keys[i]);
		if (given[f - flags])
			return err_set(
			        e, ERR_INVALID,
			        "the following directives are specified both as a flag and in "
			        "the configuration file: %s",
			        doc->keys[i]);
		if (set_key(a, f, o, &doc->values[i], e) < 0)
			return -1;
	}
	return 0;
}

#define DEFAULT_CONFIG "/etc/docker/daemon.json"

static int read_file(struct arena *a, struct options *o, const bool *given, struct err *e)
{
	const char *path = o->config_file ? o->config_file : DEFAULT_CONFIG;
	struct json_value doc;
	struct slice text;

	if (!o->config_file && !path_exists(path))
		return 0;
	if (file_read(a, AT_FDCWD, path, LIMIT_CONFIG_FILE, &text, e) < 0 ||
	    (text.len > 0 &&
	     (json_parse(a, text, &doc, e) < 0 || apply_file(a, &doc, o, given, e) < 0)))
		return err_wrap(e, "unable to configure the Docker daemon with file %s", path);
	return 0;
}

/* ---- both ---- */

static void set_defaults(struct options *o)
{
	*o = (struct options){
		.data_root = "/var/lib/docker",
		.exec_root = "/var/run/docker",
		.pidfile = "/var/run/docker.pid",
		.group = "docker",
		.log_level = "info",
		.log_format = "text",
		.shutdown_timeout = 15,
		.storage_driver = "overlayfs",
		.default_runtime = "runc",
		.init_path = "docker-init",
		.ipc_mode = "private",
		.shm_size = 64 * MIB,
		.log_driver = "json-file",
		.iptables = true,
		.ip_forward = true,
		.ip_masq = true,
		.icc = true,
		.userland_proxy = true,
	};
}

static int check(struct arena *a, struct options *o, struct err *e)
{
	enum log_level level;

	if (!log_level_parse(o->log_level, &level))
		return err_set(e, ERR_INVALID, "invalid logging level: %s", o->log_level);
	if (!str_eq(o->log_format, "text") && !str_eq(o->log_format, "json"))
		return err_set(e, ERR_INVALID, "invalid log format: %s", o->log_format);
	if (o->data_root[0] != '/' || o->exec_root[0] != '/')
		return err_set(e, ERR_INVALID, "data-root and exec-root must be absolute paths");
	if (o->mtu < 0 || o->mtu > 65535)
		return err_set(e, ERR_INVALID, "invalid default MTU: %lld", (long long)o->mtu);
	if (o->hosts.n == 0)
		arena_push(a, &o->hosts, "unix:///var/run/docker.sock");
	return 0;
}

int options_load(struct arena *a, int argc, char **argv, struct options *o, struct err *e)
{
	bool given[ARRAY_LEN(flags)] = { false };

	set_defaults(o);
	if (read_args(a, argc, argv, o, given, e) < 0)
		return -1;
	if (o->help || o->version)
		return 0;
	if (read_file(a, o, given, e) < 0)
		return -1;
	return check(a, o, e);
}

void options_help(FILE *out)
{
	fputs("\nUsage:  dockerd [OPTIONS]\n\nA self-sufficient runtime for "
	      "containers.\n\nOptions:\n",
	      out);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		const struct flag *f = &flags[i];

		if (f->kind == F_UNSUPPORTED || !f->text)
			continue;
		if (f->letter)
			fprintf(out, "  -%c, --%-26s %s\n", f->letter, f->name, f->text);
		else
			fprintf(out, "      --%-26s %s\n", f->name, f->text);
	}
}
