/*
 * A container: what it is (desc), how it is (state), where it is attached (net), and who is
 * changing it at the moment.
 *
 *     created ──start──▶ running ◀──pause/unpause──▶ paused
 *                          │ ▲
 *                    exit  ▼ └── start, restart policy (restarting)
 *                        exited ──rm──▶ removing ──▶ gone (dead when that failed)
 *
 * Two locks. `lock` is short: it guards the fields, is never held over I/O, and readers (ps,
 * inspect) need no other. `container_begin` .. `container_end` makes one thread the changer: it may
 * take long, talks to containerd and the network, and only other changers wait for it.
 * Order: the registry's lock, then a container's.
 */
#ifndef ENGINE_CONTAINER_CONTAINER_H
#define ENGINE_CONTAINER_CONTAINER_H

#include <pthread.h>
#include <stdatomic.h>
#include "base/id.h"
#include "base/map.h"
#include "api/inspect.h"
#include "engine/engine.h"
#include "engine/store.h"

struct health;
struct stdio;

/* ---- what it is: immutable once made, shared by reference ---- */

/* A mount as inspect shows it, and what else making it takes. */
#define CONTAINER_MOUNT(F)                                                                        \
	API_MOUNT_POINT(F)                                                                        \
	F(BOOL, hidden, "hidden", OMIT_EMPTY)       /* --tmpfs: inspect has it elsewhere */       \
	F(BOOL, anonymous, "anonymous", OMIT_EMPTY) /* a volume that can go with the container */ \
	F(BOOL, no_copy, "noCopy", OMIT_EMPTY)                                                    \
	F(BOOL, non_recursive, "nonRecursive", OMIT_EMPTY)                                        \
	F(BOOL, create_source, "createSource", OMIT_EMPTY)                                        \
	F(STR, tmpfs_options, "tmpfsOptions", OMIT_EMPTY)                                         \
	F(MAP, labels, "labels", OMIT_EMPTY) /* of a volume that is made for it */                \
	F(MAP, driver_opts, "driverOpts", OMIT_EMPTY)
JSON_STRUCT(container_mount, CONTAINER_MOUNT)

#define CONTAINER_RECORD(F)                                              \
	F(STR, id, "id", REQUIRED)                                       \
	F(STR, name, "name", REQUIRED) /* without the slash */           \
	F(TIME, created, "created", 0)                                   \
	F(STR, image, "image", 0)          /* as the client wrote it */  \
	F(STR, image_id, "imageId", 0)     /* sha256:... */              \
	F(STR, image_name, "imageName", 0) /* containerd's name of it */ \
	F(STR, snapshotter, "snapshotter", 0)                            \
	F(STR, path, "path", 0)                                          \
	F(STRS, args, "args", 0)                                         \
	F(OBJ, config, "config", REQUIRED, api_config)                   \
	F(OBJ, host, "hostConfig", REQUIRED, api_host_config)            \
	F(OBJ, networking, "networking", 0, api_networking_config)       \
	F(OBJS, mounts, "mounts", 0, container_mount)
JSON_STRUCT(container_record, CONTAINER_RECORD)

struct container_desc {
	atomic_uint refs;
	struct arena arena;
	struct container_record r;
};

struct container_desc *container_desc_new(const struct container_record *r); /* copies */
struct container_desc *container_desc_ref(struct container_desc *d);
void container_desc_unref(struct container_desc *d);

/* ---- where it is attached: immutable, replaced as a whole ---- */

#define CONTAINER_NET(F)                                \
	F(STR, sandbox_id, "sandboxId", 0)              \
	F(STR, sandbox_key, "sandboxKey", 0)            \
	F(OBJSMAP, ports, "ports", 0, api_port_binding) \
	F(OBJMAP, networks, "networks", 0, api_endpoint)
JSON_STRUCT(container_net_record, CONTAINER_NET)

struct container_net {
	atomic_uint refs;
	struct arena arena;
	struct container_net_record r;
};

struct container_net *container_net_new(const struct container_net_record *r); /* copies */
struct container_net *container_net_ref(struct container_net *n);
void container_net_unref(struct container_net *n);

/* ---- how it is ---- */

enum container_status {
	CONTAINER_CREATED,
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_RESTARTING,
	CONTAINER_EXITED,
	CONTAINER_DEAD,
};
const char *container_status_name(enum container_status s);
bool container_status_parse(const char *name, enum container_status *out);

enum health_status { HEALTH_NONE, HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY };

struct container_state {
	enum container_status status;
	enum health_status health; /* health.h; changes without the changer */
	int pid;                   /* of init, while running or paused */
	int exit_code;
	int64_t started_at, finished_at; /* ns */
	int restart_count;
	int backoff; /* restarts in a row without a long run; in memory only */
	bool oom_killed;
	bool stopped_by_user;            /* no restart policy brings it back */
	bool removing, removing_volumes; /* the anonymous ones with it */
	char error[400];                 /* of the last start that failed */
};

