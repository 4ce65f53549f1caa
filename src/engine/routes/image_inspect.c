/* GET /images/NAME/json and /images/NAME/history. */
#include "base/clock.h"
#include "engine/routes/api.h"
#include "engine/routes/image.h"
#include "engine/container/config.h"
#include "engine/image/view.h"

JSON_TYPE(api_image_rootfs, API_IMAGE_ROOTFS)
JSON_TYPE(api_image_metadata, API_IMAGE_METADATA)
JSON_TYPE(api_image_inspect, API_IMAGE_INSPECT)
JSON_TYPE(api_image_history, API_IMAGE_HISTORY)

static int view(struct api_call *c, struct image_view *out, struct err *e)
{
	struct engine *g = c->engine;
	_cleanup_store_ struct image_store *s =
	        image_store_open(g->ctrd, g->opt.storage_driver, IMAGE_STORE_READ, e);
	struct image_names all;
	struct image_name found;

	if (!s || image_find(g, api_param(c, "name"), c->arena, &found, e) < 0 ||
	    image_names(g, c->arena, &all, e) < 0 ||
	    image_view(g, s, &all, found.target.digest, c->arena, out, e) < 0)
		return -1;
	if (!out->complete)
		return err_set(e, ERR_NOT_FOUND, "image %s has no content for this platform",
		               api_param(c, "name"));
	return 0;
}

static const char *text(const char *s)
{
	return s ? s : "";
}

static void fill(struct api_image_inspect *out, const struct image_view *v)
{
	const struct oci_image *image = &v->content.config;

	*out = (struct api_image_inspect){
		.id = v->id,
		.repo_tags = v->tags,
		.repo_digests = v->digests,
		.parent = "",
		.comment = text(image->comment),
		.created = image->created,
		.container = text(image->container),
		.docker_version = text(image->docker_version),
		.author = text(image->author),
		.architecture = text(image->architecture),
		.variant = image->variant,
		.os = text(image->os),
		.os_version = image->os_version,
		.size = v->size,
		.virtual_size = v->size,
	};
}

int api_image_inspect(struct api_call *c, struct err *e)
{
	struct image_view v;
	struct api_config config = { 0 },
	                  made_from = { 0 }; /* docker-compose 1.29 looks into both */
	struct api_graph_driver driver = { .name = c->engine->opt.storage_driver };
	struct api_image_rootfs rootfs = { .type = "layers" };
	struct api_image_metadata metadata = { 0 };
	struct api_image_inspect out;

	if (view(c, &v, e) < 0)
		return -1;
	fill(&out, &v);
	config_merge(c->arena, &config, v.content.config.config);
	if (v.content.config.config)
		config.on_build = v.content.config.config->on_build; /* no container has it */
	rootfs.layers = v.content.config.rootfs->diff_ids;
	metadata.last_tag_time = v.tagged;
	out.config = &config;
	out.container_config = &made_from;
	out.graph_driver = &driver;
	out.root_fs = &rootfs;
	out.metadata = &metadata;
	out.descriptor = &v.target;
	return api_answer(c, 200, &api_image_inspect_type, &out);
}

/* Oldest first in the config, newest first for the reader; the newest is the image itself. */
int api_image_history(struct api_call *c, struct err *e)
{
	struct image_view v;
	const struct oci_image *image = &v.content.config;
	struct api_image_history *rows;
	size_t n, layer = 0;

	if (view(c, &v, e) < 0)
		return -1;
	n = image->history.n;
	rows = arena_array(c->arena, struct api_image_history, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct oci_history *h = &image->history.v[i];
		bool has_layer = !h->empty_layer && layer < v.content.manifest.layers.n;

		rows[n - 1 - i] = (struct api_image_history){
			.comment = text(h->comment),
			.created = h->created / NS_PER_S,
			.created_by = text(h->created_by),
			.id = i + 1 == n ? v.id : "<missing>",
			.size = has_layer ? v.layer_sizes[layer++] : 0,
			.tags = i + 1 == n ? v.tags : (struct strs){ 0 },
		};
	}
	return api_answer_list(c, &api_image_history_type, rows, n);
}
