/* The mounts of a container: Docker's defaults, then mount points with parents before children. */
#include "engine/spec/spec.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "base/file.h"

#define OPTIONS(...) ((const char *const[]){ __VA_ARGS__, NULL })

struct default_mount {
	const char *destination, *type, *source;
	const char *const *options;
};

static const struct default_mount defaults[] = {
	{ "/proc", "proc", "proc", OPTIONS("nosuid", "noexec", "nodev") },
	{ "/dev", "tmpfs", "tmpfs", OPTIONS("nosuid", "strictatime", "mode=755", "size=65536k") },
	{ "/dev/pts", "devpts", "devpts",
	  OPTIONS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5") },
	{ "/sys", "sysfs", "sysfs", OPTIONS("nosuid", "noexec", "nodev", "ro") },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", OPTIONS("ro", "nosuid", "noexec", "nodev") },
	{ "/dev/mqueue", "mqueue", "mqueue", OPTIONS("nosuid", "noexec", "nodev") },
};

static struct strs options_of(struct arena *a, const char *const *words, bool writable)
{
	struct strs out = { 0 };

	for (; *words; words++)
		if (!(writable && str_eq(*words, "ro")))
			arena_push(a, &out, *words);
	return out;
}

static const struct mount_point *point_at(const struct mount_points *list, const char *destination)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i].destination, destination))
			return &list->v[i];
	return NULL;
}

static void add_bind(struct arena *a, struct oci_spec *s, const char *source,
                     const char *destination, const char *const *options)
{
	arena_push(a, &s->mounts,
	           ((struct oci_mount){ .destination = destination,
	                                .type = "bind",
	                                .source = source,
	                                .options = options_of(a, options, false) }));
}

/* "/proc" and "/dev/mqueue" of the host when the container shares pids or IPC with it. */
static bool is_hosts(const struct spec_input *in, const char *destination)
{
	return str_eq(destination, "/dev/mqueue") && str_eq(in->host->ipc_mode, "host");
}

static void add_defaults(struct arena *a, const struct spec_input *in, struct oci_spec *s)
{
	bool privileged = in->host->privileged;

	for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
		const struct default_mount *d = &defaults[i];
		bool writable =
		        privileged && (str_eq(d->type, "sysfs") || str_eq(d->type, "cgroup"));

		if (point_at(in->points, d->destination))
			continue;
		if (is_hosts(in, d->destination)) {
			add_bind(a, s, d->destination, d->destination,
			         OPTIONS("rbind", "nosuid", "noexec", "nodev"));
			continue;
		}
		arena_push(a, &s->mounts,
		           ((struct oci_mount){ .destination = d->destination,
		                                .type = d->type,
		                                .source = d->source,
		                                .options = options_of(a, d->options, writable) }));
	}
}

static void add_shm(struct arena *a, const struct spec_input *in, struct oci_spec *s)
{
	int64_t size = in->host->shm_size ? in->host->shm_size : 64 << 20;
	struct strs options = { 0 };

	if (point_at(in->points, "/dev/shm") || str_eq(in->host->ipc_mode, "none"))
		return;
	if (in->shm || str_eq(in->host->ipc_mode, "host")) {
		add_bind(a, s, in->shm ? in->shm : "/dev/shm", "/dev/shm",
		         OPTIONS("rbind", "rprivate"));
		return;
	}
	options = options_of(a, OPTIONS("nosuid", "noexec", "nodev", "mode=1777"), false);
	arena_push(a, &options, (const char *)arena_printf(a, "size=%lld", (long long)size));
	arena_push(a, &s->mounts,
	           ((struct oci_mount){ .destination = "/dev/shm",
	                                .type = "tmpfs",
	                                .source = "shm",
	                                .options = options }));
}

static int make_source(const struct mount_point *p, struct err *e)
{
	struct stat st;

	if (stat(p->source, &st) == 0)
		return 0;
	if (errno != ENOENT || !p->create_source)
		return err_errno(e, errno, "error while creating mount source path '%s'",
		                 p->source);
	if (dir_make(p->source, 0755, e) < 0)
		return err_wrap(e, "error while creating mount source path '%s'", p->source);
	return 0;
}

static void add_tmpfs(struct arena *a, const struct mount_point *p, struct oci_spec *s)
{
	struct strs options = options_of(a, OPTIONS("noexec", "nosuid", "nodev"), false);
	const char *o = p->tmpfs_options ? p->tmpfs_options : "";

	while (*o) {
		size_t n = strcspn(o, ",");

		arena_push(a, &options, (const char *)arena_strndup(a, o, n));
		o += n + (o[n] == ',');
	}
	if (p->read_only)
		arena_push(a, &options, "ro");
	arena_push(a, &s->mounts,
	           ((struct oci_mount){ .destination = p->destination,
	                                .type = "tmpfs",
	                                .source = "tmpfs",
	                                .options = options }));
}

static int add_point(struct arena *a, const struct mount_point *p, struct oci_spec *s,
                     struct err *e)
{
	struct oci_mount m = { .destination = p->destination, .type = "bind", .source = p->source };

	if (str_eq(p->type, "tmpfs")) {
		add_tmpfs(a, p, s);
		return 0;
	}
	if (!p->source)
		return err_set(e, ERR_INTERNAL, "volume at %s has no source", p->destination);
	if (make_source(p, e) < 0 || spec_propagation(a, p, e) < 0)
		return -1;
	arena_push(a, &m.options, p->non_recursive ? "bind" : "rbind");
	if (p->read_only)
		arena_push(a, &m.options, "ro");
	arena_push(a, &m.options, str_empty(p->propagation) ? "rprivate" : p->propagation);
	arena_push(a, &s->mounts, m);
	return 0;
}

static int by_depth(const void *x, const void *y)
{
	const struct mount_point *const *p = x, *const *q = y;
	int depth = 0;

	for (const char *s = (*p)->destination; *s; s++)
		depth += *s == '/';
	for (const char *s = (*q)->destination; *s; s++)
		depth -= *s == '/';
	return depth ? depth : strcmp((*p)->destination, (*q)->destination);
}

static int add_points(struct arena *a, const struct mount_points *points, struct oci_spec *s,
                      struct err *e)
{
	const struct mount_point **sorted =
	        arena_array(a, const struct mount_point *, points->n + 1);

	for (size_t i = 0; i < points->n; i++)
		sorted[i] = &points->v[i];
	qsort(sorted, points->n, sizeof(*sorted), by_depth);
	for (size_t i = 0; i < points->n; i++)
		if (add_point(a, sorted[i], s, e) < 0)
			return -1;
	return 0;
}

static void add_etc_file(struct arena *a, const struct spec_input *in, struct oci_spec *s,
                         const char *source, const char *destination)
{
	if (source && !point_at(in->points, destination))
		add_bind(a, s, source, destination,
		         in->host->readonly_rootfs ? OPTIONS("rbind", "rprivate", "ro")
		                                   : OPTIONS("rbind", "rprivate"));
}

int spec_mounts(struct arena *a, const struct spec_input *in, struct oci_spec *out, struct err *e)
{
	add_defaults(a, in, out);
	add_shm(a, in, out);
	if (add_points(a, in->points, out, e) < 0)
		return -1;
	add_etc_file(a, in, out, in->resolv_conf, "/etc/resolv.conf");
	add_etc_file(a, in, out, in->hostname_file, "/etc/hostname");
	add_etc_file(a, in, out, in->hosts, "/etc/hosts");
	if (in->init)
		add_bind(a, out, in->init, "/sbin/docker-init", OPTIONS("bind", "ro"));
	return 0;
}
