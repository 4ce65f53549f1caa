/* Importing. See import.h. */
#include "engine/image/import.h"

#include <unistd.h>
#include "base/fd.h"
#include "engine/image/names.h"
#include "engine/image/instructions.h"
#include "engine/image/make.h"
#include "engine/image/spool.h"
#include "oci/platform.h"

static int set_platform(struct api_call *c, struct oci_image *config, struct err *e)
{
	const char *text = api_query(c, "platform");
	struct oci_platform p;

	platform_host(&p);
	if (!str_empty(text) && platform_parse(c->arena, text, &p, e) < 0)
		return -1;
	config->os = p.os;
	config->architecture = p.architecture;
	config->variant = p.variant;
	return 0;
}

static int read_query(struct api_call *c, struct image_draft *d, struct err *e)
{
	struct strs changes = http_query_all(c->arena, c->req->query, "changes");
	const char *message = api_query(c, "message");

	if (!str_eq(api_query(c, "fromSrc"), "-"))
		return err_set(
		        e, ERR_UNIMPLEMENTED,
		        "importing from a URL is not there yet: pipe it into docker import -");
	d->config.config = arena_new(c->arena, struct oci_image_params);
	d->said.comment = str_empty(message) ? "Imported from -" : message;
	if (image_make_name(c->arena, api_query(c, "repo"), api_query(c, "tag"), &d->name, e) < 0)
		return -1;
	if (image_apply_changes(c->arena, &changes, d->config.config, e) < 0)
		return -1;
	return set_platform(c, &d->config, e);
}

int image_import(struct api_call *c, struct err *e)
{
	_cleanup_close_ int tar = -1;
	struct image_draft d = { .arena = c->arena, .tar = -1 };
	struct image_store *s;
	struct progress p;
	const char *id;
	int r;

	/* The body first: who is refused while he still sends sees a broken pipe, not the words. */
	d.tar = tar = image_spool(c, e);
	if (tar < 0 || read_query(c, &d, e) < 0)
		return -1;
	s = image_store_open(c->engine->ctrd, c->engine->opt.storage_driver, IMAGE_STORE_WRITE, e);
	if (!s)
		return -1;
	progress_init(&p, c);
	r = image_make(c->engine, &d, s, &id, e);
	if (r == 0) {
		progress_say(&p, NULL, "%s", id);
		image_event(c->engine, "import", id, d.name ? d.name : id);
	}
	image_store_close(s);
	return progress_end(&p, r, e);
}
