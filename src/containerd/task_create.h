/* How a task comes into being, apart from its RPC. */
#ifndef CONTAINERD_TASK_CREATE_H
#define CONTAINERD_TASK_CREATE_H

#include "containerd/daemon.h"
#include "containerd/task.h"
#include "proto/tasks.pb-c.h"

/* Makes the bundle, starts the shim, creates the container in it: *pid is its init's. */
int task_create(struct daemon *d, struct arena *a, const char *ns,
                const Tasks__CreateTaskRequest *req, uint32_t *pid, struct err *e) must_check;

/* Asks the shim to go, which it does when it has no container; true when it is gone by then. */
bool task_shutdown(struct task *task, int patience_ms);
/* That, and removes the bundle. */
void task_dismiss(struct task *task);

#endif
