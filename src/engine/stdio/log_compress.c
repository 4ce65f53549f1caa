/*
 * Compressed parts of logs: gzip, made in a thread of its own, because a part has many megabytes and the
 * pump serves others. The result has no name until it is whole and on disk; then it takes the place
 * of the part if that is still LOG.1.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "base/arena.h"
#include "base/fd.h"
#include "base/mem.h"
#include "engine/stdio/log_file.h"

#define STACK_BYTES (128 * 1024)
#define GZIP        16 /* added to zlib's window bits */

struct log_compress {
	struct loop *loop;
	char *path;
	struct log_compress **slot; /* the loop's thread only; NULL: forgotten */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned running;

/* A file without a name, in the folder of `path`. */
static int unnamed_beside(const char *path, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *slash = strrchr(path, '/');
	const char *dir = slash ? arena_strndup(&a, path, (size_t)(slash - path)) : ".";
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0640);

	return fd < 0 ? err_errno(e, errno, "make a file in %s", dir) : fd;
}

/* ---- compressing ---- */

static int deflate_all(z_stream *z, int from, int to)
{
	static const size_t size = BLOCK_BYTES;
	_cleanup_arena_ struct arena a = { 0 };
	unsigned char *in = arena_alloc(&a, size), *out = arena_alloc(&a, size);
	ssize_t n;
	int code;

	do {
		n = read(from, in, size);
		if (n < 0)
			return -1;
		z->next_in = in;
		z->avail_in = (unsigned)n;
		do {
			z->next_out = out;
			z->avail_out = size;
			code = deflate(z, n == 0 ? Z_FINISH : Z_NO_FLUSH);
			if (code == Z_STREAM_ERROR ||
			    fd_write_all(to, out, size - z->avail_out, NULL) < 0)
				return -1;
		} while (z->avail_out == 0);
	} while (n > 0);
	return 0;
}

static int compress_file(int from, int to)
{
	z_stream z = { 0 };
	int r;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP, 8,
	                 Z_DEFAULT_STRATEGY) != Z_OK)
		return -1;
	r = deflate_all(&z, from, to);
	deflateEnd(&z);
	return r < 0 || fdatasync(to) < 0 ? -1 : 0;
}

static bool is_still(const char *name, int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(name, &b) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

static void take_place(const char *plain, const char *gz, int from, int to)
{
	char self[40];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", to);
	log_parts_lock();
	if (is_still(plain, from)) {
		unlink(gz);
		if (linkat(AT_FDCWD, self, AT_FDCWD, gz, AT_SYMLINK_FOLLOW) == 0)
			unlink(plain);
	}
	log_parts_unlock();
}

static void compress_part(const char *path)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *plain = arena_printf(&a, "%s.1", path), *gz = arena_printf(&a, "%s.1.gz", path);
	_cleanup_close_ int from = open(plain, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_close_ int to = from < 0 ? -1 : unnamed_beside(path, NULL);

	if (to >= 0 && compress_file(from, to) == 0)
		take_place(plain, gz, from, to);
}

static void done(void *arg)
{
	struct log_compress *c = arg;

	if (c->slot)
		*c->slot = NULL;
	free(c->path);
	free(c);
}

static void *run(void *arg)
{
	struct log_compress *c = arg;

	compress_part(c->path);
	loop_post(c->loop, done, c);
	pthread_mutex_lock(&lock);
	running--;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return NULL;
}

struct log_compress *log_compress_start(struct loop *l, const char *path,
                                        struct log_compress **slot)
{
	struct log_compress *c = xalloc(sizeof(*c));
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	*c = (struct log_compress){ l, strdup(path), slot };
	pthread_mutex_lock(&lock);
	running++;
	pthread_mutex_unlock(&lock);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	r = pthread_create(&thread, &attr, run, c);
	pthread_attr_destroy(&attr);
	if (r == 0)
		return c;
	pthread_mutex_lock(&lock);
	running--;
	pthread_mutex_unlock(&lock);
	c->slot = NULL;
	done(c);
	return NULL;
}

void log_compress_forget(struct log_compress *c)
{
	c->slot = NULL;
}

void log_compress_settle(void)
{
	pthread_mutex_lock(&lock);
	while (running > 0)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

/* ---- reading ---- */

static int inflate_all(z_stream *z, int from, int to)
{
	static const size_t size = BLOCK_BYTES;
	_cleanup_arena_ struct arena a = { 0 };
	unsigned char *in = arena_alloc(&a, size), *out = arena_alloc(&a, size);
	int code = Z_OK;

	while (code == Z_OK || code == Z_BUF_ERROR) {
		if (z->avail_in == 0) {
			ssize_t n = read(from, in, size);

			if (n <= 0)
				return 0;
			z->next_in = in;
			z->avail_in = (unsigned)n;
		}
		z->next_out = out;
		z->avail_out = size;
		code = inflate(z, Z_NO_FLUSH);
		if (fd_write_all(to, out, size - z->avail_out, NULL) < 0)
			return -1;
	}
	return 0;
}

int log_decompress(int fd, const char *path, struct err *e)
{
	_cleanup_close_ int to = unnamed_beside(path, e);
	z_stream z = { 0 };
	int r;

	if (to < 0)
		return -1;
	if (inflateInit2(&z, MAX_WBITS + GZIP) != Z_OK)
		return err_set(e, ERR_EXHAUSTED, "read a compressed log");
	r = inflate_all(&z, fd, to);
	inflateEnd(&z);
	return r < 0 ? err_set(e, ERR_EXHAUSTED, "no room to read a compressed log") : take_fd(&to);
}
