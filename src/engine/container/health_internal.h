/* What health.c (what is known) and health_probe.c (running checks) share. */
#ifndef ENGINE_CONTAINER_HEALTH_INTERNAL_H
#define ENGINE_CONTAINER_HEALTH_INTERNAL_H

#include "base/loop.h"
#include "engine/container/health.h"

#define HEALTH_LOG    5    /* results that are kept */
#define HEALTH_OUTPUT 4096 /* bytes of each */

struct health_result {
	int64_t start, end; /* ns */
	int exit_code;      /* -1: it was killed or could not be started */
	char *output;       /* owned */
};

struct health {
	/* Under the container's lock. The status itself is in the container's state. */
	bool on;        /* checks are to be run */
	uint64_t round; /* a new one with every change of `on`: results of others come too late */
	int streak;     /* failures in a row */
	int64_t last;   /* when the last check ended, or the round began */
	size_t n;
	struct health_result log[HEALTH_LOG]; /* oldest first */
	char running[ID_SIZE];                /* exec of the check that runs, or "" */

	pthread_mutex_t file_lock; /* over reading the above and writing it to the file */

	/* The loop's thread only. */
	uint64_t loop_round;
	struct loop_source *next; /* the timer of the next check; holds a reference */
	struct probe *probe;
};

/* Its check, with the defaults filled in; NULL where it has none. Lives as long as the desc. */
const struct api_healthcheck *health_check_of(const struct container_record *r);
/* How long a check may run, in ns. */
int64_t health_timeout(const struct container_record *r);
/* ns until the next check is due, or -1 when `round` is over. */
int64_t health_delay(struct container *c, uint64_t round);

/* The exec `id` runs for the check; false when `round` is over. */
bool health_note_running(struct container *c, uint64_t round, const char *id);
/* What a check found; takes the output. `result` NULL: it could not be tried, which says nothing. */
void health_report(struct container *c, uint64_t round, struct health_result *result);

/* In the loop's thread: does what `on` and `round` say. Takes a reference. */
void health_sync(void *container);
/* Any thread: ends a check that a former engine had begun. */
void health_put_away(struct container *c, const char *exec);

#endif
