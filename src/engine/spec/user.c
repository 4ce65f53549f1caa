/*
 * Users and groups of a container, by its own passwd and group files: passwd(5), group(5).
 * The files come from an image, so they are read below the root only, must be regular, and are
 * bounded (CVE-2026-47262); numbers that do not fit are refused, never wrapped (CVE-2024-40635).
 */
#include "engine/spec/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"

#define ID_MAX 2147483647ULL

/* The text of a regular file below the root; a missing file is an empty text. */
static int read_below(struct arena *a, int rootfs, const char *path, char **out, struct err *e)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	_cleanup_close_ int fd = (int)syscall(SYS_openat2, rootfs, path, &how, sizeof(how));
	struct stat st;
	ssize_t n;

	*out = arena_strdup(a, "");
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "open /%s of the container", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "/%s of the container is not a regular file", path);
	if ((uint64_t)st.st_size > LIMIT_PASSWD_FILE)
		return err_set(e, ERR_EXHAUSTED, "/%s of the container is larger than %lu bytes",
		               path, LIMIT_PASSWD_FILE);
	*out = arena_alloc(a, (size_t)st.st_size + 1);
	n = fd_read_full(fd, *out, (size_t)st.st_size, e);
	if (n < 0)
		return -1;
	(*out)[n] = '\0';
	return 0;
}

/* Cuts the next line off *text and splits it at colons into f[]; false at the end. */
static bool next_entry(char **text, char *f[], size_t max, size_t *n)
{
	char *line = *text, *colon;

	if (!*line)
		return false;
	*text += strcspn(line, "\n");
	if (**text)
		*(*text)++ = '\0';
	for (*n = 0; *n + 1 < max && (colon = strchr(line, ':')); line = colon + 1) {
		*colon = '\0';
		f[(*n)++] = line;
	}
	f[(*n)++] = line;
	return true;
}

static bool parse_id(const char *s, uint64_t *out)
{
	return str_u64(s, out) && *out <= ID_MAX;
}

static bool is_number(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

static int check_number(const char *s, uint64_t *id, struct err *e)
{
	if (!parse_id(s, id))
		return err_set(e, ERR_INVALID, "uids and gids must be in range 0-%llu", ID_MAX);
	return 0;
}

/* Fills uid, primary gid and the user's name ("" when the file does not know the number). */
static int find_user(struct arena *a, int rootfs, const char *want, struct spec_user *out,
                     const char **name, struct err *e)
{
	bool number = !*want || is_number(want);
	char *text, *f[7];
	size_t n;

	*name = "";
	if (*want && number && check_number(want, &out->uid, e) < 0)
		return -1;
	if (read_below(a, rootfs, "etc/passwd", &text, e) < 0)
		return -1;
	while (next_entry(&text, f, ARRAY_LEN(f), &n)) {
		uint64_t uid, gid;

		if (n < 4 || !parse_id(f[2], &uid) || !parse_id(f[3], &gid))
			continue;
		if (number ? uid != out->uid : !str_eq(f[0], want))
			continue;
		out->uid = uid;
		out->gid = gid;
		*name = f[0];
		return 0;
	}
	if (!number)
		return err_set(e, ERR_INVALID,
		               "unable to find user %s: no matching entries in passwd file", want);
	return 0;
}

static bool list_has(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (*list) {
		size_t n = strcspn(list, ",");

		if (n == len && memcmp(list, name, n) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

/* A group by name or number. */
static int find_group(struct arena *a, int rootfs, const char *want, uint64_t *gid, struct err *e)
{
	char *text, *f[4];
	size_t n;

	if (is_number(want))
		return check_number(want, gid, e);
	if (read_below(a, rootfs, "etc/group", &text, e) < 0)
		return -1;
	while (next_entry(&text, f, ARRAY_LEN(f), &n))
		if (n >= 3 && str_eq(f[0], want) && parse_id(f[2], gid))
			return 0;
	return err_set(e, ERR_INVALID, "unable to find group %s: no matching entries in group file",
	               want);
}

static void add_group(struct arena *a, struct spec_user *u, uint64_t gid)
{
	for (size_t i = 0; i < u->groups.n; i++)
		if (u->groups.v[i] == gid)
			return;
	arena_push(a, &u->groups, gid);
}

/* The groups whose member list names the user. */
static int add_memberships(struct arena *a, int rootfs, const char *name, struct spec_user *out,
                           struct err *e)
{
	char *text, *f[4];
	size_t n;
	uint64_t gid;

	if (!*name)
		return 0;
	if (read_below(a, rootfs, "etc/group", &text, e) < 0)
		return -1;
	while (next_entry(&text, f, ARRAY_LEN(f), &n))
		if (n == 4 && list_has(f[3], name) && parse_id(f[2], &gid))
			add_group(a, out, gid);
	return 0;
}

int spec_user_lookup(struct arena *a, int rootfs, const char *user, const struct strs *group_add,
                     struct spec_user *out, struct err *e)
{
	const char *colon = user ? strchr(user, ':') : NULL, *name, *want;

	*out = (struct spec_user){ 0 };
	want = !user ? "" : colon ? arena_strndup(a, user, (size_t)(colon - user)) : user;
	if (find_user(a, rootfs, want, out, &name, e) < 0)
		return -1;
	if (colon && colon[1] && find_group(a, rootfs, colon + 1, &out->gid, e) < 0)
		return -1;
	add_group(a, out, out->gid);
	if (!(colon && colon[1]) && add_memberships(a, rootfs, name, out, e) < 0)
		return -1;
	for (size_t i = 0; i < group_add->n; i++) {
		uint64_t gid;

		if (find_group(a, rootfs, group_add->v[i], &gid, e) < 0)
			return -1;
		add_group(a, out, gid);
	}
	return 0;
}
