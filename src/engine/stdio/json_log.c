/*
 * Docker's json-file format: one JSON object a line,
 *     {"log":"text\n","stream":"stdout","time":"2026-01-02T03:04:05.678Z"}
 * with "attrs" before "time" when the container has some. A line that is longer than LINE_BYTES
 * becomes several entries, of which only the last ends in "\n".
 */
#include "engine/stdio/stdio_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"

/* Where the last whole line of a log ends that nobody kept a record of. */
static uint64_t whole_lines(int fd, uint64_t size)
{
	char block[4096];

	while (size > 0) {
		size_t n = (size_t)MIN(size, sizeof(block));
		ssize_t k = pread(fd, block, n, (off_t)(size - n));
		const char *nl;

		if (k != (ssize_t)n)
			return 0;
		nl = memrchr(block, '\n', n);
		if (nl)
			return size - n + (uint64_t)(nl - block) + 1;
		size -= n;
	}
	return 0;
}

int json_log_open(struct json_log *l, const struct stdio_config *c, bool fresh, uint64_t *len,
                  struct err *e)
{
	struct stat st;

	l->path = strdup(c->log_path);
	l->attrs = c->attrs ? strdup(c->attrs) : NULL;
	l->max_size = c->max_size;
	l->max_files = c->max_files;
	l->fd = open(l->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (l->fd < 0 || fstat(l->fd, &st) < 0)
		return err_errno(e, errno, "open %s", l->path);
	*len = fresh ? whole_lines(l->fd, (uint64_t)st.st_size) : MIN(*len, (uint64_t)st.st_size);
	if (*len < (uint64_t)st.st_size && ftruncate(l->fd, (off_t)*len) < 0)
		return err_errno(e, errno, "truncate %s", l->path);
	return 0;
}

void json_log_close(struct json_log *l)
{
	fd_close(&l->fd);
	free(l->path);
	free(l->attrs);
	l->path = l->attrs = NULL;
}

static void add_entry(const struct json_log *l, struct buf *out, enum output which,
                      struct slice text, const char *time)
{
	buf_adds(out, "{\"log\":");
	json_quote_log(out, text);
	buf_adds(out, which == OUTPUT_STDOUT ? ",\"stream\":\"stdout\"" : ",\"stream\":\"stderr\"");
	if (l->attrs)
		buf_printf(out, ",\"attrs\":%s", l->attrs);
	buf_adds(out, ",\"time\":\"");
	buf_adds(out, time);
	buf_adds(out, "\"}\n");
}

size_t json_log_format(const struct json_log *l, struct buf *out, enum output which, const char *p,
                       size_t n, bool final)
{
	char time[CLOCK_TEXT_SIZE];
	size_t used = 0;

	clock_format(time, clock_now_ns());
	while (used < n) {
		size_t room = MIN(n - used, (size_t)LINE_BYTES);
		const char *nl = memchr(p + used, '\n', room);
		size_t len = nl ? (size_t)(nl - (p + used)) + 1 : room;

		if (!nl && room < LINE_BYTES && !final)
			break;
		/* The newline of a line of exactly LINE_BYTES belongs to it. */
		if (!nl && used + len < n && p[used + len] == '\n')
			len++;
		add_entry(l, out, which, (struct slice){ p + used, len }, time);
		used += len;
	}
	return used;
}

int json_log_write(struct json_log *l, uint64_t len, const struct buf *entries, struct err *e)
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

/* LOG -> LOG.1 -> LOG.2 ... ; the last one is overwritten. */
static void move_files(const struct json_log *l)
{
	_cleanup_arena_ struct arena a = { 0 };

	for (unsigned i = l->max_files - 1; i > 1; i--)
		rename(arena_printf(&a, "%s.%u", l->path, i - 1),
		       arena_printf(&a, "%s.%u", l->path, i));
	rename(l->path, arena_printf(&a, "%s.1", l->path));
}

bool json_log_rotate(struct json_log *l, uint64_t len)
{
	int fd;

	if (l->max_size <= 0 || len < (uint64_t)l->max_size)
		return false;
	if (l->max_files < 2)
		return ftruncate(l->fd, 0) == 0;
	move_files(l);
	fd = open(l->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return false; /* goes on in the file that was moved; the next entry tries again */
	fd_close(&l->fd);
	l->fd = fd;
	return true;
}
