/* Committed content on disk. See blobs.h. */
#include "containerd/blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "containerd/blobs_internal.h"

static int open_dir(const char *root, const char *name, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	char *path = path_join(&a, root, name);
	int fd;

	if (dir_make(path, 0755, e) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(e, errno, "open %s", path) : fd;
}

struct blobs *blobs_new(const char *root, struct err *e)
{
	struct blobs *b = xalloc(sizeof(*b));

	pthread_mutex_init(&b->lock, NULL);
	b->dir = open_dir(root, "io.containerd.content.v1.content/blobs/sha256", e);
	b->ingest = open_dir(root, "io.containerd.content.v1.content/ingest", e);
	if (b->dir >= 0 && b->ingest >= 0)
		return b;
	fd_close(&b->dir);
	fd_close(&b->ingest);
	free(b);
	return NULL;
}

int blobs_read(struct blobs *b, const char *digest, int64_t *size, struct err *e)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (!digest_is_sha256(digest))
		return err_set(e, ERR_INVALID, "invalid digest \"%s\": invalid argument", digest);
	fd = openat(b->dir, digest_hex(digest), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND, "content %s: not found", digest);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, errno, "open content %s", digest);
	*size = st.st_size;
	return take_fd(&fd);
}

bool blobs_has(struct blobs *b, const char *digest, int64_t *size)
{
	struct stat st;

	if (!digest_is_sha256(digest) || fstatat(b->dir, digest_hex(digest), &st, 0) < 0)
		return false;
	*size = st.st_size;
	return true;
}

void blobs_pin(struct blobs *b, const char *digest)
{
	uintptr_t n;

	pthread_mutex_lock(&b->lock);
	n = (uintptr_t)map_get(&b->pins, digest);
	map_set(&b->pins, digest, (void *)(n + 1));
	pthread_mutex_unlock(&b->lock);
}

void blobs_unpin(struct blobs *b, const char *digest)
{
	uintptr_t n;

	pthread_mutex_lock(&b->lock);
	n = (uintptr_t)map_get(&b->pins, digest);
	if (n > 1)
		map_set(&b->pins, digest, (void *)(n - 1));
	else
		map_remove(&b->pins, digest);
	pthread_mutex_unlock(&b->lock);
}

int blobs_remove(struct blobs *b, const char *digest,
                 bool (*referenced)(void *arg, const char *digest), void *arg, struct err *e)
{
	int r = 0;

	if (!digest_is_sha256(digest))
		return 0;
	pthread_mutex_lock(&b->lock);
	if (!map_get(&b->pins, digest) && !referenced(arg, digest) &&
	    unlinkat(b->dir, digest_hex(digest), 0) < 0 && errno != ENOENT)
		r = err_errno(e, errno, "remove content %s", digest);
	pthread_mutex_unlock(&b->lock);
	return r;
}

struct each {
	int (*fn)(void *arg, const char *digest);
	void *arg;
};

static int each_name(void *arg, unused_arg int dirfd, const char *name)
{
	struct each *each = arg;
	char digest[DIGEST_SIZE];

	snprintf(digest, sizeof(digest), "sha256:%.64s", name);
	return digest_is_sha256(digest) && strlen(name) == DIGEST_HEX ? each->fn(each->arg, digest)
	                                                              : 0;
}

int blobs_each(struct blobs *b, int (*fn)(void *arg, const char *digest), void *arg, struct err *e)
{
	struct each each = { fn, arg };

	return dir_each(b->dir, ".", each_name, &each, e);
}
