/*
 * Containers and their processes, from the shim's point of view. A container has an init process and
 * any number of execs; both are struct process. Everything belongs to the loop's thread.
 *
 * A process that has died is `dead` at once, but its end is announced (state STOPPED, event, answers
 * to Wait) only in the order that watchers rely on: after its start was, and for an init process
 * after the ends of all execs.
 */
#ifndef SHIM_CONTAINER_H
#define SHIM_CONTAINER_H

#include <stdint.h>
#include <sys/types.h>
#include "base/arena.h"
#include "rpc/rpc.h"
#include "shim/cgroup.h"
#include "shim/io.h"
#include "shim/oom.h"
#include "shim/record.h"
#include "shim/runc.h"
#include "shim/shim.h"

/* In the order in which a process goes through them; masks of allowed states are 1 << state. */
enum process_state {
	PROCESS_NEW, /* being created */
	PROCESS_CREATED,
	PROCESS_RUNNING,
	PROCESS_PAUSED,
	PROCESS_STOPPED,
};

struct process {
	struct container *container;
	struct arena arena;  /* the strings here */
	const char *exec_id; /* NULL: the init process */
	enum process_state state;
	pid_t pid;
	bool terminal;
	const char *in, *out, *err;
	struct slice spec; /* an exec's, until it is started */
	struct io *io;
	bool starting; /* its start (or creation) is not announced yet */
	bool dead;
	uint32_t exit_status; /* when dead */
	int64_t exited_at;
	struct {
		struct loop_source *timer;
		size_t pending; /* bytes of output that nobody has read yet */
		int64_t since_ms, progress_ms;
	} drain; /* when dead, before that is announced */
	struct waiter *waiters;
	struct op *ops;                /* the first is under way */
	void (*on_end)(struct op *op); /* what an op under way waits for */
};

struct container {
	struct shim *shim;
	struct arena arena;
	const char *id, *bundle;
	struct runc_options options;
	struct runc runc;
	struct cgroup cgroup;
	struct oom *oom;
	bool oom_early; /* it happened before the start was announced */
	bool own_pids;  /* a PID namespace of its own: the kernel ends all with the init process */
	struct process init;
	struct map execs; /* exec id -> struct process */
};

/* Strings are copied. The container is in shim->containers. */
struct container *container_new(struct shim *s, const char *id, const char *bundle,
                                const struct runc_options *o);
void container_free(struct container *c);

struct process *process_new(struct container *c, const char *exec_id);
void process_free(struct process *p); /* an exec */

/* Copies where the client wants the streams. */
void process_take_streams(struct process *p, bool terminal, const char *in, const char *out,
                          const char *err);

struct container *container_find(struct shim *s, const char *id, struct err *e) must_check;
/* exec_id NULL or "" is the init process. */
struct process *process_find(struct shim *s, const char *id, const char *exec_id, struct err *e)
        must_check;

/* Its first process exists: notes where it is, and watches over its memory. */
void container_created(struct container *c);
/* Its start is announced. */
void container_started(struct container *c);

const char *process_state_name(enum process_state s);

/* ---- ending.c ---- */

/* The runtime has made the process with this pid: from now on its end is noticed. */
void process_watch(struct process *p, pid_t pid);
/* The same with the pid from a file, and its streams begin to flow. */
int process_adopt(struct process *p, const char *pid_file, struct err *e) must_check;
/* Announces the end if the time has come; call it whenever something it waits for has happened. */
void process_check_end(struct process *p);

/* Parks a Wait until the process has ended. */
void process_wait(struct process *p, struct rpc_call *call);
/* The process goes without having ended: whoever waits is told so. */
void process_drop_waiters(struct process *p);

#endif
