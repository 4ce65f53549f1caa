/* Shared by task.c and task_wait.c. */
#ifndef CONTAINERD_TASKS_INTERNAL_H
#define CONTAINERD_TASKS_INTERNAL_H

#include <pthread.h>
#include "base/map.h"
#include "containerd/daemon.h"

struct task_waiter;

struct tasks {
	struct daemon *d;
	pthread_mutex_t lock;
	struct map map; /* "NS/ID" -> struct task *, or the mark of a reserved name */
	struct task_waiter *waiters;
};

#endif
