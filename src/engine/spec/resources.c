/* Limits and devices: HostConfig -> linux.resources, linux.devices, rlimits' neighbours. */
#include "engine/spec/spec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "base/file.h"
#include "base/limits.h"

#define MEMORY_MIN    (6 * (int64_t)MIB)
#define CPU_PERIOD_US 100000
#define MAX_DEVICES   1024

static void set_i64(struct json_opt_i64 *o, int64_t v)
{
	if (v)
		*o = (struct json_opt_i64){ true, v };
}

static int memory(struct arena *a, const struct api_host_config *h, struct oci_resources *r,
                  struct err *e)
{
	struct oci_memory *m = arena_new(a, struct oci_memory);

	if (h->memory != 0 && h->memory < MEMORY_MIN)
		return err_set(e, ERR_INVALID, "Minimum memory limit allowed is 6MB");
	if (h->memory == 0 && h->memory_swap > 0)
		return err_set(e, ERR_INVALID,
		               "You should always set the Memory limit when using "
		               "Memoryswap limit, see usage");
	if (h->memory_swap > 0 && h->memory_swap < h->memory)
		return err_set(e, ERR_INVALID,
		               "Minimum memoryswap limit should be larger than "
		               "memory limit, see usage");
	if (h->memory_swappiness.set && h->memory_swappiness.value != -1 &&
	    (h->memory_swappiness.value < 0 || h->memory_swappiness.value > 100))
		return err_set(e, ERR_INVALID,
		               "Invalid value: %lld, valid memory swappiness range is 0-100",
		               (long long)h->memory_swappiness.value);
	set_i64(&m->limit, h->memory);
	set_i64(&m->reservation, h->memory_reservation);
	/* As Docker: as much swap as memory when only the memory is limited. */
	set_i64(&m->swap, h->memory && !h->memory_swap ? 2 * h->memory : h->memory_swap);
	if (h->memory_swappiness.set && h->memory_swappiness.value >= 0)
		m->swappiness = (struct json_opt_u64){ true, (uint64_t)h->memory_swappiness.value };
	if (h->oom_kill_disable.set && h->oom_kill_disable.value)
		m->disable_oom_killer = h->oom_kill_disable;
	r->memory = m;
	return 0;
}

static int cpu(struct arena *a, const struct api_host_config *h, struct oci_resources *r,
               struct err *e)
{
	struct oci_cpu *c = arena_new(a, struct oci_cpu);

	if (h->nano_cpus < 0)
		return err_set(e, ERR_INVALID, "invalid NanoCpus: %lld", (long long)h->nano_cpus);
	if (h->nano_cpus && (h->cpu_period || h->cpu_quota))
		return err_set(e, ERR_INVALID,
		               "Conflicting options: Nano CPUs and CPU %s cannot "
		               "both be set",
		               h->cpu_period ? "Period" : "Quota");
	if (h->cpu_shares < 0)
		return err_set(e, ERR_INVALID, "invalid CpuShares: %lld", (long long)h->cpu_shares);
	if (h->cpu_shares)
		c->shares = (struct json_opt_u64){ true, (uint64_t)h->cpu_shares };
	if (h->nano_cpus) {
		c->period = (struct json_opt_u64){ true, CPU_PERIOD_US };
		set_i64(&c->quota, h->nano_cpus * CPU_PERIOD_US / 1000000000);
	}
	if (h->cpu_period)
		c->period = (struct json_opt_u64){ true, (uint64_t)h->cpu_period };
	if (h->cpu_quota)
		set_i64(&c->quota, h->cpu_quota);
	if (h->cpu_realtime_period)
		c->realtime_period =
		        (struct json_opt_u64){ true, (uint64_t)h->cpu_realtime_period };
	set_i64(&c->realtime_runtime, h->cpu_realtime_runtime);
	c->cpus = h->cpuset_cpus;
	c->mems = h->cpuset_mems;
	r->cpu = c;
	return 0;
}

/* ---- block I/O ---- */

static int device_number(const char *path, struct stat *st, struct err *e)
{
	if (!path || stat(path, st) < 0)
		return err_set(e, ERR_INVALID, "block device %s: no such device", path ? path : "");
	if (!S_ISBLK(st->st_mode))
		return err_set(e, ERR_INVALID, "%s is not a block device", path);
	return 0;
}

#define THROTTLES(h, name) (h)->name.n, (h)->name.v

