/*
 * See create.h. In this order, so that being killed leaves the state before or after:
 * snapshot, folder, volumes, rows. What has no row is removed by the next start (recover.c).
 */
#include "engine/container/create.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/container/config.h"
#include "engine/container/store.h"
#include "engine/ctrd/ctrd.h"
#include "engine/container/mounts.h"
#include "engine/network/links.h"
#include "engine/container/names.h"
#include "engine/network/networking.h"
#include "engine/container/rootfs.h"
#include "engine/daemon/host_check.h"
#include "engine/daemon/runtimes.h"
#include "engine/volume/volume.h"

#define NAME_ATTEMPTS 20

char *container_path(struct engine *g, struct arena *a, const char *id, const char *file)
{
	if (str_empty(file))
		return engine_data_path(g, a, "containers/%s", id);
	return engine_data_path(g, a, "containers/%s/%s", id, file);
}

char *container_log_path(struct engine *g, struct arena *a, const char *id)
{
	return engine_data_path(g, a, "containers/%s/%s-json.log", id, id);
}

/* ---- the record ---- */

/* "web" and "/web" are the same name. */
static int check_name(const char **name, struct err *e)
{
	if (**name == '/')
		(*name)++;
	if (**name && !name_is_valid(*name))
		return err_set(e, ERR_INVALID,
		               "Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are "
		               "allowed",
		               *name);
	return 0;
}

static void default_hostname(struct arena *a, struct container_record *r)
{
	char host[256] = "localhost";

	if (!str_empty(r->config->hostname) || str_starts(r->host->network_mode, "container:"))
		return;
	r->config->hostname = arena_strndup(a, r->id, 12);
	if (str_eq(r->host->network_mode, "host") && gethostname(host, sizeof(host) - 1) == 0)
		r->config->hostname = arena_strdup(a, host);
}

static void split_command(struct arena *a, struct container_record *r)
{
	const struct strs *lists[] = { &r->config->entrypoint, &r->config->cmd };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		for (size_t k = 0; k < lists[i]->n; k++) {
			if (!r->path)
				r->path = lists[i]->v[k];
			else
				arena_push(a, &r->args, lists[i]->v[k]);
		}
	}
}

/* The containers whose namespaces this one wants to join are there. */
static int check_shared(struct engine *g, const struct api_host_config *h, struct err *e)
{
	const char *const modes[] = { h->ipc_mode, h->pid_mode, h->network_mode };

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		const char *name = modes[i] ? str_after(modes[i], "container:") : NULL;
		_cleanup_container_ struct container *other =
		        name ? containers_find(g->containers, name, e) : NULL;

		if (name && !other)
			return -1;
	}
	return 0;
}

/* Clients send "default" for the network that they leave to us: with --bridge none it is "none". */
static void name_default_network(struct api_networking_config *c, const char *network)
{
	for (size_t i = 0; c && i < c->endpoints.n; i++)
		if (str_eq(c->endpoints.v[i].key, "default"))
			c->endpoints.v[i].key = network;
}

static int fill_record(struct engine *g, struct arena *a, const struct api_create *body,
                       const struct image *image, struct container_record *r, struct strs *warnings,
                       struct err *e)
{
	/* A create body begins with the rows of Config: the tables are built from the same list. */
	struct api_config *config = arena_memdup(a, body, offsetof(struct api_create, host_config));
	struct api_host_config *host = arena_new(a, struct api_host_config);

	if (body->host_config)
		*host = *body->host_config;
	if (networking_validate(a, config, host, body->networking, e) < 0 ||
	    links_resolve(g, a, host->network_mode, &host->links, e) < 0)
		return -1; /* before the image adds the ports that it exposes */
	config_merge(a, config, image->config.config);
	host_config_defaults(a, &g->opt, engine_live(g), host);
	if (!runtime_program(g, a, host->runtime, e))
		return -1;
	if (check_shared(g, host, e) < 0)
		return -1;
	name_default_network(body->networking, host->network_mode);
	if (config_check(a, config, host, warnings, e) < 0)
		return -1;
	host_discard(a, &host->blkio_weight_device.n, warnings);
	*r = (struct container_record){ .id = r->id,
		                        .created = clock_now_ns(),
		                        .image = config->image,
		                        .image_id = image->id,
		                        .image_name = image->name,
		                        .snapshotter = g->opt.storage_driver,
		                        .config = config,
		                        .host = host,
		                        .networking = networking_fill(g, a, host->network_mode,
		                                                      body->networking) };
	default_hostname(a, r);
	split_command(a, r);
	return mounts_resolve(g, a, r, e);
}

