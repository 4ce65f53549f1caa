/* Maps of a user namespace. See idmap.h; user_namespaces(7). */
#include "libcontainer/idmap.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>
#include "base/file.h"
#include "base/proc.h"

static int write_direct(pid_t pid, const char *file, size_t n, const struct oci_id_mapping *maps,
                        struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	char path[64];

	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", maps[i].container_id,
		           maps[i].host_id, maps[i].size);
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return file_write(AT_FDCWD, path, b.data, b.len, 0, e);
}

/* newuidmap PID container host size ... */
static int write_by_helper(const char *helper, pid_t pid, size_t n,
                           const struct oci_id_mapping *maps, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char **argv = arena_array(&a, const char *, 3 + 3 * n);
	struct proc_spawn s = { .file = helper,
		                .argv = argv,
		                .fd = { PROC_NULL, PROC_INHERIT, PROC_INHERIT } };
	size_t k = 0;
	pid_t child;
	int code;

	argv[k++] = helper;
	argv[k++] = arena_printf(&a, "%d", pid);
	for (size_t i = 0; i < n; i++) {
		argv[k++] = arena_printf(&a, "%" PRIu64, maps[i].container_id);
		argv[k++] = arena_printf(&a, "%" PRIu64, maps[i].host_id);
		argv[k++] = arena_printf(&a, "%" PRIu64, maps[i].size);
	}
	child = proc_spawn(&s, NULL, e);
	if (child < 0 || (code = proc_wait(child, e)) < 0)
		return -1;
	if (code != 0)
		return err_set(e, ERR_PERMISSION, "%s exited with %d", helper, code);
	return 0;
}

/* One id mapped to ourselves is what anybody may write, once setgroups is denied. */
static bool maps_only_self(size_t n, const struct oci_id_mapping *maps, uint64_t self)
{
	return n == 1 && maps[0].size == 1 && maps[0].host_id == self;
}

static int deny_setgroups(pid_t pid, struct err *e)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
	return file_write(AT_FDCWD, path, "deny", 4, 0, e);
}

int idmap_write(pid_t pid, const struct oci_linux *l, struct err *e)
{
	if (geteuid() == 0) {
		if (write_direct(pid, "uid_map", l->uid_mappings.n, l->uid_mappings.v, e) < 0)
			return -1;
		return write_direct(pid, "gid_map", l->gid_mappings.n, l->gid_mappings.v, e);
	}
	if (maps_only_self(l->uid_mappings.n, l->uid_mappings.v, geteuid()) &&
	    maps_only_self(l->gid_mappings.n, l->gid_mappings.v, getegid())) {
		if (deny_setgroups(pid, e) < 0 ||
		    write_direct(pid, "uid_map", l->uid_mappings.n, l->uid_mappings.v, e) < 0)
			return -1;
		return write_direct(pid, "gid_map", l->gid_mappings.n, l->gid_mappings.v, e);
	}
	if (write_by_helper("newuidmap", pid, l->uid_mappings.n, l->uid_mappings.v, e) < 0)
		return -1;
	return write_by_helper("newgidmap", pid, l->gid_mappings.n, l->gid_mappings.v, e);
}

uint64_t idmap_root(size_t n, const struct oci_id_mapping *maps)
{
	for (size_t i = 0; i < n; i++)
		if (maps[i].container_id == 0)
			return maps[i].host_id;
	return 0;
}

static int check_maps(size_t n, const struct oci_id_mapping *maps, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (maps[i].size == 0 || maps[i].container_id + maps[i].size > UINT32_MAX ||
		    maps[i].host_id + maps[i].size > UINT32_MAX ||
		    maps[i].container_id > UINT32_MAX || maps[i].host_id > UINT32_MAX)
			return err_set(e, ERR_INVALID, "id mapping %zu is out of range", i);
	return 0;
}

/* user_namespaces(7): at most 340 lines. */
#define MAX_MAPS 340

int idmap_check(const struct oci_linux *l, int private, struct err *e)
{
	bool mapped = l->uid_mappings.n || l->gid_mappings.n;

	if (mapped && !(private & CLONE_NEWUSER))
		return err_set(e, ERR_INVALID,
		               "user namespace mappings specified, but user namespace isn't "
		               "enabled in the config");
	if (l->uid_mappings.n > MAX_MAPS || l->gid_mappings.n > MAX_MAPS)
		return err_set(e, ERR_INVALID, "more than %d id mappings", MAX_MAPS);
	if (check_maps(l->uid_mappings.n, l->uid_mappings.v, e) < 0)
		return -1;
	return check_maps(l->gid_mappings.n, l->gid_mappings.v, e);
}
