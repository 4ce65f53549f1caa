/* Committing containers. See commit.h. */
#include "engine/image/commit.h"

#include "engine/container/run.h"
#include "engine/image/names.h"
#include "engine/image/instructions.h"
#include "engine/image/make.h"

/* What the new image starts with: the container's own words, then the changes. */
static struct oci_image_params *params_of(struct arena *a, const struct api_config *c)
{
	struct oci_image_params *p = arena_new(a, struct oci_image_params);

	*p = (struct oci_image_params){
		.user = c->user,
		.exposed_ports = c->exposed_ports,
		.env = c->env,
		.entrypoint = c->entrypoint,
		.cmd = c->cmd,
		.volumes = c->volumes,
		.working_dir = c->working_dir,
		.labels = c->labels,
		.stop_signal = c->stop_signal,
		.args_escaped = c->args_escaped,
		.stop_timeout = c->stop_timeout,
		.shell = c->shell,
	};
	if (c->healthcheck) {
		p->healthcheck = arena_new(a, struct oci_healthcheck);
		p->healthcheck->test = c->healthcheck->test;
		p->healthcheck->interval = c->healthcheck->interval;
		p->healthcheck->timeout = c->healthcheck->timeout;
		p->healthcheck->start_period = c->healthcheck->start_period;
		p->healthcheck->retries = c->healthcheck->retries;
	}
	return p;
}

/* The image under the container; it has a name, if only a dangling one, as long as it is used. */
static int find_base(struct engine *g, struct image_store *s, const struct container_record *r,
                     struct arena *a, struct image_content *out, struct err *e)
{
	struct image_names all;

	if (image_names(g, a, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (str_eq(all.v[i].target.digest, r->image_id))
			return image_content(g, s, &all.v[i].target, NULL, a, out, e);
	return err_set(e, ERR_NOT_FOUND, "No such image: %s", r->image_id);
}

static const char *words_of(struct arena *a, const struct strs *cmd)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < cmd->n; i++)
		buf_printf(&b, "%s%s", i ? " " : "", cmd->v[i]);
	return arena_strdup(a, buf_cstr(&b));
}

/* The diff is made while the container holds still; one that is paused already stays so. */
static int take_layer(struct container *c, const struct image_commit *how, struct image_store *s,
                      const char *parent, struct image_draft *d, struct err *e)
{
	struct err ignored = { 0 };
	bool paused = false;
	int r;

	if (how->pause) {
		_cleanup_view_ struct container_view v = { 0 };

		container_view(c, &v);
		if (container_is_running(&v.state))
			paused = container_pause(c, true, &ignored) == 0;
	}
	r = image_store_diff(s, c->id, parent, d->arena, &d->top, e);
	if (paused)
		(void)!container_pause(c, false, &ignored);
	return r;
}

static void tell(struct container *c, const struct image_draft *d, const char *id)
{
	struct json_map more = { 0 };

	json_map_set(d->arena, &more, "comment", d->said.comment);
	json_map_set(d->arena, &more, "imageID", id);
	json_map_set(d->arena, &more, "imageRef", d->name ? d->name : "");
	container_event(c, "commit", &more);
}

static int commit(struct container *c, const struct container_record *r,
                  const struct image_commit *how, struct image_draft *d, const char **id,
                  struct err *e)
{
	_cleanup_store_ struct image_store *s = image_store_open(
	        c->engine->ctrd, c->engine->opt.storage_driver, IMAGE_STORE_WRITE, e);
	struct image_content base;
	size_t n;

	if (!s || find_base(c->engine, s, r, d->arena, &base, e) < 0)
		return -1;
	d->config = base.config;
	d->config.config = params_of(d->arena, r->config);
	d->base = base.manifest;
	if (image_apply_changes(d->arena, &how->changes, d->config.config, e) < 0)
		return -1;
	n = base.config.rootfs->diff_ids.n;
	if (take_layer(c, how, s, n > 0 ? base.chains[n - 1] : NULL, d, e) < 0)
		return -1;
	return image_make(c->engine, d, s, id, e);
}

int image_commit(struct container *c, const struct image_commit *how, struct arena *a,
                 const char **id, struct err *e)
{
	_cleanup_view_ struct container_view v = { 0 };
	struct image_draft d = { .arena = a, .tar = -1 };
	int r;

	container_view(c, &v);
	d.said = (struct oci_history){ .created_by = words_of(a, &v.desc->r.config->cmd),
		                       .author = how->author,
		                       .comment = how->comment };
	if (image_make_name(a, how->repo, how->tag, &d.name, e) < 0)
		return -1;
	r = commit(c, &v.desc->r, how, &d, id, e);
	if (r == 0)
		tell(c, &d, *id);
	return r;
}
