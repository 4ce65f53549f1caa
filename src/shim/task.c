/* The table of the task service. Versions 2 and 3 have the same methods and messages. */
#include "shim/task.h"

#define TASK(id, handler)                 \
	{ RPC_TASK_V2_##id, handler },    \
	{                                 \
		RPC_TASK_V3_##id, handler \
	}

const struct rpc_route task_routes[] = {
	TASK(STATE, task_state),
	TASK(CREATE, task_create),
	TASK(START, task_start),
	TASK(DELETE, task_delete),
	TASK(PIDS, task_pids),
	TASK(PAUSE, task_pause),
	TASK(RESUME, task_resume),
	TASK(CHECKPOINT, task_checkpoint),
	TASK(KILL, task_kill),
	TASK(EXEC, task_exec),
	TASK(RESIZE_PTY, task_resize_pty),
	TASK(CLOSE_IO, task_close_io),
	TASK(UPDATE, task_update),
	TASK(WAIT, task_wait),
	TASK(STATS, task_stats),
	TASK(CONNECT, task_connect),
	TASK(SHUTDOWN, task_shutdown),
};
const size_t task_nroutes = sizeof(task_routes) / sizeof(task_routes[0]);
