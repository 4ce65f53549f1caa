/*
 * Out of memory. See oom.h.
 * https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, "OOM Control": an eventfd is registered
 * in cgroup.event_control; it is signalled when the group is removed, too.
 */
#include "shim/oom.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

struct oom {
	int fd; /* v1: the eventfd; v2: memory.events */
	bool unified;
	uint64_t kills; /* v2: how many were counted before */
	struct loop_source *source;
	char *control; /* v1: memory.oom_control; gone with the group */
	void (*fn)(void *arg);
	void *arg;
};

/* "oom_kill 3" in memory.events. */
static uint64_t count_kills(int fd)
{
	char text[512];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	unsigned long long kills = 0;
	const char *p;

	text[n < 0 ? 0 : n] = '\0';
	p = strstr(text, "\noom_kill ");
	if (p)
		kills = strtoull(p + strlen("\noom_kill "), NULL, 10);
	return kills;
}

static bool happened(struct oom *o)
{
	uint64_t n;

	if (!o->unified)
		return read(o->fd, &n, sizeof(n)) == (ssize_t)sizeof(n) && path_exists(o->control);
	n = count_kills(o->fd);
	if (n <= o->kills)
		return false;
	o->kills = n;
	return true;
}

void oom_check(struct oom *o)
{
	if (o && happened(o))
		o->fn(o->arg);
}

static void on_event(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
	oom_check(arg);
}

static int register_v1(struct oom *o, const char *dir)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int control = -1;
	const char *line;

	o->control = xstrdup(path_join(&a, dir, "memory.oom_control"));
	o->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	control = open(o->control, O_RDONLY | O_CLOEXEC);
	if (o->fd < 0 || control < 0)
		return -1;
	line = arena_printf(&a, "%d %d", o->fd, control);
	return file_write(AT_FDCWD, path_join(&a, dir, "cgroup.event_control"), line, strlen(line),
	                  0, NULL);
}

static int register_v2(struct oom *o, const char *dir)
{
	_cleanup_arena_ struct arena a = { 0 };

	o->unified = true;
	o->fd = open(path_join(&a, dir, "memory.events"), O_RDONLY | O_CLOEXEC);
	if (o->fd < 0)
		return -1;
	o->kills = count_kills(o->fd);
	return 0;
}

struct oom *oom_watch(struct loop *l, const struct cgroup *c, void (*fn)(void *arg), void *arg)
{
	const char *memory = cgroup_dir(c, "memory");
	struct oom *o = xnew(struct oom);

	*o = (struct oom){ .fd = -1, .fn = fn, .arg = arg };
	if ((c->unified ? register_v2(o, c->unified)
	     : memory   ? register_v1(o, memory)
	                : -1) < 0 ||
	    !(o->source = loop_add(l, o->fd, o->unified ? EPOLLPRI : EPOLLIN, on_event, o, NULL))) {
		oom_free(o);
		return NULL;
	}
	return o;
}

void oom_free(struct oom *o)
{
	if (!o)
		return;
	loop_remove(o->source);
	fd_close(&o->fd);
	free(o->control);
	free(o);
}
