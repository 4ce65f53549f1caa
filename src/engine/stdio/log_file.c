/* Writing and rotating logs. See log_file.h. */
#include "engine/stdio/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/fd.h"

static pthread_mutex_t parts_lock = PTHREAD_MUTEX_INITIALIZER;

const struct log_format *log_format_of(enum log_driver d)
{
	return d == LOG_DRIVER_LOCAL ? &log_format_local : &log_format_json;
}

/* ---- parts ---- */

void log_parts_lock(void)
{
	pthread_mutex_lock(&parts_lock);
}

void log_parts_unlock(void)
{
	pthread_mutex_unlock(&parts_lock);
}

static char *part_name(struct arena *a, const char *path, unsigned index, bool gz)
{
	return arena_printf(a, "%s.%u%s", path, index, gz ? ".gz" : "");
}

int log_part_open(const char *path, unsigned index, bool *gz)
{
	_cleanup_arena_ struct arena a = { 0 };
	int fd = -1;

	*gz = false;
	if (index == 0)
		return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	for (int i = 0; i < 2 && fd < 0; i++) {
		*gz = i == 1;
		fd = open(part_name(&a, path, index, *gz), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	}
	return fd;
}

static bool part_exists(struct arena *a, const char *path, unsigned index)
{
	return access(part_name(a, path, index, false), F_OK) == 0 ||
	       access(part_name(a, path, index, true), F_OK) == 0;
}

/* A number that is not used, or the highest, whose file goes. */
static unsigned room_for_one(const struct log_file *l, struct arena *a)
{
	unsigned i = 1;

	while (i < l->max_files - 1 && part_exists(a, l->path, i))
		i++;
	unlink(part_name(a, l->path, i, false));
	unlink(part_name(a, l->path, i, true));
	return i;
}

static void move_files(const struct log_file *l)
{
	_cleanup_arena_ struct arena a = { 0 };

	for (unsigned i = room_for_one(l, &a); i > 1; i--)
		for (int gz = 0; gz < 2; gz++)
			rename(part_name(&a, l->path, i - 1, gz), part_name(&a, l->path, i, gz));
	rename(l->path, part_name(&a, l->path, 1, false));
}

bool log_file_rotate(struct log_file *l, uint64_t len)
{
	int fd;

	if (l->max_size <= 0 || len < (uint64_t)l->max_size || l->active)
		return false;
	log_parts_lock();
	if (l->max_files < 2)
		unlink(l->path);
	else
		move_files(l);
	fd = open(l->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	log_parts_unlock();
	if (fd < 0)
		return false; /* goes on in the file that was moved; the next entry tries again */
	fd_close(&l->fd);
	l->fd = fd;
	if (l->compress)
		l->active = log_compress_start(l->loop, l->path, &l->active);
	return true;
}

/* ---- the file ---- */

/* A kill between a rotation and the end of its compression left LOG.1 as it was. */
static void resume_compression(struct log_file *l)
{
	_cleanup_arena_ struct arena a = { 0 };

	if (l->compress && access(part_name(&a, l->path, 1, false), F_OK) == 0)
		l->active = log_compress_start(l->loop, l->path, &l->active);
}

int log_file_open(struct log_file *l, struct loop *loop, const struct stdio_config *c, bool fresh,
                  uint64_t *len, struct err *e)
{
	struct stat st;
	uint64_t size;

	l->format = log_format_of(c->driver);
	l->loop = loop;
	l->path = strdup(c->log_path);
	l->attrs = c->attrs ? strdup(c->attrs) : NULL;
	l->max_size = c->max_size;
	l->max_files = MIN(c->max_files, LOG_PARTS_MAX);
	l->compress = c->compress && l->max_files > 1;
	l->fd = open(l->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (l->fd < 0 || fstat(l->fd, &st) < 0)
		return err_errno(e, errno, "open %s", l->path);
	size = (uint64_t)st.st_size;
	*len = fresh ? l->format->whole(l->fd, size) : MIN(*len, size);
	if (*len < size && ftruncate(l->fd, (off_t)*len) < 0)
		return err_errno(e, errno, "truncate %s", l->path);
	resume_compression(l);
	return 0;
}

void log_file_close(struct log_file *l)
{
	if (l->active)
		log_compress_forget(l->active);
	l->active = NULL;
	fd_close(&l->fd);
	free(l->path);
	free(l->attrs);
	l->path = l->attrs = NULL;
}

void log_time_set(struct log_time *t, int64_t ns)
{
	t->ns = ns;
	clock_format(t->text, ns);
}

/* Without a size, or while it cannot be rotated, there is no end. */
static uint64_t room_of(const struct log_file *l, uint64_t len)
{
	return l->max_size > 0 && len < (uint64_t)l->max_size ? (uint64_t)l->max_size - len
	                                                      : UINT64_MAX;
}

size_t log_file_format(const struct log_file *l, struct buf *out, uint64_t len, enum output which,
                       const char *p, size_t n, bool final)
{
	struct log_time now;
	uint64_t room = room_of(l, len);
	size_t used = 0;

	log_time_set(&now, clock_now_ns());
	while (used < n && out->len < room) {
		size_t want = MIN(n - used, (size_t)LINE_BYTES);
		const char *nl = memchr(p + used, '\n', want);
		size_t take = nl ? (size_t)(nl - (p + used)) + 1 : want;

		if (!nl && want < LINE_BYTES && !final)
			break;
		/* The newline of a line of exactly LINE_BYTES belongs to it. */
		if (!nl && used + take < n && p[used + take] == '\n')
			take++;
		l->format->add(out, which, (struct slice){ p + used, take }, &now, l->attrs);
		used += take;
	}
	return used;
}

int log_file_write(struct log_file *l, uint64_t len, const struct buf *entries, struct err *e)
{
	size_t done = 0;

	while (done < entries->len) {
		ssize_t k = pwrite(l->fd, entries->data + done, entries->len - done,
		                   (off_t)(len + done));

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			err_errno(e, errno, "write %s", l->path);
			(void)!ftruncate(l->fd, (off_t)len);
			return -1;
		}
		done += (size_t)k;
	}
	return 0;
}
