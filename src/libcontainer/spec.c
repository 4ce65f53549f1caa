/* Reading and checking config.json. See container.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#include "libcontainer/container.h"
#include "libcontainer/hooks.h"
#include "libcontainer/idmap.h"
#include "libcontainer/namespaces.h"
#include "libcontainer/process.h"
#include "libcontainer/sysctl.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"

/* The rootfs is used by its real path: a link in the bundle may change, the container must not. */
static int resolve_root(struct arena *a, const char *bundle, struct oci_spec *s, struct err *e)
{
	const char *path;
	char *real;

	path = s->root->path[0] == '/' ? s->root->path : path_join(a, bundle, s->root->path);
	real = realpath(path, NULL);
	if (!real)
		return err_errno(e, errno, "invalid rootfs: stat %s", path);
	s->root->path = arena_strdup(a, real);
	free(real);
	if (str_eq(s->root->path, "/"))
		return err_set(e, ERR_INVALID, "invalid rootfs: it must not be /");
	return 0;
}

static int check_version(const struct oci_spec *s, struct err *e)
{
	if (!s->oci_version || !str_starts(s->oci_version, "1."))
		return err_set(e, ERR_INVALID, "unsupported spec version \"%s\": 1.x is known",
		               s->oci_version ? s->oci_version : "");
	return 0;
}

static int check_namespaces(const struct oci_spec *s, int private, struct err *e)
{
	if (!str_empty(s->hostname) && !(private & CLONE_NEWUTS))
		return err_set(e, ERR_INVALID,
		               "unable to set hostname without a private UTS namespace");
	if (!str_empty(s->domainname) && !(private & CLONE_NEWUTS))
		return err_set(e, ERR_INVALID,
		               "unable to set domainname without a private UTS namespace");
	if (!(private & CLONE_NEWNS))
		return err_set(e, ERR_INVALID,
		               "a container without a mount namespace is not supported");
	if (s->linux->time_offsets.n && !(private & CLONE_NEWTIME))
		return err_set(e, ERR_INVALID, "time offsets without a time namespace");
	return 0;
}

/* Said by name rather than left out. */
static int check_unsupported(const struct oci_linux *l, struct err *e)
{
	if (l->intel_rdt)
		return err_set(e, ERR_UNIMPLEMENTED, "linux.intelRdt is not there yet");
	if (l->net_devices.n)
		return err_set(e, ERR_UNIMPLEMENTED, "linux.netDevices is not there yet");
	return 0;
}

static int check(struct oci_spec *s, struct err *e)
{
	static struct oci_linux none;
	int private;

	if (!s->root || str_empty(s->root->path))
		return err_set(e, ERR_INVALID, "root must be specified");
	if (!s->linux)
		s->linux = &none;
	private = namespaces_private(s->linux);
	if (check_version(s, e) < 0 || check_unsupported(s->linux, e) < 0 ||
	    check_namespaces(s, private, e) < 0 || process_check(s->process, e) < 0 ||
	    hooks_check(s->hooks, e) < 0 || idmap_check(s->linux, private, e) < 0)
		return -1;
	return sysctl_check(&s->linux->sysctl, private, s->hostname, e);
}

int container_parse_spec(struct arena *a, struct slice text, struct oci_spec *out, struct err *e)
{
	if (json_decode(a, &oci_spec_type, text, out, e) < 0)
		return err_wrap(e, "config.json");
	return check(out, e);
}

int container_read_spec(struct arena *a, const char *bundle, struct oci_spec *out,
                        struct slice *text, struct err *e)
{
	const char *path = path_join(a, bundle, "config.json");

	if (file_read(a, AT_FDCWD, path, LIMIT_CONFIG_FILE, text, e) < 0)
		return e && e->errnum == ENOENT
		               ? err_set(e, ERR_NOT_FOUND, "JSON specification file %s not found",
		                         path)
		               : -1;
	return container_parse_spec(a, *text, out, e) < 0 ? -1 : resolve_root(a, bundle, out, e);
}
