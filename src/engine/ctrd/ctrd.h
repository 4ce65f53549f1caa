/*
 * containerd as the engine uses it: snapshots, containers, tasks and their events, in plain types.
 * Everything returned lives in the given arena. Calls block; none is made while a lock is held.
 *
 * Errors keep the server's words, with ": <kind>" behind them as Go clients print them ("...: unknown"),
 * because users and scripts look for these texts.
 */
#ifndef ENGINE_CTRD_CTRD_H
#define ENGINE_CTRD_CTRD_H

#include "engine/engine.h"
#include "oci/runtime.h"

struct ctrd_mount {
	const char *type, *source;
	struct strs options;
};
struct ctrd_mounts {
	size_t n;
	struct ctrd_mount *v;
};

/* ---- snapshots ---- */

/* A writable snapshot that the garbage collector leaves alone until it is removed. */
int ctrd_snapshot_prepare(struct engine *g, const char *snapshotter, const char *key,
                          const char *parent, struct arena *a, struct ctrd_mounts *out,
                          struct err *e) must_check;
int ctrd_snapshot_mounts(struct engine *g, const char *snapshotter, const char *key,
                         struct arena *a, struct ctrd_mounts *out, struct err *e) must_check;
/* One that is not there is fine. */
int ctrd_snapshot_remove(struct engine *g, const char *snapshotter, const char *key, struct err *e)
        must_check;
/* Bytes of its own, and those of all that it lies on (its own included). */
int ctrd_snapshot_sizes(struct engine *g, const char *snapshotter, const char *key, int64_t *own,
                        int64_t *all, struct err *e) must_check;
/* Keys of the snapshots that one of containerd's filters chooses. */
#define CTRD_OUR_LABEL     "lighter.container" /* on what ctrd_snapshot_prepare makes */
#define CTRD_OUR_SNAPSHOTS "labels.\"" CTRD_OUR_LABEL "\""
int ctrd_snapshot_keys(struct grpc_client *client, const char *snapshotter, const char *filter,
                       struct arena *a, struct strs *out, struct err *e) must_check;

/* ---- containers ---- */

struct ctrd_container {
	const char *id, *image, *snapshotter, *runtime;
	const char *program; /* that the runtime's shim calls */
	const char *spec;    /* config.json */
};
int ctrd_container_create(struct engine *g, const struct ctrd_container *c, struct err *e)
        must_check;
int ctrd_container_delete(struct engine *g, const char *id, struct err *e)
        must_check; /* gone is fine */
int ctrd_container_ids(struct engine *g, struct arena *a, struct strs *out, struct err *e)
        must_check;
int ctrd_container_spec(struct engine *g, const char *id, struct arena *a, struct oci_spec *out,
                        struct err *e) must_check;

/* ---- tasks and execs (exec == NULL: the container's init) ---- */

struct ctrd_io {
	const char *in, *out, *err; /* paths of fifos, or NULL */
	bool terminal;
};

int ctrd_task_create(struct engine *g, const struct ctrd_container *c,
                     const struct ctrd_mounts *rootfs, const struct ctrd_io *io, int *pid,
                     struct err *e) must_check;
int ctrd_task_start(struct engine *g, const char *id, const char *exec, int *pid, struct err *e)
        must_check;
int ctrd_task_exec(struct engine *g, const char *id, const char *exec, const struct oci_process *p,
                   const struct ctrd_io *io, struct err *e) must_check;
int ctrd_task_kill(struct engine *g, const char *id, const char *exec, int signo, bool all,
                   struct err *e) must_check;
int ctrd_task_resize(struct engine *g, const char *id, const char *exec, unsigned w, unsigned h,
                     struct err *e) must_check;
int ctrd_task_close_stdin(struct engine *g, const char *id, const char *exec, struct err *e)
        must_check;
int ctrd_task_pause(struct engine *g, const char *id, bool pause, struct err *e) must_check;
int ctrd_task_pids(struct engine *g, const char *id, struct arena *a, struct json_i64s *out,
                   struct err *e) must_check;
int ctrd_task_update(struct engine *g, const char *id, const struct oci_resources *r, struct err *e)
        must_check;

struct ctrd_exit {
	int pid, code;
	int64_t at; /* ns */
};
/* ERR_NOT_FOUND when there is none. `exit` may be NULL. */
int ctrd_task_delete(struct engine *g, const char *id, const char *exec, struct ctrd_exit *exit,
                     struct err *e) must_check;
/* Of a start that is to be undone: killed and deleted, if there is one. */
void ctrd_task_drop(struct engine *g, const char *id);

enum ctrd_task_status {
	CTRD_TASK_UNKNOWN, /* its shim does not answer: it is as it was */
	CTRD_TASK_CREATED,
	CTRD_TASK_RUNNING,
	CTRD_TASK_PAUSED,
	CTRD_TASK_STOPPED
};
struct ctrd_task {
	const char *id;
	enum ctrd_task_status status;
	struct ctrd_exit exit; /* pid always; the rest when stopped */
};
struct ctrd_tasks {
	size_t n;
	struct ctrd_task *v;
};
int ctrd_task_list(struct engine *g, struct arena *a, struct ctrd_tasks *out, struct err *e)
        must_check;
/* NULL when there is none. */
const struct ctrd_task *ctrd_tasks_find(const struct ctrd_tasks *tasks, const char *id);
/* The process of an exec; `exec` NULL: the init process. `id` of the answer is borrowed from `exec`. */
int ctrd_task_get(struct engine *g, const char *id, const char *exec, struct ctrd_task *out,
                  struct err *e) must_check;

int ctrd_version(struct engine *g, struct arena *a, const char **version, const char **revision,
                 struct err *e) must_check;

/* ---- events ---- */

enum ctrd_event_kind { CTRD_EXIT, CTRD_OOM };

struct ctrd_event {
	enum ctrd_event_kind kind;
	const char *container, *process; /* of an exit: the container's id again, or the exec's */
	struct ctrd_exit exit;
};

struct grpc_stream;
/* A subscription to the events of our tasks: opened before tasks are listed, so none is missed. */
struct grpc_stream *ctrd_events_open(struct engine *g, struct err *e) must_check;
/* Waits for the next event that matters: 1, or 0 or -1 when the stream has ended. */
int ctrd_events_next(struct grpc_stream *s, struct arena *a, struct ctrd_event *out, struct err *e)
        must_check;

#endif
