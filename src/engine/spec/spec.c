/* A runtime specification from a container's configuration. See spec.h. */
#include "engine/spec/spec.h"

#include "engine/spec/seccomp_default.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define SPEC_VERSION "1.0.2" /* what every runtime in use reads */

static const char *const masked_paths[] = {
	"/proc/asound",     "/proc/acpi",        "/proc/interrupts",
	"/proc/kcore",      "/proc/keys",        "/proc/latency_stats",
	"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
	"/proc/scsi",       "/sys/firmware",     "/sys/devices/virtual/powercap",
};
static const char *const readonly_paths[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
	                                      "/proc/sysrq-trigger" };

/* ---- environment ---- */

static size_t name_length(const char *pair)
{
	return strcspn(pair, "=");
}

/* Sets NAME=value over an earlier one; a bare NAME removes it, as Docker reads `-e NAME=` lists. */
static void env_set(struct arena *a, struct strs *env, const char *pair)
{
	size_t n = name_length(pair);

	for (size_t i = 0; i < env->n; i++) {
		if (name_length(env->v[i]) != n || memcmp(env->v[i], pair, n) != 0)
			continue;
		if (pair[n])
			env->v[i] = pair;
		else
			env->v[i] = env->v[--env->n];
		return;
	}
	if (pair[n])
		arena_push(a, env, pair);
}

static struct strs environment(struct arena *a, const struct spec_input *in)
{
	struct strs env = { 0 };

	arena_push(a, &env, "PATH=" DEFAULT_PATH);
	if (!str_empty(in->hostname))
		arena_push(a, &env, (const char *)arena_printf(a, "HOSTNAME=%s", in->hostname));
	if (in->config->tty)
		arena_push(a, &env, "TERM=xterm");
	for (size_t i = 0; i < in->links.n; i++)
		env_set(a, &env, in->links.v[i]);
	for (size_t i = 0; i < in->config->env.n; i++)
		env_set(a, &env, in->config->env.v[i]);
	return env;
}

/* ---- process ---- */

static struct strs arguments(struct arena *a, const struct spec_input *in)
{
	const struct api_config *c = in->config;
	struct strs args = { 0 };

	if (in->init) {
		arena_push(a, &args, "/sbin/docker-init");
		arena_push(a, &args, "--");
	}
	for (size_t i = 0; i < c->entrypoint.n; i++)
		arena_push(a, &args, c->entrypoint.v[i]);
	for (size_t i = 0; i < c->cmd.n; i++)
		arena_push(a, &args, c->cmd.v[i]);
	return args;
}

static struct oci_user *user_of(struct arena *a, const struct spec_user *u)
{
	struct oci_user *out = arena_new(a, struct oci_user);

	out->uid = u->uid;
	out->gid = u->gid;
	out->additional_gids = u->groups;
	return out;
}

static struct oci_capabilities *caps_of(struct arena *a, const struct strs *caps)
{
	struct oci_capabilities *out = arena_new(a, struct oci_capabilities);

	/* Never inheritable, never ambient: CVE-2022-24769. */
	out->bounding = out->effective = out->permitted = *caps;
	return out;
}

static int add_rlimit(struct arena *a, const struct api_ulimit *u, struct oci_process *p,
                      struct err *e)
{
	char *name = arena_printf(a, "RLIMIT_%s", u->name ? u->name : "");

