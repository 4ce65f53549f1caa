/* Sources of bind mounts, opened by the runtime. See mount_sources.h; mount_setattr(2) "ID-mapped mounts". */
#include "libcontainer/mount_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "libcontainer/idmap.h"
#include "libcontainer/mountfd.h"
#include "base/fd.h"

/* ---- a user namespace that only carries maps ---- */

static pid_t start_holder(struct err *e)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid < 0 ? err_errno(e, errno, "create user namespace") : pid;
}

static int open_userns(pid_t pid, const struct oci_linux *maps, struct err *e)
{
	char path[48];
	int fd;

	if (idmap_write(pid, maps, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_errno(e, errno, "open %s", path) : fd;
}

static int userns_of_maps(const struct oci_linux *maps, struct err *e)
{
	pid_t holder = start_holder(e);
	int fd;

	if (holder < 0)
		return -1;
	fd = open_userns(holder, maps, e);
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	return fd;
}

/* The mount's own maps, else the container's. */
static int map_ids(const struct oci_spec *spec, const struct oci_mount *m, int tree, bool recursive,
                   struct err *e)
{
	struct oci_linux maps = { .uid_mappings = { m->uid_mappings.n, m->uid_mappings.v },
		                  .gid_mappings = { m->gid_mappings.n, m->gid_mappings.v } };
	const struct oci_linux *use = m->uid_mappings.n ? &maps : spec->linux;
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	_cleanup_close_ int userns = -1;

	if (!use->uid_mappings.n || !use->gid_mappings.n)
		return err_set(e, ERR_INVALID, "idmap without uidMappings and gidMappings");
	userns = userns_of_maps(use, e);
	if (userns < 0)
		return -1;
	attr.userns_fd = (unsigned)userns;
	if (mount_setattr(tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
	                  sizeof(attr)) < 0)
		return err_errno(e, errno, "map the ids of %s", m->source);
	return 0;
}

/* ---- trees ---- */

/* A clone made here would stay a peer of the host's mount: it becomes a slave, as init's are. */
static int open_tree_for(const struct oci_spec *spec, const struct oci_mount *m,
                         const struct mount_options *o, struct err *e)
{
	_cleanup_close_ int tree = -1;

	if (str_empty(m->source))
		return err_set(e, ERR_INVALID, "bind mount without a source");
	if (access(m->source, F_OK) < 0)
		return err_errno(e, errno, "stat %s", m->source);
	tree = mountfd_clone(AT_FDCWD, m->source, o->how & MOUNT_HOW_RECURSIVE, e);
	if (tree < 0 || mountfd_propagation(tree, MS_SLAVE, true, e) < 0)
		return -1;
	if ((o->how & MOUNT_HOW_IDMAP) &&
	    map_ids(spec, m, tree, o->how & MOUNT_HOW_IDMAP_REC, e) < 0)
		return -1;
	return take_fd(&tree);
}

int mount_sources_open(struct arena *a, const struct oci_spec *spec, bool userns,
                       struct mount_sources *out, struct err *e)
{
	out->fd = arena_array(a, int, spec->mounts.n + 1);
	for (; out->n < spec->mounts.n; out->n++) {
		const struct oci_mount *m = &spec->mounts.v[out->n];
		struct mount_options o;

		mount_options_parse(a, &m->options, &o);
		out->fd[out->n] = -1;
		if (m->uid_mappings.n || m->gid_mappings.n) /* "idmap" need not be said */
			o.how |= MOUNT_HOW_IDMAP;
		if (!(o.how & MOUNT_HOW_BIND) || !(userns || (o.how & MOUNT_HOW_IDMAP)))
			continue;
		out->fd[out->n] = open_tree_for(spec, m, &o, e);
		if (out->fd[out->n] < 0)
			return err_wrap(e, "error mounting \"%s\" to rootfs at \"%s\"",
			                m->source ? m->source : "", m->destination);
	}
	return 0;
}

void mount_sources_close(struct mount_sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		fd_close(&s->fd[i]);
}
