/* The user of a process. See user.h. */
#include "libcontainer/user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"

#define DEFAULT_UMASK 0022
#define MAX_ID        INT32_MAX /* runc's limit; 4294967295 would mean "leave it" to the kernel */

int user_check(const struct oci_user *u, struct err *e)
{
	if (!u)
		return 0;
	if (u->uid > MAX_ID || u->gid > MAX_ID)
		return err_set(e, ERR_INVALID,
		               "unable to setup user: uids and gids must be in range 0-%d", MAX_ID);
	if (u->umask.set && u->umask.value > 07777)
		return err_set(e, ERR_INVALID, "umask %#llo is not valid",
		               (unsigned long long)u->umask.value);
	for (size_t i = 0; i < u->additional_gids.n; i++)
		if (u->additional_gids.v[i] > MAX_ID)
			return err_set(e, ERR_INVALID,
			               "unable to setup user: uids and gids must be in range 0-%d",
			               MAX_ID);
	return 0;
}

/* user_namespaces(7): a map that an unprivileged user wrote forbids setgroups. */
static bool setgroups_allowed(void)
{
	_cleanup_close_ int fd = open("/proc/self/setgroups", O_RDONLY | O_CLOEXEC);
	char text[8] = { 0 };

	return fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 || strncmp(text, "deny", 4) != 0;
}

static int set_groups(const struct oci_user *u, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	gid_t *gids = arena_array(&a, gid_t, u->additional_gids.n + 1);

	for (size_t i = 0; i < u->additional_gids.n; i++)
		gids[i] = (gid_t)u->additional_gids.v[i];
	if (setgroups(u->additional_gids.n, gids) == 0)
		return 0;
	if (errno == EPERM && u->additional_gids.n == 0 && !setgroups_allowed())
		return 0;
	return err_errno(e, errno, "setgroups");
}

int user_become(const struct oci_user *u, struct err *e)
{
	static const struct oci_user root;

	u = u ? u : &root;
	umask(u->umask.set ? (mode_t)u->umask.value : DEFAULT_UMASK);
	if (set_groups(u, e) < 0)
		return -1;
	if (setresgid((gid_t)u->gid, (gid_t)u->gid, (gid_t)u->gid) < 0)
		return err_errno(e, errno, "setgid %u", (unsigned)u->gid);
	if (setresuid((uid_t)u->uid, (uid_t)u->uid, (uid_t)u->uid) < 0)
		return err_errno(e, errno, "setuid %u", (unsigned)u->uid);
	return 0;
}

/* Left alone: the null device, which is everybody's, and what cannot change owner. */
int user_own_stdio(const struct oci_user *u, struct err *e)
{
	uid_t uid = u ? (uid_t)u->uid : 0;
	struct stat st;

	for (int fd = 0; fd < 3; fd++) {
		if (fstat(fd, &st) < 0) {
			if (errno == EBADF)
				continue;
			return err_errno(e, errno, "stat stdio");
		}
		if (st.st_uid == uid || (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
			continue;
		if (fchown(fd, uid, st.st_gid) < 0 && errno != EINVAL && errno != EPERM &&
		    errno != EROFS)
			return err_errno(e, errno, "chown stdio");
	}
	return 0;
}

/* name:password:uid:gid:gecos:HOME:shell, passwd(5). */
static const char *home_of_line(struct arena *a, const char *line, const char *end, uint64_t uid)
{
	const char *field[7] = { line };
	size_t n = 1;
	uint64_t id;

	for (const char *p = line; p < end && n < 7; p++)
		if (*p == ':')
			field[n++] = p + 1;
	if (n < 7 || !str_u64(arena_strndup(a, field[2], (size_t)(field[3] - field[2] - 1)), &id) ||
	    id != uid)
		return NULL;
	return arena_strndup(a, field[5], (size_t)(field[6] - field[5] - 1));
}

const char *user_home(struct arena *a, uint64_t uid)
{
	struct slice text;

	if (file_read(a, AT_FDCWD, "/etc/passwd", LIMIT_PASSWD_FILE, &text, NULL) < 0)
		return "/";
	for (const char *line = text.data; *line;) {
		const char *end = line + strcspn(line, "\n");
		const char *home = home_of_line(a, line, end, uid);

		if (home && *home)
			return home;
		line = *end ? end + 1 : end;
	}
	return "/";
}
