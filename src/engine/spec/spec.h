/*
 * From what a client asked for to an OCI runtime specification, with Docker's defaults.
 *
 * Nothing here changes the machine, except that the source of a `-v` bind is created when it is
 * missing, as Docker does. All results live in the caller's arena and may borrow from the input.
 */
#ifndef ENGINE_SPEC_SPEC_H
#define ENGINE_SPEC_SPEC_H

#include "api/container.h"
#include "api/exec.h"
#include "engine/spec/ulimits.h"
#include "oci/runtime.h"

/* ---- mount points: -v, --mount, --tmpfs and the image's volumes (points.c) ---- */

struct mount_point {
	const char *type;        /* "bind", "volume", "tmpfs" */
	const char *name;        /* of a volume, "" when anonymous */
	const char *source;      /* on the host; of a volume: filled in by who makes volumes */
	const char *destination; /* in the container, absolute and clean */
	const char *mode;        /* the options as they were written, for inspect */
	const char *propagation; /* of a bind: "rprivate" unless asked otherwise */
	bool read_only, non_recursive;
	bool create_source; /* a missing source is made (a directory) */
	bool no_copy;       /* of a volume: the image's content stays away from it */
	bool of_image;      /* the image's VOLUME, or `-v /path` */
	bool hidden;        /* --tmpfs: not in the list that inspect shows */
	const char *driver; /* of a volume that must be made, or NULL */
	const struct api_volume_options *volume; /* the same: its labels and options, or NULL */
	const char *tmpfs_options;               /* "size=64m,mode=1777", or NULL */
};
struct mount_points {
	size_t n;
	struct mount_point *v;
};

/* Duplicate destinations are an error, except that a client's mount replaces an image's volume. */
int spec_points_parse(struct arena *a, const struct api_config *config,
                      const struct api_host_config *host, struct mount_points *out, struct err *e)
        must_check;

/* ---- users (user.c) ---- */

struct spec_user {
	uint64_t uid, gid;
	struct json_u64s groups; /* the primary group first, then supplementary ones */
};

/*
 * "user", "uid", "user:group", ... by /etc/passwd and /etc/group below `rootfs` (a directory
 * descriptor; nothing outside it is ever opened). `group_add` are names or numbers.
 */
int spec_user_lookup(struct arena *a, int rootfs, const char *user, const struct strs *group_add,
                     struct spec_user *out, struct err *e) must_check;

/* ---- capabilities (caps.c) ---- */

/* The container's capabilities, "CAP_X" each, in the kernel's order. */
int spec_caps(struct arena *a, const struct strs *add, const struct strs *drop, bool privileged,
              struct strs *out, struct err *e) must_check;

/* ---- resources (resources.c) ---- */

int spec_resources(struct arena *a, const struct api_host_config *host, struct oci_linux *out,
                   struct err *e) must_check;

/* ---- security options (spec.c) ---- */

int spec_security_check(const struct strs *options, struct err *e) must_check;

/* ---- mounts (mounts.c) ---- */

struct spec_input;
int spec_mounts(struct arena *a, const struct spec_input *in, struct oci_spec *out, struct err *e)
        must_check;

/* ---- propagation (propagation.c) ---- */

/* Does the host pass on what a shared or slave bind of this point needs? */
int spec_propagation(struct arena *a, const struct mount_point *p, struct err *e) must_check;
/* The same by a given /proc/self/mountinfo and a source without symlinks. */
int spec_propagation_check(struct arena *a, const char *mountinfo, const char *source,
                           const char *propagation, struct err *e) must_check;

/* ---- the whole (spec.c) ---- */

struct spec_input {
	const char *id;
	const struct api_config *config; /* merged with the image's */
	const struct api_host_config *host;
	const struct mount_points *points; /* volumes with their sources filled in */
	const char *hostname;              /* may be empty */
	struct strs links;                 /* variables that links set */
	int rootfs;             /* directory descriptor of the root file system, for users */
	const char *network_ns; /* path to join; NULL: the host's network */
	const char *pid_ns,
	        *ipc_ns; /* paths of another container's (mode "container:ID"), or NULL */
	const char *hosts, *resolv_conf, *hostname_file; /* bound to /etc/...; NULL: not */
	const char *shm;  /* host path bound to /dev/shm (shared ipc); NULL: a tmpfs */
	const char *init; /* docker-init on this host, when the container wants an init */
	bool cgroup_v2;
	/* of the daemon, for containers that do not say otherwise */
	struct ulimits ulimits;
	bool unconfined_seccomp;
};

struct oci_spec *spec_build(struct arena *a, const struct spec_input *in, struct err *e) must_check;

/* The process of an exec in a container with this specification: what differs is in `exec`. */
struct oci_process *spec_exec_process(struct arena *a, const struct oci_spec *container, int rootfs,
                                      const struct api_host_config *host,
                                      const struct api_exec_create *exec, struct err *e) must_check;

#endif
