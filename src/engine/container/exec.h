/*
 * Execs: further processes in running containers. They live in memory only: a process of an exec
 * that an engine before us started goes on, and nobody asks for it any more.
 */
#ifndef ENGINE_CONTAINER_EXEC_H
#define ENGINE_CONTAINER_EXEC_H

#include "api/exec.h"
#include "engine/container/container.h"
#include "engine/ctrd/ctrd.h"
#include "engine/stdio/pump.h"

enum exec_status { EXEC_CREATED, EXEC_STARTING, EXEC_RUNNING, EXEC_EXITED };

/* Who hears an exec that has no client. */
struct exec_listener {
	/* From the pump's thread. */
	void (*on_output)(void *arg, const void *p, size_t n);
	/* Once, after the last output, whatever became of it; `why` when it could not be started. */
	void (*on_end)(void *arg, int code, const struct err *why);
	void *arg;
};

struct exec {
	atomic_uint refs;
	struct arena arena;
	char id[ID_SIZE];
	struct container *container;   /* a reference */
	struct api_exec_create config; /* in the arena */
	struct exec_listener listener; /* set before it is started, or empty */

	pthread_mutex_t lock; /* of what follows */
	enum exec_status status;
	int pid, exit_code;
	int64_t ended_ms;      /* monotonic */
	struct stdio *io;      /* from start to exit; closed by the exit */
	struct oci_box window; /* of the terminal at the start; 0 x 0: not said */
};

struct execs *execs_new(void);

/* A reference; ERR_PRECONDITION when the container does not run. */
struct exec *exec_create(struct container *c, const struct api_exec_create *config, struct err *e)
        must_check;
void exec_created(struct exec *x); /* publishes it */
struct exec *execs_find(struct execs *all, const char *id, struct err *e) must_check;
void exec_unref(struct exec *x);
void exec_cleanup(struct exec **x);
#define _cleanup_exec_ cleanup_with(exec_cleanup)

/*
 * Takes the exec for starting (once only: ERR_PRECONDITION afterwards) and runs it. A client, when
 * given, is attached before the process exists; its fd is taken. When the process cannot be
 * started the words go to that client too, as its only output.
 */
int exec_claim(struct exec *x, const struct api_exec_start *how, struct err *e) must_check;
int exec_run(struct exec *x, const struct stdio_client *client, struct err *e) must_check;

/* Claims it and runs it with a listener. */
void exec_run_heard(struct exec *x, const struct exec_listener *l);
/* Nobody will ask for it any more. */
void exec_forget(struct exec *x);

int exec_resize(struct exec *x, unsigned w, unsigned h, struct err *e) must_check;

/* An exit that containerd told of; any thread, returns at once. */
void exec_exited(struct exec *x, const struct ctrd_exit *exit);
/* All execs of a container that has ended are over. */
void execs_container_exited(struct execs *all, const char *container_id);

/* Ids of all execs that have been started and, for all we know, have not ended. */
struct strs execs_started(struct execs *all, struct arena *a);

/* Ids of the execs of one container that run or may be started. */
struct strs execs_of(struct execs *all, struct arena *a, const char *container_id);

#endif
