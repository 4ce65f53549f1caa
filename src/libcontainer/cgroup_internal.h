/* What the two kinds of cgroups share. Not for use outside libcontainer's cgroup files. */
#ifndef LIBCONTAINER_CGROUP_INTERNAL_H
#define LIBCONTAINER_CGROUP_INTERNAL_H

#include "libcontainer/cgroup.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* One version's way of doing things. */
struct cgroup_ops {
	int (*plan)(struct arena *a, const char *path, struct cgroup *out, struct err *e);
	int (*create)(const struct cgroup *cg, struct err *e);
	int (*set)(const struct cgroup *cg, const struct oci_resources *r, struct err *e);
	int (*set_devices)(const struct cgroup *cg, const struct oci_resources *r, struct err *e);
	int (*freeze)(const struct cgroup *cg, bool on, struct err *e);
	bool (*frozen)(const struct cgroup *cg);
};
extern const struct cgroup_ops cgroup_v1_ops, cgroup_v2_ops;

void cgroup_add(struct arena *a, struct cgroup *cg, const char *controller, const char *path);

/* Writes a decimal or a text to path/file; the error names the file. */
int cgroup_write(const char *path, const char *file, const char *text, struct err *e) must_check;
int cgroup_write_i64(const char *path, const char *file, int64_t value, struct err *e) must_check;
/* "8:0 100": a value for one block device. */
int cgroup_write_device(const char *path, const char *file, int64_t major, int64_t minor,
                        uint64_t value, struct err *e) must_check;

/* Reads path/file into the arena without the last newline; NULL when that fails. */
const char *cgroup_read(struct arena *a, const char *path, const char *file);

/* Our own cgroup in a hierarchy ("memory", "name=systemd", "" for v2) from /proc/self/cgroup. */
const char *cgroup_own(struct arena *a, const char *self, const char *controller);

/* Where a mount of a hierarchy begins: 4th field of its line in mountinfo; "/" when unknown. */
const char *cgroup_mount_root(struct arena *a, const char *mountinfo, const char *mount);

/*
 * The plain knobs: a member of the resources that is written to a file as it is. Limits with rules
 * of their own (order, sentinels) are written by hand.
 */
struct cgroup_knob {
	const char *controller;
	const char *file;
	enum { KNOB_MEMORY, KNOB_CPU, KNOB_PIDS, KNOB_BLOCK_IO, KNOB_NETWORK } part;
	enum json_kind kind; /* JSON_OPT_I64, JSON_OPT_U64, JSON_OPT_BOOL, JSON_STR */
	size_t offset;
};
int cgroup_set_knobs(const struct cgroup *cg, const struct cgroup_knob *knobs, size_t n,
                     const struct oci_resources *r, struct err *e) must_check;

/* Negative is no limit; 0 allows no fork, which is what 1 does. `path` may be NULL: nothing is set. */
int cgroup_set_pids(const char *path, const struct oci_pids *p, struct err *e) must_check;

/* The device rules in force: the config's, then what every container may use. */
struct cgroup_device_rules {
	size_t n;
	struct oci_device_rule *v;
};
void cgroup_device_rules(struct arena *a, const struct oci_resources *r,
                         struct cgroup_device_rules *out);

int cgroup_v1_set(const struct cgroup *cg, const struct oci_resources *r, struct err *e) must_check;

int cgroup_v2_attach_device_program(const char *path, const struct cgroup_device_rules *rules,
                                    struct err *e) must_check;

#endif