	if (ulimit_check(u, e) < 0)
		return -1;
	for (char *c = name; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c -= 'a' - 'A';
	arena_push(a, &p->rlimits,
	           ((struct oci_rlimit){
	                   .type = name, .hard = (uint64_t)u->hard, .soft = (uint64_t)u->soft }));
	return 0;
}

static bool has_ulimit(const struct api_host_config *h, const char *name)
{
	for (size_t i = 0; i < h->ulimits.n; i++)
		if (str_eq(h->ulimits.v[i].name, name))
			return true;
	return false;
}

/* The container's own, then the daemon's for what it does not say. */
static int rlimits(struct arena *a, const struct spec_input *in, struct oci_process *p,
                   struct err *e)
{
	for (size_t i = 0; i < in->host->ulimits.n; i++)
		if (add_rlimit(a, &in->host->ulimits.v[i], p, e) < 0)
			return -1;
	for (size_t i = 0; i < in->ulimits.n; i++)
		if (!has_ulimit(in->host, in->ulimits.v[i].name) &&
		    add_rlimit(a, &in->ulimits.v[i], p, e) < 0)
			return -1;
	return 0;
}

static struct oci_process *process(struct arena *a, const struct spec_input *in,
                                   const struct strs *caps, struct err *e)
{
	struct oci_process *p = arena_new(a, struct oci_process);
	const struct api_host_config *h = in->host;
	struct spec_user user;

	if (spec_user_lookup(a, in->rootfs, in->config->user, &h->group_add, &user, e) < 0)
		return NULL;
	p->args = arguments(a, in);
	if (p->args.n == 0) {
		err_set(e, ERR_INVALID, "No command specified");
		return NULL;
	}
	p->user = user_of(a, &user);
	p->env = environment(a, in);
	p->cwd = str_empty(in->config->working_dir) ? "/" : in->config->working_dir;
	p->terminal = in->config->tty;
	p->capabilities = caps_of(a, caps);
	if (p->terminal && h->console_size.n == 2 && h->console_size.v[0] > 0) {
		p->console_size = arena_new(a, struct oci_box);
		p->console_size->height = (uint64_t)h->console_size.v[0];
		p->console_size->width = (uint64_t)h->console_size.v[1];
	}
	p->oom_score_adj = (struct json_opt_i64){ true, h->oom_score_adj };
	return rlimits(a, in, p, e) < 0 ? NULL : p;
}

/* ---- namespaces ---- */

static void add_ns(struct arena *a, struct oci_linux *l, const char *type, const char *path)
{
	arena_push(a, &l->namespaces, ((struct oci_namespace){ .type = type, .path = path }));
}

static void namespaces(struct arena *a, const struct spec_input *in, struct oci_linux *l)
{
	const struct api_host_config *h = in->host;

	add_ns(a, l, "mount", NULL);
	if (in->network_ns)
		add_ns(a, l, "network", in->network_ns);
	if (!str_eq(h->uts_mode, "host"))
		add_ns(a, l, "uts", NULL);
	if (!str_eq(h->pid_mode, "host"))
		add_ns(a, l, "pid", in->pid_ns);
	if (!str_eq(h->ipc_mode, "host"))
		add_ns(a, l, "ipc", in->ipc_ns);
	if (str_eq(h->cgroupns_mode, "private") || (str_empty(h->cgroupns_mode) && in->cgroup_v2))
		add_ns(a, l, "cgroup", NULL);
}

/* ---- security options ---- */

struct security {
	bool no_new_privileges, unconfined_seccomp, unmasked;
	const char *apparmor;
};

/* "name=value" and the older "name:value". */
static const char *option_value(const char *option, const char *name)
{
	const char *rest = str_after(option, name);

	return rest && (*rest == '=' || *rest == ':') ? rest + 1 : NULL;
}

static int parse_security(const struct strs *options, struct security *out, struct err *e)
{
	for (size_t i = 0; i < options->n; i++) {
		const char *o = options->v[i], *v;

		if (str_eq(o, "no-new-privileges"))
			out->no_new_privileges = true;
		else if ((v = option_value(o, "no-new-privileges")))
			out->no_new_privileges = str_eq(v, "true");
		else if ((v = option_value(o, "seccomp")) && str_eq(v, "unconfined"))
			out->unconfined_seccomp = true;
		else if ((v = option_value(o, "seccomp")) && str_eq(v, "builtin"))
			out->unconfined_seccomp = false;
		else if ((v = option_value(o, "seccomp")))
			return err_set(e, ERR_UNIMPLEMENTED,
			               "custom seccomp profiles are not there yet");
		else if ((v = option_value(o, "systempaths")) && str_eq(v, "unconfined"))
			out->unmasked = true;
		else if ((v = option_value(o, "apparmor")))
			out->apparmor = v;
		else if ((v = option_value(o, "label")) && str_eq(v, "disable"))
			continue;
		else
			return err_set(e, ERR_INVALID, "invalid --security-opt: \"%s\"", o);
	}
	return 0;
}

int spec_security_check(const struct strs *options, struct err *e)
{
	struct security ignored = { 0 };

	return parse_security(options, &ignored, e);
}

static struct strs constant_list(struct arena *a, const char *const *v, size_t n)
{
	return (struct strs){ n, arena_memdup(a, v, n * sizeof(*v)) };
}

static void apply_security(struct arena *a, const struct spec_input *in, const struct security *s,
                           const struct strs *caps, struct oci_spec *out)
{
	const struct api_host_config *h = in->host;
	struct oci_linux *l = out->linux;

	out->process->no_new_privileges = s->no_new_privileges;
	if (!str_empty(s->apparmor) && !str_eq(s->apparmor, "unconfined"))
		out->process->apparmor_profile = s->apparmor;
	if (h->privileged)
		return;
	if (!s->unconfined_seccomp)
		l->seccomp = seccomp_default(a, caps);
	if (s->unmasked)
		return;
	l->masked_paths = h->masked_paths.v
	                          ? h->masked_paths
	                          : constant_list(a, masked_paths, ARRAY_LEN(masked_paths));
	l->readonly_paths = h->readonly_paths.v
	                            ? h->readonly_paths
	                            : constant_list(a, readonly_paths, ARRAY_LEN(readonly_paths));
}

/* ---- sysctls ---- */

/* A private network lets unprivileged programs use low ports and ping, as Docker has it. */
static void sysctls(struct arena *a, const struct spec_input *in, struct oci_linux *l)
{
	if (in->network_ns) {
		json_map_set(a, &l->sysctl, "net.ipv4.ip_unprivileged_port_start", "0");
		json_map_set(a, &l->sysctl, "net.ipv4.ping_group_range", "0 2147483647");
	}
	for (size_t i = 0; i < in->host->sysctls.n; i++)
		json_map_set(a, &l->sysctl, in->host->sysctls.v[i].key,
		             in->host->sysctls.v[i].value);
}

/* The mounts whose propagation reaches out of the container need a root that passes it on. */
static const char *root_propagation(const struct mount_points *points)
{
	const char *out = NULL;

	for (size_t i = 0; i < points->n; i++) {
		const char *p = points->v[i].propagation;

		if (str_eq(p, "shared") || str_eq(p, "rshared"))
			return "shared";
		if (str_eq(p, "slave") || str_eq(p, "rslave"))
			out = "rslave";
	}
	return out;
}

static const char *cgroup_path(struct arena *a, const struct spec_input *in)
{
	const char *parent = in->host->cgroup_parent;

	return arena_printf(a, "%s/%s", str_empty(parent) ? "/docker" : parent, in->id);
}

struct oci_spec *spec_build(struct arena *a, const struct spec_input *in, struct err *e)
{
	struct oci_spec *s = arena_new(a, struct oci_spec);
	const struct api_host_config *h = in->host;
	struct security security = { .unconfined_seccomp = in->unconfined_seccomp };
	struct strs caps;

