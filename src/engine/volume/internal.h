/* The object of volume.h and its changer. For src/engine/volume*.c only. */
#ifndef ENGINE_VOLUME_INTERNAL_H
#define ENGINE_VOLUME_INTERNAL_H

#include "engine/volume/volume.h"

#define VOLUME_ROWS      "volume" /* kind of the store's rows */
#define VOLUME_DATA_MODE 0755     /* of _data; the image's folder may say otherwise */

#define VOLUME_RECORD(F)                     \
	F(STR, name, "name", REQUIRED)       \
	F(STR, driver, "driver", REQUIRED)   \
	F(TIME, created, "created", 0)       \
	F(MAP, labels, "labels", OMIT_EMPTY) \
	F(MAP, options, "options", OMIT_EMPTY) /* type, device, o */
JSON_STRUCT(volume_record, VOLUME_RECORD)

struct volume {
	struct arena arena;
	struct volume_record r; /* immutable */
	/* The rest is guarded by the lock of all. */
	bool making;        /* with a container that is not stored yet: not shown */
	bool busy;          /* somebody is its changer */
	unsigned held;      /* by containers that are being made */
	struct map mounted; /* ids of the running containers that have it */
};

struct volumes {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct map by_name;
};

/* Becomes the changer, after those who came before; NULL when there is no such volume. */
struct volume *volume_begin(struct volumes *all, const char *name);
/* The same; a volume that is not there is added, to be settled or dropped by its changer. */
struct volume *volume_begin_or_add(struct volumes *all, const struct volume_record *r, bool *added);
void volume_end(struct volumes *all, struct volume *v);
/* For the changer: forgets it. */
void volume_drop(struct volumes *all, struct volume *v);
/* For the changer: it is there from now on. */
void volume_made(struct volumes *all, struct volume *v);

/* At start, when nobody else knows. */
void volume_add_known(struct volumes *all, const struct volume_record *r);

/* Paths in the data root, in the arena. */
char *volumes_folder(struct engine *g, struct arena *a);
char *volume_folder(struct engine *g, struct arena *a, const char *name);
char *volume_new_folder(struct engine *g, struct arena *a, const char *name);
char *volume_data(struct arena *a, const char *folder);

/* The folder with an empty _data. One that is there is fine. */
int volume_make_folder(struct arena *a, const char *folder, struct err *e) must_check;
/* With what is mounted there; nothing there is fine. */
int volume_remove_folder(struct arena *a, const char *folder, struct err *e) must_check;

char *volume_row(struct arena *a, const struct volume_record *r);
void volume_event(struct engine *g, const struct volume_record *r, const char *action,
                  const struct json_map *more);

/* ---- volumes that are mounts themselves (mount.c) ---- */

static inline bool volume_is_mount(const struct volume_record *r)
{
	return r->options.n > 0;
}
int volume_options_check(const struct json_map *options, struct err *e) must_check;
int volume_mount_data(const struct volume_record *r, const char *data, struct err *e) must_check;
void volume_unmount_data(const char *data);

/* ---- a container that is being made (claim.c) ---- */

struct claimed {
	const char *name;
	struct container_mount *first; /* the first mount of it */
	struct volume *v;
	bool added; /* ours: we are its changer until it is settled */
};

struct volume_claim {
	struct engine *g;
	struct arena *a;
	struct container_record *r;
	size_t n;
	struct claimed *v; /* by name: everybody waits for volumes in this order */
};

struct claimed *volume_claimed(const struct volume_claim *c, const char *name);

/* ---- copying (copy.c) ---- */

/* All below the directory `from` into the empty directory `to`, then owner, mode and times of `to`. */
int volume_copy(int from, int to, struct err *e) must_check;

#endif
