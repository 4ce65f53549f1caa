/* The OCI runtime configuration of `ctr run`: what containerd's clients make by default. */
#include "ctr/run.h"
#include "base/str.h"

#define CAPABILITIES                                                                       \
	"[\"CAP_CHOWN\",\"CAP_DAC_OVERRIDE\",\"CAP_FSETID\",\"CAP_FOWNER\",\"CAP_MKNOD\"," \
	"\"CAP_NET_RAW\",\"CAP_SETGID\",\"CAP_SETUID\",\"CAP_SETFCAP\",\"CAP_SETPCAP\","   \
	"\"CAP_NET_BIND_SERVICE\",\"CAP_SYS_CHROOT\",\"CAP_KILL\",\"CAP_AUDIT_WRITE\"]"
#define ALLOW(major, minor)                                                      \
	",{\"allow\":true,\"type\":\"c\",\"major\":" #major ",\"minor\":" #minor \
	",\"access\":\"rwm\"}"

static const char standard[] =
        "{\"ociVersion\":\"1.0.2-dev\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"cwd\":\"/\","
        "\"capabilities\":{\"bounding\":" CAPABILITIES ",\"effective\":" CAPABILITIES
        ",\"permitted\":" CAPABILITIES "},"
        "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],"
        "\"noNewPrivileges\":true},\"root\":{\"path\":\"rootfs\"},\"mounts\":["
        "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\","
        "\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
        "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
        "\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
        "{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":["
        "\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"
        "{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
        "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
        "{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
        "\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
        "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
        "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
        "{\"destination\":\"/run\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
        "\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]}],"
        "\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}" ALLOW(1, 3)
                ALLOW(1, 8) ALLOW(1, 7) ALLOW(5, 0) ALLOW(1, 5) ALLOW(1, 9)
                        ALLOW(5, 1) ",{\"allow\":true,\"type\":\"c\",\"major\":136,\"access\":"
                                    "\"rwm\"}" ALLOW(
                                            5, 2) "],"
                                                  "\"cpu\":{\"shares\":1024}},"
                                                  "\"namespaces\":[{\"type\":\"pid\"},{\"type\":"
                                                  "\"ipc\"},{\"type\":\"uts\"},"
                                                  "{\"type\":\"mount\"},{\"type\":\"network\"}],"
                                                  "\"maskedPaths\":[\"/proc/acpi\",\"/proc/"
                                                  "asound\",\"/proc/kcore\",\"/proc/keys\","
                                                  "\"/proc/latency_stats\",\"/proc/timer_list\",\"/"
                                                  "proc/timer_stats\",\"/proc/sched_debug\","
                                                  "\"/sys/firmware\",\"/proc/scsi\"],"
                                                  "\"readonlyPaths\":[\"/proc/bus\",\"/proc/"
                                                  "fs\",\"/proc/irq\",\"/proc/sys\","
                                                  "\"/proc/sysrq-trigger\"]}}";

int run_user(struct arena *a, const char *text, struct oci_process *p, struct err *e)
{
	const char *colon = strchr(text, ':');
	char *user = colon ? arena_strndup(a, text, (size_t)(colon - text)) : arena_strdup(a, text);
	uint64_t uid = 0, gid = 0;

	if ((!str_eq(user, "root") && !str_u64(user, &uid)) || uid > UINT32_MAX ||
	    (colon && !str_eq(colon + 1, "root") && !str_u64(colon + 1, &gid)) || gid > UINT32_MAX)
		return err_set(e, ERR_UNIMPLEMENTED,
		               "user %s: names of users are not there yet, only numbers", text);
	p->user->uid = (uint32_t)uid;
	p->user->gid = (uint32_t)gid;
	return 0;
}

static size_t name_length(const char *variable)
{
	return strcspn(variable, "=");
}

/* The image's variables, then those of the command line, which win. */
static struct strs environment(struct ctr *c, const struct strs *image)
{
	struct strs out = { 0 };

	for (size_t i = 0; i < image->n; i++) {
		bool replaced = false;

		for (size_t k = 0; k < c->o.env.n; k++)
			replaced = replaced ||
			           (name_length(image->v[i]) == name_length(c->o.env.v[k]) &&
			            strncmp(image->v[i], c->o.env.v[k], name_length(image->v[i])) ==
			                    0);
		if (!replaced)
			arena_push(&c->a, &out, image->v[i]);
	}
	for (size_t k = 0; k < c->o.env.n; k++)
		arena_push(&c->a, &out, c->o.env.v[k]);
	if (c->o.tty)
		arena_push(&c->a, &out, "TERM=xterm");
	return out;
}

static int fill_process(struct ctr *c, const struct oci_image_params *config, struct oci_process *p,
                        struct err *e)
{
	p->terminal = c->o.tty;
	p->env = environment(c, &config->env);
	p->cwd = !str_empty(c->o.cwd)              ? c->o.cwd
	         : !str_empty(config->working_dir) ? config->working_dir
	                                           : "/";
	for (size_t i = 0; i < config->entrypoint.n && c->args.n < 3; i++)
		arena_push(&c->a, &p->args, config->entrypoint.v[i]);
	for (size_t i = 0; i < config->cmd.n && c->args.n < 3; i++)
		arena_push(&c->a, &p->args, config->cmd.v[i]);
	for (size_t i = 2; i < c->args.n; i++)
		arena_push(&c->a, &p->args, c->args.v[i]);
	if (!p->args.n)
		return err_set(e, ERR_INVALID, "no arguments specified");
	return run_user(&c->a, str_empty(config->user) ? "0" : config->user, p, e);
}

/* The host's network, and what finds one's way in it. */
static void use_host_network(struct ctr *c, struct oci_spec *s)
{
	static const char *const files[] = { "/etc/hosts", "/etc/resolv.conf" };
	size_t n = 0;

	for (size_t i = 0; i < s->linux->namespaces.n; i++)
		if (!str_eq(s->linux->namespaces.v[i].type, "network"))
			s->linux->namespaces.v[n++] = s->linux->namespaces.v[i];
	s->linux->namespaces.n = n;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct oci_mount m = { .destination = files[i],
			               .type = "bind",
			               .source = files[i] };

		arena_push(&c->a, &m.options, "rbind");
		arena_push(&c->a, &m.options, "ro");
		arena_push(&c->a, &s->mounts, m);
	}
}

int run_spec(struct ctr *c, const struct ctr_image *image, const char *id, struct oci_spec *out,
             struct err *e)
{
	static const struct oci_image_params none;

	if (json_decode(&c->a, &oci_spec_type, slice_of(standard), out, e) < 0 ||
	    fill_process(c, image->config.config ? image->config.config : &none, out->process, e) <
	            0)
		return -1;
	out->linux->cgroups_path = arena_printf(&c->a, "/%s/%s", c->ns, id);
	out->root->readonly = c->o.read_only;
	if (c->o.net_host)
		use_host_network(c, out);
	if (c->o.memory_limit) {
		out->linux->resources->memory = arena_new(&c->a, struct oci_memory);
		out->linux->resources->memory->limit =
		        (struct json_opt_i64){ true, c->o.memory_limit };
	}
	return 0;
}
