/* POST /images/create: pull, or import (fromSrc). */
#include "engine/image/import.h"
#include "engine/image/pull.h"

/* `tag` is a tag or a digest; the name may have its own. */
static int read_reference(struct api_call *c, struct reference *out, struct err *e)
{
	const char *name = api_query(c, "fromImage"), *tag = api_query(c, "tag");

	if (!str_empty(tag))
		name = arena_printf(c->arena, "%s%s%s", name, strchr(tag, ':') ? "@" : ":", tag);
	if (reference_parse(c->arena, name, out, e) < 0)
		return -1;
	if (!out->tag && !out->digest)
		return err_set(
		        e, ERR_UNIMPLEMENTED,
		        "pulling all tags of a repository is not there yet: name a tag of %s",
		        name);
	return 0;
}

int api_image_create(struct api_call *c, struct err *e)
{
	struct registry_auth auth;
	struct reference ref;
	struct progress p;
	int r;

	if (!str_empty(api_query(c, "fromSrc")))
		return image_import(c, e);
	if (read_reference(c, &ref, e) < 0 || api_registry_auth(c, &auth, e) < 0)
		return -1;
	progress_init(&p, c);
	r = image_pull(c->engine, &ref, api_query(c, "platform"), &auth, &p, e);
	return progress_end(&p, r, e);
}
