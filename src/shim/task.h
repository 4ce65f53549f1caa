/* The methods of the task service, one handler each; task.c has the table. */
#ifndef SHIM_TASK_H
#define SHIM_TASK_H

#include "rpc/rpc.h"

extern const struct rpc_route task_routes[];
extern const size_t task_nroutes;

/* task_create.c, task_start.c, task_delete.c: from nothing to running and back. */
rpc_handler task_create, task_exec, task_start, task_delete;
/* task_control.c: what is done to a living process. */
rpc_handler task_kill, task_pause, task_resume, task_update, task_checkpoint, task_resize_pty,
        task_close_io;
/* task_query.c: what is asked about it. */
rpc_handler task_state, task_pids, task_wait, task_connect, task_stats;
/* server.c */
rpc_handler task_shutdown;

#endif