/* ---- on the machine ---- */

static void remove_parts(struct engine *g, struct arena *a, const struct container_record *r)
{
	struct err e = { 0 };

	if (ctrd_snapshot_remove(g, r->snapshotter, r->id, &e) < 0 ||
	    tree_remove(AT_FDCWD, container_path(g, a, r->id, NULL), &e) < 0)
		log_warn_of(&e, "what was made for container %s stays until the next start", r->id);
}

/* Enters it under its name; a random one is tried again when somebody was faster. */
static struct container *enter(struct engine *g, struct arena *a, struct container_record *r,
                               const char *name, struct err *e)
{
	for (unsigned i = 0; i < NAME_ATTEMPTS; i++) {
		struct container *c;

		r->name = *name ? name : name_random(a, i);
		c = container_new(g, r);
		container_begin(c);
		if (containers_add(g->containers, c, e) == 0)
			return c;
		container_unref(c);
		if (*name)
			break;
	}
	return NULL;
}

static struct container *store(struct engine *g, struct arena *a, struct container_record *r,
                               struct volume_claim *volumes, const char *name, struct err *e)
{
	struct container *c = enter(g, a, r, name, e);
	struct store_change change = { 0 };
	int saved;

	if (!c)
		return NULL;
	volumes_rows(volumes, &change);
	saved = container_save_with(c, &change, e);
	if (saved < 0)
		containers_remove(g->containers, c);
	else
		volumes_settle(volumes);
	container_end(c);
	if (saved == 0)
		return c;
	container_unref(c);
	return NULL;
}

/* Its volumes, then the row of all of it. */
static struct container *make(struct engine *g, struct arena *a, struct container_record *r,
                              const struct ctrd_mounts *rootfs, const char *name, struct err *e)
{
	struct volume_claim *volumes = volumes_claim(g, a, r, e);
	struct container *c = NULL;

	if (volumes && volumes_fill(volumes, rootfs, e) == 0)
		c = store(g, a, r, volumes, name, e);
	if (!c)
		volumes_unclaim(volumes);
	return c;
}

/* "Not found" tells `docker run` to pull the image: nothing else that is missing may say so. */
static void not_the_image(struct err *e)
{
	if (e->kind == ERR_NOT_FOUND)
		e->kind = ERR_INVALID;
}

struct container *container_create(struct engine *g, const char *name, const char *platform,
                                   const struct api_create *body, struct arena *a,
                                   struct strs *warnings, struct err *e)
{
	char id[ID_SIZE];
	struct container_record r = { .id = id };
	struct ctrd_mounts mounts;
	struct container *c = NULL;
	struct image image;

	id_new(id);
	if (check_name(&name, e) < 0)
		return NULL;
	if (*name && containers_name_taken(g->containers, name, e))
		return NULL;
	if (image_get(g, body->image ? body->image : "", platform, a, &image, e) < 0)
		return NULL;
	if (fill_record(g, a, body, &image, &r, warnings, e) < 0) {
		not_the_image(e);
		return NULL;
	}
	if (ctrd_snapshot_prepare(g, r.snapshotter, r.id, image.snapshot, a, &mounts, e) == 0 &&
	    rootfs_mark(&mounts, e) == 0 &&
	    dir_make(container_path(g, a, r.id, NULL), 0710, e) == 0)
		c = make(g, a, &r, &mounts, name, e);
	if (!c) {
		not_the_image(e);
		remove_parts(g, a, &r);
		return NULL;
	}
	container_event(c, "create", NULL);
	return c;
}
