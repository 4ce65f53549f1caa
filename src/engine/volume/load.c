/*
 * Volumes at the engine's start: reads the rows, finishes what was interrupted, and takes in folders
 * that have no row. See volume.h for the names of folders.
 */
#include "engine/volume/internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/container/names.h"

static int load_row(void *arg, const char *id, struct slice json)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct volume_record r;
	struct err e = { 0 };
	struct engine *g = arg;

	if (json_decode(&a, &volume_record_type, json, &r, &e) < 0)
		log_error_of(&e, "volume %s cannot be read from the database", id);
	else
		volume_add_known(g->volumes, &r);
	return 0;
}

/* "new.NAME" and "gone.X.NAME" behind the dot, or NULL. */
static const char *unfinished_name(const char *file)
{
	const char *name = str_after(file, ".gone.");

	if (!name)
		return str_after(file, ".new.");
	name = strchr(name, '.');
	return name ? name + 1 : NULL;
}

/* The row tells which way it went: with one the folder is the volume's, without it is nobody's. */
static int finish(void *arg, unused_arg int dirfd, const char *file)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *name = unfinished_name(file), *from;
	struct engine *g = arg;
	struct err e = { 0 };
	bool wanted;

	if (!name)
		return 0;
	from = engine_data_path(g, &a, "volumes/%s", file);
	wanted = map_get(&g->volumes->by_name, name) && !path_exists(volume_folder(g, &a, name));
	volume_unmount_data(volume_data(&a, from));
	if (wanted && rename(from, volume_folder(g, &a, name)) == 0)
		return 0;
	if (volume_remove_folder(&a, from, &e) < 0)
		log_warn_of(&e, "remove %s", from);
	return 0;
}

static int take_in(void *arg, int dirfd, const char *name)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct volume_record r = { .name = name, .driver = VOLUME_DRIVER };
	struct engine *g = arg;
	struct stat st;

	if (!name_is_valid(name) || map_get(&g->volumes->by_name, name) ||
	    fstatat(dirfd, arena_printf(&a, "%s/_data", name), &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISDIR(st.st_mode))
		return 0;
	r.created = st.st_mtim.tv_sec * NS_PER_S;
	volume_add_known(g->volumes, &r);
	return 0;
}

static int make_missing(struct engine *g, struct err *e)
{
	const char *name;
	void *v;

	for (size_t i = 0; map_next(&g->volumes->by_name, &i, &name, &v);) {
		_cleanup_arena_ struct arena a = { 0 };

		const char *folder = volume_folder(g, &a, name);

		/* And what a copy into it left behind that did not end. */
		if (volume_make_folder(&a, folder, e) < 0 ||
		    tree_remove(AT_FDCWD, path_join(&a, folder, "_fill"), e) < 0)
			return -1;
	}
	return 0;
}

int volumes_load(struct engine *g, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *folder = volumes_folder(g, &a);

	g->volumes = xnew(struct volumes);
	pthread_mutex_init(&g->volumes->lock, NULL);
	pthread_cond_init(&g->volumes->changed, NULL);
	if (dir_make(folder, 0701, e) < 0 ||
	    store_rows(g->store, VOLUME_ROWS, load_row, g, e) < 0 ||
	    dir_each(AT_FDCWD, folder, finish, g, e) < 0 ||
	    dir_each(AT_FDCWD, folder, take_in, g, e) < 0)
		return -1;
	return make_missing(g, e);
}

void volumes_sweep(struct engine *g)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *name;
	void *value;

	pthread_mutex_lock(&g->volumes->lock); /* nobody else is there yet */
	for (size_t i = 0; map_next(&g->volumes->by_name, &i, &name, &value);) {
		const struct volume *v = value;
		size_t at = 0;
		const char *id;
		void *one;

		if (volume_is_mount(&v->r) && !map_next(&v->mounted, &at, &id, &one))
			volume_unmount_data(volume_data(&a, volume_folder(g, &a, name)));
	}
	pthread_mutex_unlock(&g->volumes->lock);
}
