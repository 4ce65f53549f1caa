/* linux.sysctl. See sysctl.h. */
#include "libcontainer/sysctl.h"

#include <sched.h>
#include <string.h>
#include "libcontainer/procfs.h"

/* Which namespace a parameter belongs to. A prefix ends with a dot. */
static const struct {
	const char *name;
	int flag;
	const char *needs;
} allowed[] = {
	{ "kernel.msgmax", CLONE_NEWIPC, "IPC" }, { "kernel.msgmnb", CLONE_NEWIPC, "IPC" },
	{ "kernel.msgmni", CLONE_NEWIPC, "IPC" }, { "kernel.sem", CLONE_NEWIPC, "IPC" },
	{ "kernel.shmall", CLONE_NEWIPC, "IPC" }, { "kernel.shmmax", CLONE_NEWIPC, "IPC" },
	{ "kernel.shmmni", CLONE_NEWIPC, "IPC" }, { "kernel.shm_rmid_forced", CLONE_NEWIPC, "IPC" },
	{ "fs.mqueue.", CLONE_NEWIPC, "IPC" },    { "kernel.domainname", CLONE_NEWUTS, "UTS" },
	{ "net.", CLONE_NEWNET, "network" },
};

/*
 * Both notations are in use: "net/ipv4/conf/eth0.100/forwarding" and "net.ipv4.ip_forward".
 * Whichever separator comes first is the separator; the other one is part of a name.
 */
static char *dotted(struct arena *a, const char *key)
{
	char *s = arena_strdup(a, key);
	size_t first = strcspn(s, "./");

	if (s[first] != '/')
		return s;
	for (char *p = s; *p; p++)
		*p = *p == '/' ? '.' : *p == '.' ? '/' : *p;
	return s;
}

static int check_one(const char *key, int private, const char *hostname, struct err *e)
{
	if (strcmp(key, "kernel.hostname") == 0 && hostname && *hostname)
		return err_set(e, ERR_INVALID,
		               "sysctl \"%s\" conflicts with the hostname of the configuration",
		               key);
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
		const char *name = allowed[i].name;
		bool prefix = str_ends(name, ".");

		if (prefix ? !str_starts(key, name) : strcmp(key, name) != 0)
			continue;
		if (private & allowed[i].flag)
			return 0;
		return err_set(e, ERR_INVALID,
		               "sysctl \"%s\" is not allowed in the hosts %s namespace", key,
		               allowed[i].needs);
	}
	if (strcmp(key, "kernel.hostname") == 0 && (private & CLONE_NEWUTS))
		return 0;
	return err_set(e, ERR_INVALID, "sysctl \"%s\" is not in a separate kernel namespace", key);
}

int sysctl_check(const struct json_map *sysctl, int private, const char *hostname, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	for (size_t i = 0; i < sysctl->n; i++)
		if (check_one(dotted(&a, sysctl->v[i].key), private, hostname, e) < 0)
			return -1;
	return 0;
}

int sysctl_write(int proc, const struct json_map *sysctl, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	for (size_t i = 0; i < sysctl->n; i++) {
		char *path = arena_printf(&a, "sys/%s", dotted(&a, sysctl->v[i].key));

		for (char *p = path + 4; *p; p++)
			*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
		if (procfs_write(proc, path, sysctl->v[i].value, e) < 0)
			return -1;
	}
	return 0;
}