	s->oci_version = SPEC_VERSION;
	s->root = arena_new(a, struct oci_root);
	s->root->path = "rootfs";
	s->root->readonly = h->readonly_rootfs;
	s->hostname = str_eq(h->uts_mode, "host") ? NULL : in->hostname;
	s->domainname = in->config->domainname;
	s->linux = arena_new(a, struct oci_linux);
	s->linux->cgroups_path = cgroup_path(a, in);
	s->linux->rootfs_propagation = root_propagation(in->points);
	for (size_t i = 0; i < h->annotations.n; i++)
		json_map_set(a, &s->annotations, h->annotations.v[i].key,
		             h->annotations.v[i].value);
	if (parse_security(&h->security_opt, &security, e) < 0 ||
	    spec_caps(a, &h->cap_add, &h->cap_drop, h->privileged, &caps, e) < 0 ||
	    !(s->process = process(a, in, &caps, e)) || spec_resources(a, h, s->linux, e) < 0 ||
	    spec_mounts(a, in, s, e) < 0)
		return NULL;
	namespaces(a, in, s->linux);
	sysctls(a, in, s->linux);
	apply_security(a, in, &security, &caps, s);
	return s;
}

struct oci_process *spec_exec_process(struct arena *a, const struct oci_spec *container, int rootfs,
                                      const struct api_host_config *host,
                                      const struct api_exec_create *exec, struct err *e)
{
	struct oci_process *p = arena_memdup(a, container->process, sizeof(*p));
	struct spec_user user;
	struct strs caps;

	p->args = exec->cmd;
	p->terminal = exec->tty;
	p->console_size = NULL;
	p->env = (struct strs){ 0 };
	for (size_t i = 0; i < container->process->env.n; i++)
		arena_push(a, &p->env, container->process->env.v[i]);
	if (exec->tty)
		env_set(a, &p->env, "TERM=xterm");
	for (size_t i = 0; i < exec->env.n; i++)
		env_set(a, &p->env, exec->env.v[i]);
	if (!str_empty(exec->working_dir))
		p->cwd = exec->working_dir;
	if (!str_empty(exec->user)) {
		if (spec_user_lookup(a, rootfs, exec->user, &host->group_add, &user, e) < 0)
			return NULL;
		p->user = user_of(a, &user);
	}
	if (exec->privileged) {
		if (spec_caps(a, &host->cap_add, &host->cap_drop, true, &caps, e) < 0)
			return NULL;
		p->capabilities = caps_of(a, &caps);
	}
	return p;
}