static inline bool container_is_running(const struct container_state *s)
{
	return s->status == CONTAINER_RUNNING || s->status == CONTAINER_PAUSED;
}

/* ---- the object ---- */

struct container {
	atomic_uint refs;
	struct engine *engine;
	char id[ID_SIZE];
	int64_t created;

	pthread_mutex_t lock;
	pthread_cond_t changed; /* state or busy */
	struct container_desc *desc;
	struct container_net *net; /* NULL: attached to nothing */
	struct container_state state;
	bool busy;
	struct container_waiter *waiters;
	struct health *health; /* made when it is first needed, then for good; see health.c */

	pthread_mutex_t io_lock; /* of io; held over calls of the pump only */
	struct stdio *io;        /* NULL until somebody attaches or starts */
};

/* A reference; the caller gives it back. */
struct container *container_new(struct engine *g, const struct container_record *r);
struct container *container_ref(struct container *c);
void container_unref(struct container *c);
void container_cleanup(struct container **c);
#define _cleanup_container_ cleanup_with(container_cleanup)

/* All of it at one moment. */
struct container_view {
	struct container_desc *desc;
	struct container_net *net;
	struct container_state state;
};
void container_view(struct container *c, struct container_view *v);
void container_view_release(struct container_view *v);
#define _cleanup_view_ cleanup_with(container_view_release)

/* Becomes the one who changes the container, after those who came before. */
void container_begin(struct container *c);
void container_end(struct container *c);
void container_end_cleanup(struct container **c);
#define _cleanup_changer_ cleanup_with(container_end_cleanup)

/* For the changer: new values in memory, then in the store. `net` and `desc` are taken. */
int container_set_state(struct container *c, const struct container_state *s,
                        enum store_durability d, struct err *e) must_check;
void container_set_net(struct container *c, struct container_net *n);
int container_set_desc(struct container *c, struct container_desc *d, struct err *e) must_check;

void container_get_state(struct container *c, struct container_state *s);
/*
 * For requests that need a running container: who has heard its program may send them before the
 * start is recorded.
 */
void container_await_start(struct container *c);

/* Small changes that need not wait for the changer. */
void container_mark_stopped_by_user(struct container *c, bool stopped);
void container_mark_oom(struct container *c);

/* Publishes "container/<action>" with the attributes that Docker gives it, and `more`. */
void container_event(struct container *c, const char *action, const struct json_map *more);

/* ---- waiting ---- */

enum container_wait { WAIT_NOT_RUNNING, WAIT_NEXT_EXIT, WAIT_REMOVED };

struct container_waiter {
	enum container_wait until;
	/* Called once, under the container's lock: it may only post elsewhere. */
	void (*fn)(struct container_waiter *w, int exit_code);
	const char *error; /* while fn runs: why it could not be removed, or NULL */
	struct container_waiter *next;
};

/* True when it is so already (*exit_code is set); else fn will be called. */
bool container_wait(struct container *c, struct container_waiter *w, int *exit_code);
/* False when fn was called, or is about to be. */
bool container_wait_cancel(struct container *c, struct container_waiter *w);
/* For the changer, after the state was set. */
void container_wake(struct container *c, enum container_wait what);
/* Nobody shall wait for a removal that has failed. */
void container_wake_failed(struct container *c, const char *error);

/* Blocks until it does not run; false after timeout_ms (-1: for ever). */
bool container_wait_stopped(struct container *c, int64_t timeout_ms);

/* ---- all of them ---- */

struct containers *containers_new(void);
void containers_free(struct containers *all); /* gives its references back */

/* Adds under its name; ERR_ALREADY_EXISTS says whose the name is. Keeps a reference of its own. */
int containers_add(struct containers *all, struct container *c, struct err *e) must_check;
/* True, with the words for it, when a create under this name would fail. */
bool containers_name_taken(struct containers *all, const char *name, struct err *e);
bool containers_gone(struct containers *all, const char *id); /* removed meanwhile */
void containers_remove(struct containers *all, struct container *c);
int containers_rename(struct containers *all, struct container *c, const char *name, struct err *e)
        must_check;

/* By full id, name or unique prefix of the id; a reference, or NULL with Docker's words. */
struct container *containers_find(struct containers *all, const char *ref, struct err *e)
        must_check;

struct container_list {
	size_t n;
	struct container **v;
};
/* References in the arena's array; containers_list_release gives them back. Newest first. */
struct container_list containers_list(struct containers *all, struct arena *a);
void containers_list_release(struct container_list *l);
#define _cleanup_list_ cleanup_with(containers_list_release)

#endif