static int throttle(struct arena *a, size_t n, const struct api_throttle_device *in,
                    struct oci_throttle_device **out, size_t *out_n, struct err *e)
{
	*out = arena_array(a, struct oci_throttle_device, n + 1);
	*out_n = n;
	for (size_t i = 0; i < n; i++) {
		struct stat st;

		if (device_number(in[i].path, &st, e) < 0)
			return -1;
		(*out)[i] = (struct oci_throttle_device){ .major = major(st.st_rdev),
			                                  .minor = minor(st.st_rdev),
			                                  .rate = in[i].rate };
	}
	return 0;
}

static int block_io(struct arena *a, const struct api_host_config *h, struct oci_resources *r,
                    struct err *e)
{
	struct oci_block_io *b = arena_new(a, struct oci_block_io);

	if (h->blkio_weight && (h->blkio_weight < 10 || h->blkio_weight > 1000))
		return err_set(e, ERR_INVALID, "Range of blkio weight is from 10 to 1000");
	if (h->blkio_weight)
		b->weight = (struct json_opt_u64){ true, h->blkio_weight };
	for (size_t i = 0; i < h->blkio_weight_device.n; i++) {
		const struct api_weight_device *w = &h->blkio_weight_device.v[i];
		struct oci_weight_device d = { .weight = { true, w->weight } };
		struct stat st;

		if (device_number(w->path, &st, e) < 0)
			return -1;
		d.major = major(st.st_rdev);
		d.minor = minor(st.st_rdev);
		arena_push(a, &b->weight_device, d);
	}
	if (throttle(a, THROTTLES(h, read_bps), &b->read_bps.v, &b->read_bps.n, e) < 0 ||
	    throttle(a, THROTTLES(h, write_bps), &b->write_bps.v, &b->write_bps.n, e) < 0 ||
	    throttle(a, THROTTLES(h, read_iops), &b->read_iops.v, &b->read_iops.n, e) < 0 ||
	    throttle(a, THROTTLES(h, write_iops), &b->write_iops.v, &b->write_iops.n, e) < 0)
		return -1;
	r->block_io = b;
	return 0;
}

/* ---- devices ---- */

static void allow(struct arena *a, struct oci_resources *r, const char *type,
                  struct json_opt_i64 maj, struct json_opt_i64 min, const char *access)
{
	arena_push(a, &r->devices,
	           ((struct oci_device_rule){ .allow = true,
	                                      .type = type,
	                                      .major = maj,
	                                      .minor = min,
	                                      .access = access }));
}

/* null, zero, full, random, urandom, tty, console: what every container may use. */
static void default_rules(struct arena *a, struct oci_resources *r)
{
	static const int64_t chars[][2] = { { 1, 5 }, { 1, 3 }, { 1, 9 }, { 1, 8 },
		                            { 5, 0 }, { 5, 1 }, { 1, 7 } };

	arena_push(a, &r->devices, ((struct oci_device_rule){ .allow = false, .access = "rwm" }));
	for (size_t i = 0; i < ARRAY_LEN(chars); i++)
		allow(a, r, "c", (struct json_opt_i64){ true, chars[i][0] },
		      (struct json_opt_i64){ true, chars[i][1] }, "rwm");
}

static int add_node(struct arena *a, const char *host_path, const char *path, const char *access,
                    const struct stat *st, struct oci_linux *out, struct err *e)
{
	struct oci_device d = { .path = path,
		                .type = S_ISBLK(st->st_mode) ? "b" : "c",
		                .major = major(st->st_rdev),
		                .minor = minor(st->st_rdev),
		                .file_mode = { true, st->st_mode & 07777 },
		                .uid = { true, st->st_uid },
		                .gid = { true, st->st_gid } };

	if (out->devices.n >= MAX_DEVICES)
		return err_set(e, ERR_INVALID, "device %s: too many devices", host_path);
	arena_push(a, &out->devices, d);
	allow(a, out->resources, d.type, (struct json_opt_i64){ true, d.major },
	      (struct json_opt_i64){ true, d.minor }, access);
	return 0;
}

struct device_walk {
	struct arena *a;
	const char *host_dir, *dir, *access;
	struct oci_linux *out;
	struct err *e;
};

static int add_devices_below(struct arena *a, const char *host_dir, const char *dir,
                             const char *access, struct oci_linux *out, struct err *e);

