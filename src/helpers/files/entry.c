/*
 * One entry of the tar. What Docker puts into such a tar is kept: whole seconds, no user names, of
 * attributes the file's capabilities.
 */
#include "helpers/files/packer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/fd.h"

#define CAPABILITY "security.capability"

int packer_failed(struct packer *p, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "write tar: %s", archive_error_string(p->tar));
}

bool packer_is_virtual(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 &&
	       (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC ||
	        fs.f_type == CGROUP_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC);
}

/* The descriptor again, for reading. */
int packer_reopen(struct packer *p, int fd, int flags)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", fd);
	return openat(p->procfs, name, flags | O_CLOEXEC);
}

static void add_capability(struct archive_entry *ae, int fd)
{
	char value[256];
	ssize_t n = fgetxattr(fd, CAPABILITY, value, sizeof(value));

	if (n > 0)
		archive_entry_xattr_add_entry(ae, CAPABILITY, value, (size_t)n);
}

static int copy_content(struct packer *p, int fd, int64_t size, struct err *e)
{
	while (size > 0) {
		ssize_t n = read(fd, p->buffer, MIN((size_t)size, PACKER_BUFFER));

		if (n < 0)
			return err_errno(e, errno, "read");
		if (n == 0)
			return 0; /* it shrank: libarchive fills up with zeros */
		if (archive_write_data(p->tar, p->buffer, (size_t)n) < 0)
			return packer_failed(p, e);
		size -= n;
	}
	return 0;
}

/* Another name of a file that is in the tar already? */
static bool is_link(struct packer *p, struct archive_entry *ae, const char *name,
                    const struct stat *st)
{
	char key[48];
	const char *first;

	if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
		return false;
	snprintf(key, sizeof(key), "%llu:%llu", (unsigned long long)st->st_dev,
	         (unsigned long long)st->st_ino);
	first = map_get(&p->links, key);
	if (!first) {
		map_set(&p->links, key, arena_strdup(&p->a, name));
		return false;
	}
	archive_entry_set_hardlink(ae, first);
	archive_entry_unset_size(ae);
	return true;
}

static int set_symlink(struct archive_entry *ae, int fd, struct err *e)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(fd, "", text, sizeof(text) - 1);

	if (n < 0)
		return err_errno(e, errno, "read link");
	text[n] = '\0';
	archive_entry_set_symlink(ae, text);
	return 0;
}

void entry_describe(struct archive_entry *ae, const char *name, const struct stat *st)
{
	archive_entry_set_pathname(ae, name);
	archive_entry_set_mode(ae, st->st_mode);
	archive_entry_set_uid(ae, st->st_uid);
	archive_entry_set_gid(ae, st->st_gid);
	archive_entry_set_mtime(ae, st->st_mtim.tv_sec, 0);
	archive_entry_set_size(ae, S_ISREG(st->st_mode) ? st->st_size : 0);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
		archive_entry_set_rdevmajor(ae, major(st->st_rdev));
		archive_entry_set_rdevminor(ae, minor(st->st_rdev));
	}
}

int entry_header(struct packer *p, struct archive_entry *ae, struct err *e)
{
	return archive_write_header(p->tar, ae) < ARCHIVE_WARN ? packer_failed(p, e) : 0;
}

int entry_file(struct packer *p, struct archive_entry *ae, int fd, const char *name,
               const struct stat *st, struct err *e)
{
	_cleanup_close_ int in = -1;

	if (is_link(p, ae, name, st))
		return entry_header(p, ae, e);
	in = packer_reopen(p, fd, O_RDONLY);
	if (in < 0)
		return err_errno(e, errno, "open");
	add_capability(ae, in);
	return entry_header(p, ae, e) < 0 ? -1 : copy_content(p, in, st->st_size, e);
}

int entry_other(struct packer *p, struct archive_entry *ae, int fd, const char *name,
                const struct stat *st, struct err *e)
{
	if (S_ISSOCK(st->st_mode))
		return 0; /* tar has no word for it */
	if (layer_is_whiteout(p, st))
		return layer_mark_whiteout(p, name, e);
	if (S_ISLNK(st->st_mode) && set_symlink(ae, fd, e) < 0)
		return -1;
	is_link(p, ae, name, st);
	return entry_header(p, ae, e);
}
