/* The registry of volumes, their names and folders. See volume.h. */
#include "engine/volume/internal.h"
#include "engine/container/names.h"

#include <fcntl.h>
#include "base/file.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/mem.h"

JSON_TYPE(volume_record, VOLUME_RECORD)

#define FOLDER_MODE 0701 /* of a volume; who gets in is decided by _data */

/* ---- names ---- */

int volume_name_check(const char *name, struct err *e)
{
	if (name_is_valid(name))
		return 0;
	if (strlen(name) == 1)
		return err_set(e, ERR_INVALID,
		               "create %s: volume name is too short, names should be at least two "
		               "alphanumeric characters",
		               name);
	return err_set(
	        e, ERR_INVALID,
	        "create %.64s: \"%.64s\" includes invalid characters for a local volume name, "
	        "only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a "
	        "host directory, use absolute path",
	        name, name);
}

int volume_driver_check(const char *driver, const char *volume, struct err *e)
{
	char anonymous[ID_SIZE];

	if (str_empty(driver) || str_eq(driver, VOLUME_DRIVER))
		return 0;
	if (str_empty(volume)) {
		id_new(anonymous);
		volume = anonymous;
	}
	return err_set(e, ERR_NOT_FOUND,
	               "create %.64s: error looking up volume plugin %.64s: plugin \"%.64s\" not "
	               "found",
	               volume, driver, driver);
}

/* ---- folders ---- */

char *volumes_folder(struct engine *g, struct arena *a)
{
	return engine_data_path(g, a, "volumes");
}

char *volume_folder(struct engine *g, struct arena *a, const char *name)
{
	return engine_data_path(g, a, "volumes/%s", name);
}

char *volume_new_folder(struct engine *g, struct arena *a, const char *name)
{
	return engine_data_path(g, a, "volumes/.new.%s", name);
}

char *volume_data(struct arena *a, const char *folder)
{
	return arena_printf(a, "%s/_data", folder);
}

int volume_make_folder(struct arena *a, const char *folder, struct err *e)
{
	return dir_make(folder, FOLDER_MODE, e) < 0 ||
	                       dir_make(volume_data(a, folder), VOLUME_DATA_MODE, e) < 0
	               ? -1
	               : 0;
}

int volume_remove_folder(struct arena *a, const char *folder, struct err *e)
{
	volume_unmount_data(volume_data(a, folder));
	return tree_remove(AT_FDCWD, folder, e);
}

/* ---- the registry ---- */

static struct volume *volume_new(const struct volume_record *r)
{
	struct volume *v = xnew(struct volume);
	struct volume_record *copy = json_copy(&v->arena, &volume_record_type, r);

	v->r = *copy;
	return v;
}

void volume_add_known(struct volumes *all, const struct volume_record *r)
{
	if (!map_get(&all->by_name, r->name))
		map_set(&all->by_name, r->name, volume_new(r));
}

static struct volume *wait_for(struct volumes *all, const char *name)
{
	struct volume *v;

	while ((v = map_get(&all->by_name, name)) && v->busy)
		pthread_cond_wait(&all->changed, &all->lock);
	return v;
}

struct volume *volume_begin(struct volumes *all, const char *name)
{
	struct volume *v;

	pthread_mutex_lock(&all->lock);
	v = wait_for(all, name);
	if (v)
		v->busy = true;
	pthread_mutex_unlock(&all->lock);
	return v;
}

struct volume *volume_begin_or_add(struct volumes *all, const struct volume_record *r, bool *added)
{
	struct volume *v;

	pthread_mutex_lock(&all->lock);
	v = wait_for(all, r->name);
	*added = !v;
	if (!v) {
		v = volume_new(r);
		v->making = true;
		map_set(&all->by_name, r->name, v);
	}
	v->busy = true;
	pthread_mutex_unlock(&all->lock);
	return v;
}

void volume_end(struct volumes *all, struct volume *v)
{
	pthread_mutex_lock(&all->lock);
	v->busy = false;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->lock);
}

void volume_made(struct volumes *all, struct volume *v)
{
	pthread_mutex_lock(&all->lock);
	v->making = false;
	pthread_mutex_unlock(&all->lock);
}

void volume_drop(struct volumes *all, struct volume *v)
{
	pthread_mutex_lock(&all->lock);
	map_remove(&all->by_name, v->r.name);
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->lock);
	map_free(&v->mounted);
	arena_free(&v->arena);
	free(v);
}
