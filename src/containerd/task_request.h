/* Shared by the files of the tasks service. */
#ifndef CONTAINERD_TASK_REQUEST_H
#define CONTAINERD_TASK_REQUEST_H

#include "containerd/task.h"

/* Questions that a healthy shim answers at once. */
#define TASK_QUERY_TIMEOUT_MS 10000
#define TASK_STATE_TIMEOUT_MS 2000

/* A reference to the task that a request names; NULL with the error. */
struct task *request_task(struct rpc_call *call, const char *id, struct err *e) must_check;

#endif
