/*
 * The record of progress. A commit writes the slot that is not in use and then flips one word, so
 * that a process killed between any two instructions leaves the old values or the new ones.
 */
#include "engine/stdio/stdio_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fd.h"

#define MAGIC 0x6c6f676c69746531ULL /* another layout gets another number */

struct record_file {
	uint64_t magic;
	_Atomic uint64_t active; /* 0 or 1 */
	struct record_slot slot[2];
};

int record_open(struct record *r, int state_dir, bool *fresh, struct err *e)
{
	_cleanup_close_ int fd = openat(state_dir, "record", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, sizeof(*r->map)) < 0)
		return err_errno(e, errno, "open log record");
	r->map = mmap(NULL, sizeof(*r->map), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (r->map == MAP_FAILED) {
		r->map = NULL;
		return err_errno(e, errno, "map log record");
	}
	*fresh = r->map->magic != MAGIC;
	r->now = (struct record_slot){ 0 };
	if (!*fresh)
		r->now = r->map->slot[r->map->active & 1];
	return 0;
}

void record_commit(struct record *r)
{
	uint64_t other = (atomic_load_explicit(&r->map->active, memory_order_relaxed) & 1) ^ 1;

	r->map->slot[other] = r->now;
	atomic_store_explicit(&r->map->active, other, memory_order_release);
	r->map->magic = MAGIC;
}

void record_close(struct record *r)
{
	if (r->map)
		munmap(r->map, sizeof(*r->map));
	r->map = NULL;
}
