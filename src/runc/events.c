/* runc events: statistics, once with --stats, else at an interval together with OOM counts. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include "libcontainer/cgroup_stats.h"
#include "runc/command.h"

#define EVENT(F)                \
	F(STR, type, "type", 0) \
	F(STR, id, "id", 0)     \
	F(OBJ, data, "data", OMIT_EMPTY, cgroup_stats)
JSON_STRUCT(event, EVENT)
JSON_TYPE(event, EVENT)

struct options {
	const char *interval;
	bool stats;
};

/* Go's durations as far as people write them here: "5s", "500ms", "1m". */
static int parse_interval(const char *text, int *ms, struct err *e)
{
	static const struct {
		const char *unit;
		int ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 } };
	char *end;
	long n;

	*ms = 5000;
	if (!text)
		return 0;
	n = strtol(text, &end, 10);
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (end > text && n > 0 && n <= 86400 && strcmp(end, units[i].unit) == 0) {
			*ms = (int)n * units[i].ms;
			return 0;
		}
	}
	return err_set(e, ERR_INVALID, "invalid duration \"%s\" for --interval", text);
}

static void print_event(const struct container *c, const char *type, bool with_stats)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct cgroup_stats stats;
	struct event ev = { .type = type, .id = c->id };

	if (with_stats) {
		cgroup_stats(&a, &c->cgroup, &stats);
		ev.data = &stats;
	}
	printf("%s\n", json_text(&a, &event_type, &ev));
	fflush(stdout);
}

/* How often the kernel killed for memory: memory.oom_control (v1) or memory.events (v2). */
static unsigned long oom_count(const struct container *c)
{
	_cleanup_arena_ struct arena a = { 0 };

	return cgroup_oom_kills(&a, &c->cgroup);
}

static int follow(const struct container *c, int ms)
{
	unsigned long seen = oom_count(c);

	while (container_status(c) != CONTAINER_STOPPED) {
		unsigned long now;

		print_event(c, "stats", true);
		poll(NULL, 0, ms);
		now = oom_count(c);
		for (; seen < now; seen++)
			print_event(c, "oom", false);
	}
	return 0;
}

static int run(const struct call *call, struct err *e)
{
	_cleanup_container_ struct container c = { .dir = -1 };
	const struct options *o = call->options;
	int ms;

	if (parse_interval(o->interval, &ms, e) < 0 || call_load(call, &c, e) < 0)
		return -1;
	if (container_status(&c) == CONTAINER_STOPPED)
		return err_set(e, ERR_PRECONDITION, "container with id %s is not running", c.id);
	if (!o->stats)
		return follow(&c, ms);
	print_event(&c, "stats", true);
	return 0;
}

static const struct flag flags[] = {
	{ "interval", "", FLAG_STRING, offsetof(struct options, interval),
	  "set the stats collection interval (default: 5s)", false },
	{ "stats", "", FLAG_BOOL, offsetof(struct options, stats),
	  "display the container's stats then exit", false },
};

const struct command cmd_events = {
	.name = "events",
	.args = "<container-id>",
	.summary = "display container events such as OOM notifications, cpu, memory, and IO usage "
	           "statistics",
	.flags = FLAGS(flags),
	.options_size = sizeof(struct options),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
