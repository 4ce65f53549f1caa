/*
 * Content that is being written. See blobs.h. An ingest survives its writer and the daemon: the next
 * writer of the same reference hashes what is there and goes on. The modification times of `ref` and
 * `data` are the times of the first and the last write.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "containerd/blobs.h"
#include "containerd/blobs_internal.h"

void ingest_name(const char *ref, char name[DIGEST_HEX + 1])
{
	sha256_hex(ref, strlen(ref), name);
}

static int lock_writer(struct blobs *b, const char *name, const char *ref, struct err *e)
{
	bool busy;

	pthread_mutex_lock(&b->lock);
	busy = map_get(&b->writers, name) != NULL;
	if (!busy)
		map_set(&b->writers, name, b);
	pthread_mutex_unlock(&b->lock);
	return busy ? err_set(e, ERR_UNAVAILABLE, "ref %s locked: unavailable", ref) : 0;
}

static void unlock_writer(struct blobs *b, const char *name)
{
	pthread_mutex_lock(&b->lock);
	map_remove(&b->writers, name);
	pthread_mutex_unlock(&b->lock);
}

static int64_t stat_time(const struct stat *st)
{
	return st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec;
}

static int read_status(struct blobs *b, const char *name, struct ingest_status *s)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct stat ref, data;

	if (fstatat(b->ingest, arena_printf(&a, "%s/ref", name), &ref, 0) < 0 ||
	    fstatat(b->ingest, arena_printf(&a, "%s/data", name), &data, 0) < 0)
		return -1;
	s->offset = data.st_size;
	s->started = stat_time(&ref);
	s->updated = stat_time(&data);
	return 0;
}

int ingest_stat(struct blobs *b, const char *ref, struct ingest_status *st, struct err *e)
{
	char name[DIGEST_HEX + 1];

	ingest_name(ref, name);
	*st = (struct ingest_status){ 0 };
	return read_status(b, name, st) < 0
	               ? err_set(e, ERR_NOT_FOUND, "reference %s: not found", ref)
	               : 0;
}

static int open_files(struct ingest *i, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *ref = arena_printf(&a, "%s/ref", i->name);

	if (mkdirat(i->blobs->ingest, i->name, 0755) < 0 && errno != EEXIST)
		return err_errno(e, errno, "create ingest %s", i->ref);
	if (faccessat(i->blobs->ingest, ref, F_OK, 0) < 0 &&
	    file_write(i->blobs->ingest, ref, i->ref, strlen(i->ref), 0644, e) < 0)
		return -1;
	i->data = openat(i->blobs->ingest, arena_printf(&a, "%s/data", i->name),
	                 O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	return i->data < 0 ? err_errno(e, errno, "open ingest %s", i->ref) : 0;
}

/* Hashes what an earlier writer left. */
static int resume(struct ingest *i, struct err *e)
{
	char chunk[32768];
	ssize_t n;

	digester_init(&i->digest);
	i->status.offset = 0;
	while ((n = read(i->data, chunk, sizeof(chunk))) > 0) {
		digester_add(&i->digest, chunk, (size_t)n);
		i->status.offset += n;
	}
	if (n < 0)
		return err_errno(e, errno, "read ingest %s", i->ref);
	i->status.started = i->status.updated = clock_now_ns();
	read_status(i->blobs, i->name, &i->status);
	return 0;
}

struct ingest *ingest_open(struct blobs *b, const char *ref, int64_t total, struct err *e)
{
	_cleanup_ingest_ struct ingest *i = NULL;
	char name[DIGEST_HEX + 1];

	ingest_name(ref, name);
	if (lock_writer(b, name, ref, e) < 0)
		return NULL;
	i = xalloc(sizeof(*i));
	i->blobs = b;
	i->ref = strdup(ref);
	i->data = -1;
	memcpy(i->name, name, sizeof(name));
	if (open_files(i, e) < 0 || resume(i, e) < 0)
		return NULL;
	i->status.total = total;
	return take_ptr(i);
}

int ingest_write(struct ingest *i, const void *p, size_t n, struct err *e)
{
	if (fd_write_all(i->data, p, n, e) < 0)
		return err_wrap(e, "write content %s", i->ref);
	digester_add(&i->digest, p, n);
	i->status.offset += (int64_t)n;
	i->status.updated = clock_now_ns();
	return 0;
}

int ingest_truncate(struct ingest *i, struct err *e)
{
	if (ftruncate(i->data, 0) < 0 || lseek(i->data, 0, SEEK_SET) < 0)
		return err_errno(e, errno, "truncate ingest %s", i->ref);
	digester_init(&i->digest);
	i->status.offset = 0;
	return 0;
}

int ingest_commit(struct ingest *i, const char *digest, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct blobs *b = i->blobs;
	int64_t size;

	blobs_pin(b, digest);
	if (!blobs_has(b, digest, &size)) {
		const char *data = arena_printf(&a, "%s/data", i->name);

		if (fdatasync(i->data) < 0 || fchmod(i->data, 0444) < 0 ||
		    renameat(b->ingest, data, b->dir, digest_hex(digest)) < 0 ||
		    fsync(b->dir) < 0) {
			blobs_unpin(b, digest);
			return err_errno(e, errno, "commit content %s", digest);
		}
	}
	if (tree_remove(b->ingest, i->name, e) < 0) {
		blobs_unpin(b, digest);
		return -1;
	}
	return 0;
}

void ingest_close(struct ingest *i)
{
	if (!i)
		return;
	fd_close(&i->data);
	unlock_writer(i->blobs, i->name);
	free(i->ref);
	free(i);
}

void ingest_cleanup(struct ingest **i)
{
	ingest_close(*i);
}

int ingest_scratch(struct blobs *b, struct err *e)
{
	int fd = openat(b->ingest, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd < 0 ? err_errno(e, errno, "make a temporary file") : fd;
}

int ingest_abort(struct blobs *b, const char *ref, struct err *e)
{
	char name[DIGEST_HEX + 1];
	int r;

	ingest_name(ref, name);
	if (lock_writer(b, name, ref, e) < 0)
		return -1;
	r = tree_remove(b->ingest, name, e);
	unlock_writer(b, name);
	return r;
}

struct clean {
	struct blobs *b;
	bool (*keep)(void *arg, const char *name);
	void *arg;
	struct err *e;
};

static int clean_one(void *arg, unused_arg int dirfd, const char *name)
{
	struct clean *c = arg;
	int r;

	if (c->keep(c->arg, name) || lock_writer(c->b, name, name, c->e) < 0)
		return 0;
	r = tree_remove(c->b->ingest, name, c->e);
	unlock_writer(c->b, name);
	return r;
}

int ingest_clean(struct blobs *b, bool (*keep)(void *arg, const char *name), void *arg,
                 struct err *e)
{
	struct clean c = { b, keep, arg, e };

	return dir_each(b->ingest, ".", clean_one, &c, e);
}
