/*
 * Tasks: running containers. A task is a bundle, a shim and a connection to it; its processes' state
 * is the shim's to know, so nothing here is stored. The registry is the list of live shims.
 *
 * A task is counted; whoever got one from the registry gives it back. Its members do not change
 * after task_add, except what the lock of the registry guards.
 */
#ifndef CONTAINERD_TASK_H
#define CONTAINERD_TASK_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"
#include "containerd/daemon.h"
#include "containerd/shim.h"
#include "rpc/rpc.h"
#include "rpc/ttrpc_client.h"

struct task {
	struct daemon *d;
	char *ns, *id, *bundle, *binary;
	struct ttrpc_client *shim;
	/* I/O thread: */
	int log; /* the shim's log fifo */
	struct loop_source *log_source, *shim_source;
	/* Registry's lock: */
	int refs;
	bool gone; /* deleted, or died: not in the registry any more */
};

struct tasks *tasks_new(struct daemon *d);

/*
 * Reserves a name while its task is being made, so that a second Create fails: ERR_ALREADY_EXISTS.
 * Ends with task_add or tasks_release. A reserved name is not found.
 */
int tasks_reserve(struct tasks *t, const char *ns, const char *id, struct err *e) must_check;
void tasks_release(struct tasks *t, const char *ns, const char *id);

/* Connects to a shim and opens its log; owned by the caller until task_add. */
struct task *task_open(struct daemon *d, const char *ns, const char *id, const char *binary,
                       const char *address, struct err *e) must_check;
/* Puts it into the registry (which keeps a reference) and watches the shim from now on. */
void task_add(struct task *task);

struct task *task_ref(struct task *task);
void task_unref(struct task *task);
static inline void task_cleanup(struct task **t)
{
	if (*t)
		task_unref(*t);
}
#define _cleanup_task_ cleanup_with(task_cleanup)

/* ERR_NOT_FOUND when nothing runs under that name. */
struct task *tasks_find(struct tasks *t, const char *ns, const char *id, struct err *e) must_check;

/* References to all tasks of a namespace, in an array of the arena. */
struct task **tasks_all(struct tasks *t, struct arena *a, const char *ns, size_t *n);

/*
 * Out of the registry: true for the one caller that is to clean up. Stops the watching. The name
 * stays reserved, so that no new task meets the old one's bundle; tasks_release ends that.
 */
bool task_take_out(struct task *task);

/* Does its shim serve other tasks as well, those of a pod? */
bool task_shares_shim(const struct task *task);

struct shim_command task_command(const struct task *task);

/* Calls the shim; 0 waits as long as it takes. */
int task_call(struct task *task, enum rpc_method_id method, const void *req, int64_t timeout_ms,
              struct arena *a, void **resp, struct err *e) must_check;

/* task_wait.c: parks a Wait until the process's exit event comes; returns RPC_LATER. */
int task_park_wait(struct rpc_call *call, const char *ns, const char *id, const char *exec_id);
/* Answers those who wait for a process. Also called for each exit event. */
void task_exited(struct tasks *t, const char *ns, const char *id, const char *exec_id,
                 uint32_t status, int64_t exited_at);

/* task_death.c: a shim is gone without having been asked: clean up, publish, from a worker. */
void task_bury(void *task); /* takes the reference */
/* What a dead shim left, by its bundle alone. */
void task_bury_bundle(const struct shim_command *c);

/* task_load.c: finds the shims of an earlier life; returns when each is connected or buried. */
int tasks_load(struct daemon *d, struct err *e) must_check;

#endif
