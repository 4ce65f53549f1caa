/*
 * Volumes: folders that outlive containers, DATA/volumes/NAME/_data, made by the driver `local`.
 *
 * A volume is a row of the store (kind "volume") and a folder. Being killed leaves the state before
 * or after, because one rename or one row decides:
 *
 *     made alone       row, then folder: a row without a folder gets one at the next start
 *     made with a      .new.NAME is filled, the container's row and the volume's come in one
 *     container        transaction, then .new.NAME becomes NAME
 *     removed          NAME becomes .gone.X.NAME, the row goes, then the folder
 *
 * A folder that has _data and no row is a volume as well, as Docker has it: users' data is never
 * thrown away because a row is missing.
 *
 * Two kinds of use: a container that exists refers to its volumes (found by looking at containers);
 * one that runs has them mounted. One lock for all, never held over I/O; whoever changes a volume
 * is its changer, as with containers.
 */
#ifndef ENGINE_VOLUME_VOLUME_H
#define ENGINE_VOLUME_VOLUME_H

#include "api/volume.h"
#include "engine/container/container.h"
#include "engine/ctrd/ctrd.h"

#define VOLUME_DRIVER "local"

struct volumes;

/* At start: reads rows and folders, finishes what was interrupted. */
int volumes_load(struct engine *g, struct err *e) must_check;
/* When containers are recovered: what no running container has mounted is unmounted. */
void volumes_sweep(struct engine *g);

/* ERR_INVALID with Docker's words. */
int volume_name_check(const char *name, struct err *e) must_check;
/* "" and "local" are ours. */
int volume_driver_check(const char *driver, const char *volume, struct err *e) must_check;

/* ---- what the API asks ---- */

/* An empty name makes an anonymous one; one that exists already is fine. */
int volume_create(struct engine *g, const struct api_volume_create *body, struct arena *a,
                  struct api_volume *out, struct err *e) must_check;
int volume_inspect(struct engine *g, const char *name, struct arena *a, struct api_volume *out,
                   struct err *e) must_check;
/* ERR_PRECONDITION while a container other than `except` (an id, or NULL) refers to it. */
int volume_remove(struct engine *g, const char *name, const char *except, struct err *e) must_check;

struct volume_list {
	size_t n;
	struct api_volume *v;
};
/* By name. */
struct volume_list volumes_list(struct engine *g, struct arena *a);

/* Which containers refer to which volumes, at one moment. */
struct volume_use {
	const char *volume, *container;
};
struct volume_uses {
	size_t n;
	struct volume_use *v;
};
struct volume_uses volume_uses(struct engine *g, struct arena *a);
size_t volume_uses_count(const struct volume_uses *u, const char *volume);

/* Bytes below a volume's _data. */
int64_t volume_size(struct engine *g, const char *name);

/* ---- a container is made ---- */

/* The volumes of a container that is not in the registry yet; in the caller's arena. */
struct volume_claim;

/*
 * Finds or makes each volume that the mounts name, and keeps it from being removed. An anonymous one
 * gets its name here. The sources of the mounts are filled in.
 */
struct volume_claim *volumes_claim(struct engine *g, struct arena *a, struct container_record *r,
                                   struct err *e) must_check;
/* Copies what the image has at each mount into volumes that are empty. */
int volumes_fill(struct volume_claim *claim, const struct ctrd_mounts *rootfs, struct err *e)
        must_check;
/* The rows of the volumes that are new, to be stored together with the container. */
void volumes_rows(struct volume_claim *claim, struct store_change *change);
/* The container is in the store and in the registry, or it will never be. */
void volumes_settle(struct volume_claim *claim);
void volumes_unclaim(struct volume_claim *claim);

/* ---- a container runs ---- */

int volumes_mount(struct engine *g, const struct container_record *r, struct err *e) must_check;
void volumes_unmount(struct engine *g, const struct container_record *r);
/* It ran all the time: says so without mounting and without events. */
void volumes_adopt(struct engine *g, const struct container_record *r);

/* ---- a container is removed ---- */

/* Its anonymous volumes, unless others use them too. */
void volumes_remove_anonymous(struct engine *g, const struct container_record *r);

#endif
