/* ctr images: what needs no registry and no archive. */
#include "ctr/images.h"
#include <stdio.h>
#include "base/log.h"
#include "base/str.h"

static const char *joined(struct ctr *c, const struct strs *words)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < words->n; i++)
		buf_printf(&b, "%s%s", i ? "," : "", words->v[i]);
	return words->n ? arena_strdup(&c->a, buf_cstr(&b)) : "-";
}

/* An image whose content is not there is listed without what only that can tell. */
static void add_row(struct ctr *c, struct ctr_table *t, const Images__Image *found)
{
	const char *labels = ctr_labels_text(c, found->n_labels, found->labels);
	struct err e = { 0 };
	struct ctr_image image;
	bool complete = ctr_image_read(c, found, &image, &e) == 0;

	if (!complete)
		log_error_of(&e, "failed calculating size for image %s", found->name);
	ctr_row(t, ctr_text(found->name), ctr_text(found->target->media_type),
	        ctr_text(found->target->digest), ctr_bytes(c, complete ? image.size : 0),
	        complete ? joined(c, &image.platforms) : "-", *labels ? labels : "-", NULL, NULL);
}

int ctr_image_list(struct ctr *c, struct err *e)
{
	Images__ListImagesRequest req = IMAGES__LIST_IMAGES_REQUEST__INIT;
	struct ctr_table table = CTR_TABLE_TIGHT(c);
	Images__ListImagesResponse *resp;

	req.n_filters = c->args.n;
	req.filters = c->args.v;
	if (ctr_call(c, RPC_IMAGES_LIST, &req, &resp, e) < 0)
		return -1;
	ctr_row(&table, "REF", "TYPE", "DIGEST", "SIZE", "PLATFORMS", "LABELS", NULL, NULL);
	for (size_t i = 0; i < resp->n_images; i++) {
		if (c->o.quiet)
			puts(ctr_text(resp->images[i]->name));
		else if (resp->images[i]->target)
			add_row(c, &table, resp->images[i]);
	}
	if (!c->o.quiet)
		ctr_table_print(&table);
	return 0;
}

int ctr_image_remove(struct ctr *c, struct err *e)
{
	Images__DeleteImageRequest req = IMAGES__DELETE_IMAGE_REQUEST__INIT;
	void *resp;

	for (size_t i = 0; i < c->args.n; i++) {
		req.name = c->args.v[i];
		if (c->o.sync && i + 1 == c->args.n) /* one collection of garbage is enough */
			pb_set(&req, sync, true);
		if (ctr_call(c, RPC_IMAGES_DELETE, &req, &resp, e) == 0) {
			puts(req.name);
			continue;
		}
		if (e->kind != ERR_NOT_FOUND)
			return err_wrap(e, "unable to delete %s", req.name);
		log_warn("%s: image not found", req.name);
		err_clear(e);
	}
	return 0;
}

static int create(struct ctr *c, const Images__Image *source, const char *name, struct err *e)
{
	Images__CreateImageRequest req = IMAGES__CREATE_IMAGE_REQUEST__INIT;
	Images__Image made = *source;
	void *resp;

	made.name = name;
	req.image = &made;
	return ctr_call(c, RPC_IMAGES_CREATE, &req, &resp, e);
}

static int tag(struct ctr *c, const Images__Image *source, const char *name, struct err *e)
{
	Images__DeleteImageRequest gone = IMAGES__DELETE_IMAGE_REQUEST__INIT;
	void *resp;

	if (create(c, source, name, e) == 0)
		return 0;
	if (!c->o.force || e->kind != ERR_ALREADY_EXISTS)
		return -1;
	err_clear(e);
	gone.name = name;
	if (ctr_call(c, RPC_IMAGES_DELETE, &gone, &resp, e) < 0)
		return -1;
	return create(c, source, name, e);
}

int ctr_image_tag(struct ctr *c, struct err *e)
{
	Images__Image *source;

	if (ctr_image_get(c, c->args.v[0], &source, e) < 0)
		return -1;
	for (size_t i = 1; i < c->args.n; i++) {
		if (tag(c, source, c->args.v[i], e) < 0)
			return -1;
		puts(c->args.v[i]);
	}
	return 0;
}

int ctr_image_label(struct ctr *c, struct err *e)
{
	Images__UpdateImageRequest req = IMAGES__UPDATE_IMAGE_REQUEST__INIT;
	Images__Image given = IMAGES__IMAGE__INIT;
	Images__UpdateImageResponse *resp;
	struct ctr_labels labels;

	if (ctr_labels_parse(c, &c->args, 1, &labels, e) < 0)
		return -1;
	given.name = c->args.v[0];
	given.n_labels = labels.n;
	given.labels = labels.v;
	req.image = &given;
	req.update_mask = ctr_labels_mask(c, &labels, c->o.replace_all);
	if (ctr_call(c, RPC_IMAGES_UPDATE, &req, &resp, e) < 0)
		return -1;
	puts(ctr_labels_text(c, resp->image->n_labels, resp->image->labels));
	return 0;
}