static int walk_entry(void *arg, int dirfd, const char *name)
{
	struct device_walk *w = arg;
	const char *host = path_join(w->a, w->host_dir, name),
	           *path = path_join(w->a, w->dir, name);
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISDIR(st.st_mode) && !str_eq(name, "pts") && !str_eq(name, "shm") &&
	    !str_eq(name, "fd") && !str_eq(name, "mqueue"))
		return add_devices_below(w->a, host, path, w->access, w->out, w->e);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return 0;
	if (str_eq(name, "console"))
		return 0;
	return add_node(w->a, host, path, w->access, &st, w->out, w->e);
}

static int add_devices_below(struct arena *a, const char *host_dir, const char *dir,
                             const char *access, struct oci_linux *out, struct err *e)
{
	struct device_walk w = { a, host_dir, dir, access, out, e };

	return dir_each(AT_FDCWD, host_dir, walk_entry, &w, e);
}

static int add_device(struct arena *a, const struct api_device_mapping *d, struct oci_linux *out,
                      struct err *e)
{
	const char *access = str_empty(d->cgroup_permissions) ? "rwm" : d->cgroup_permissions;
	const char *path = str_empty(d->path_in_container) ? d->path_on_host : d->path_in_container;
	struct stat st;

	if (access[strspn(access, "rwm")])
		return err_set(e, ERR_INVALID, "invalid device mode: %s", access);
	if (str_empty(d->path_on_host) || stat(d->path_on_host, &st) < 0)
		return err_set(e, ERR_INVALID,
		               "error gathering device information while adding custom device "
		               "\"%s\": no such file or directory",
		               d->path_on_host ?: "");
	if (S_ISDIR(st.st_mode))
		return add_devices_below(a, d->path_on_host, path, access, out, e);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_set(e, ERR_INVALID,
		               "error gathering device information while adding custom device "
		               "\"%s\": not a device node",
		               d->path_on_host);
	return add_node(a, d->path_on_host, path, access, &st, out, e);
}

/* "c 189:* rmw" */
static int add_rule(struct arena *a, const char *text, struct oci_resources *r, struct err *e)
{
	char type, maj[16], min[16], access[4];
	struct json_opt_i64 numbers[2] = { { 0 }, { 0 } };
	int end = 0;

	if (sscanf(text, "%c %15[0-9*]:%15[0-9*] %3[rwm]%n", &type, maj, min, access, &end) != 4 ||
	    text[end] || !strchr("abc", type))
		return err_set(e, ERR_INVALID, "invalid device cgroup rule format: '%s'", text);
	for (int i = 0; i < 2; i++) {
		const char *s = i ? min : maj;

		numbers[i].set = !str_eq(s, "*");
		if (numbers[i].set && !str_i64(s, &numbers[i].value))
			return err_set(e, ERR_INVALID, "invalid device cgroup rule format: '%s'",
			               text);
	}
	allow(a, r, arena_strndup(a, &type, 1), numbers[0], numbers[1], arena_strdup(a, access));
	return 0;
}

static int devices(struct arena *a, const struct api_host_config *h, struct oci_linux *out,
                   struct err *e)
{
	if (h->device_requests.n)
		return err_set(e, ERR_UNIMPLEMENTED, "device requests (--gpus) are not there yet");
	if (h->privileged) {
		allow(a, out->resources, NULL, (struct json_opt_i64){ 0 },
		      (struct json_opt_i64){ 0 }, "rwm");
		return add_devices_below(a, "/dev", "/dev", "rwm", out, e);
	}
	default_rules(a, out->resources);
	for (size_t i = 0; i < h->devices.n; i++)
		if (add_device(a, &h->devices.v[i], out, e) < 0)
			return -1;
	for (size_t i = 0; i < h->device_cgroup_rules.n; i++)
		if (add_rule(a, h->device_cgroup_rules.v[i], out->resources, e) < 0)
			return -1;
	return 0;
}

int spec_resources(struct arena *a, const struct api_host_config *host, struct oci_linux *out,
                   struct err *e)
{
	struct oci_resources *r = arena_new(a, struct oci_resources);

	out->resources = r;
	if (memory(a, host, r, e) < 0 || cpu(a, host, r, e) < 0 || block_io(a, host, r, e) < 0 ||
	    devices(a, host, out, e) < 0)
		return -1;
	if (host->pids_limit.set && host->pids_limit.value != 0) {
		r->pids = arena_new(a, struct oci_pids);
		r->pids->limit = host->pids_limit;
	}
	return 0;
}
