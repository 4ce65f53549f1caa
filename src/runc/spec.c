/* runc spec: writes a config.json to begin with. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "libcontainer/cgroup.h"
#include "runc/command.h"
#include "base/file.h"

struct options {
	const char *bundle;
	bool rootless;
};

/* A shell in all namespaces but user, time and cgroup, with the mounts that every Linux program expects. */
static const char standard[] =
        "{\"ociVersion\":\"" OCI_RUNTIME_VERSION "\","
        "\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],"
        "\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/"
        "bin\",\"TERM=xterm\"],"
        "\"cwd\":\"/\",\"capabilities\":{"
        "\"bounding\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
        "\"effective\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],"
        "\"permitted\":[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]},"
        "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],"
        "\"noNewPrivileges\":true},"
        "\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"hostname\":\"runc\",\"mounts\":["
        "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
        "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
        "\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
        "{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
        "\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid="
        "5\"]},"
        "{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
        "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
        "{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
        "\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
        "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
        "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
        "{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
        "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],"
        "\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},"
        "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},"
        "{\"type\":\"uts\"},{\"type\":\"mount\"}],"
        "\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\","
        "\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\","
        "\"/sys/firmware\",\"/proc/scsi\"],"
        "\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
        "\"/proc/sysrq-trigger\"]}}";

/* The network is the host's, and so are its sysfs and resources; ids are mapped to the caller. */
static void make_rootless(struct arena *a, struct oci_spec *s)
{
	struct oci_linux *l = s->linux;
	size_t n = 0;

	for (size_t i = 0; i < l->namespaces.n; i++)
		if (!str_eq(l->namespaces.v[i].type, "network"))
			l->namespaces.v[n++] = l->namespaces.v[i];
	l->namespaces.n = n;
	arena_push(a, &l->namespaces, ((struct oci_namespace){ .type = "user" }));
	arena_push(a, &l->uid_mappings, ((struct oci_id_mapping){ 0, geteuid(), 1 }));
	arena_push(a, &l->gid_mappings, ((struct oci_id_mapping){ 0, getegid(), 1 }));
	l->resources = NULL;
	for (size_t i = 0; i < s->mounts.n; i++) {
		struct oci_mount *m = &s->mounts.v[i];
		struct strs bind = { 0 };

		if (str_eq(m->destination, "/dev/pts"))
			m->options.n--; /* gid=5 is not mapped */
		if (!str_eq(m->destination, "/sys"))
			continue;
		arena_push(a, &bind, "rbind");
		for (size_t k = 0; k < m->options.n; k++)
			arena_push(a, &bind, m->options.v[k]);
		m->type = "none";
		m->source = "/sys";
		m->options = bind;
	}
}

static int write_spec(struct arena *a, const struct oci_spec *s, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct json_value v;

	if (json_parse(a, slice_of(json_text(a, &oci_spec_type, s)), &v, e) < 0)
		return -1;
	json_write(&b, &v, "\t");
	buf_addc(&b, '\n');
	return file_write(AT_FDCWD, "config.json", b.data, b.len, 0666, e);
}

static int run(const struct call *call, struct err *e)
{
	const struct options *o = call->options;
	struct oci_spec s;

	if (!str_empty(o->bundle) && chdir(o->bundle) < 0)
		return err_errno(e, errno, "chdir %s", o->bundle);
	if (path_exists("config.json"))
		return err_set(e, ERR_ALREADY_EXISTS, "File config.json exists. Remove it first");
	if (json_decode(call->a, &oci_spec_type, slice_of(standard), &s, e) < 0)
		return -1;
	if (cgroup_host_is_v2()) /* with v1 the container is shown its cgroups by bind mounts */
		arena_push(call->a, &s.linux->namespaces,
		           ((struct oci_namespace){ .type = "cgroup" }));
	if (o->rootless)
		make_rootless(call->a, &s);
	return write_spec(call->a, &s, e);
}

static const struct flag flags[] = {
	{ "bundle", "b", FLAG_STRING, offsetof(struct options, bundle),
	  "path to the root of the bundle directory", false },
	{ "rootless", "", FLAG_BOOL, offsetof(struct options, rootless),
	  "generate a configuration for a rootless container", false },
};

const struct command cmd_spec = {
	.name = "spec",
	.args = "",
	.summary = "create a new specification file",
	.flags = FLAGS(flags),
	.options_size = sizeof(struct options),
	.run = run,
};
