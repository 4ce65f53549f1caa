/* docker create: the body, the image, POST /containers/create, the cidfile. */
#include "cli/container/create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "api/inspect.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/image/pull.h"

static const char *platform_of(const struct create_options *o)
{
	return o->platform ? o->platform : getenv("DOCKER_DEFAULT_PLATFORM");
}

static int pull(struct cli *cli, const struct create_options *o, const struct reference *ref,
                struct err *e)
{
	const char *tag = ref->digest ? ref->digest : ref->tag ? ref->tag : REFERENCE_DEFAULT_TAG;

	return image_fetch(cli, ref, tag, platform_of(o), o->quiet ? NULL : stderr, e);
}

static int post(struct cli *cli, const struct create_options *o, const char *body,
                struct api_created *out, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct api_request rq = { .method = "POST", .body = slice_of(body) };
	struct slice answer;

	api_path_start(&path, "/containers/create", "", "");
	if (!str_empty(o->name))
		api_query(&path, "name", o->name);
	if (!str_empty(platform_of(o)) && cli->api.version >= 41)
		api_query(&path, "platform", platform_of(o));
	rq.path = buf_cstr(&path.b);
	if (api_call(cli, &rq, &answer, e) < 0)
		return -1;
	return json_decode(&cli->arena, &api_created_type, answer, out, e);
}

/* The image is missing: say so, pull it, try again. */
static int pull_and_post(struct cli *cli, const struct create_options *o,
                         const struct reference *ref, const char *body, struct api_created *out,
                         struct err *e)
{
	struct reference tagged = *ref;

	reference_default_tag(&tagged);
	if (!o->quiet)
		fprintf(stderr, "Unable to find image '%s' locally\n",
		        reference_familiar(&cli->arena, &tagged));
	err_clear(e);
	if (pull(cli, o, ref, e) < 0)
		return -1;
	return post(cli, o, body, out, e);
}

static int check_cidfile(const struct create_options *o, struct err *e)
{
	if (str_empty(o->cidfile) || !path_exists(o->cidfile))
		return 0;
	return err_set(e, ERR_ALREADY_EXISTS,
	               "container ID file found, make sure the other container isn't running or "
	               "delete %s",
	               o->cidfile);
}

/* An image id is no reference: it is never pulled. */
static int resolve_image(struct arena *a, const char *image, struct reference *ref, bool *pullable,
                         struct err *e)
{
	const char *hex = str_after(image, "sha256:");

	*pullable = !(str_is_hex(hex ? hex : image, 64));
	return *pullable ? reference_parse(a, image, ref, e) : 0;
}

/* What the body asks for and an older daemon would silently leave out. */
static int check_version(const struct cli *cli, const struct api_create *body, struct err *e)
{
	for (size_t i = 0; i < body->networking->endpoints.n; i++)
		if (body->networking->endpoints.v[i].value->mac_address && cli->api.version < 44)
			return err_set(e, ERR_INVALID,
			               "\"specify mac-address per network\" requires API version "
			               "1.44, but the Docker daemon API version is 1.%d",
			               cli->api.version);
	return 0;
}

int container_make(struct cli *cli, const struct create_options *o, const struct api_create *body,
                   const char **id, struct err *e)
{
	const char *text = json_text(&cli->arena, &api_create_type, body);
	struct reference ref = { 0 };
	struct api_created created = { 0 };
	bool pullable;
	int r;

	if (check_cidfile(o, e) < 0 ||
	    resolve_image(&cli->arena, body->image, &ref, &pullable, e) < 0)
		return -1;
	if (pullable && str_eq(o->pull, "always") && pull(cli, o, &ref, e) < 0)
		return -1;
	if (api_ping(cli, e) < 0 || check_version(cli, body, e) < 0)
		return -1;
	r = post(cli, o, text, &created, e);
	if (r < 0 && pullable && e->kind == ERR_NOT_FOUND && str_eq(o->pull, "missing"))
		r = pull_and_post(cli, o, &ref, text, &created, e);
	if (r < 0)
		return -1;
	for (size_t i = 0; i < created.warnings.n; i++)
		fprintf(stderr, "WARNING: %s\n", created.warnings.v[i]);
	*id = created.id;
	if (str_empty(o->cidfile))
		return 0;
	return file_write(AT_FDCWD, o->cidfile, created.id, strlen(created.id), 0644, e);
}

int container_create(struct cli *cli, struct call *call, struct err *e)
{
	const struct create_options *o = call->options;
	struct api_create body;
	const char *id;

	if (create_body_make(cli, call, &body, e) < 0) {
		cli_print_failure(cli, call, e);
		return EXIT_DAEMON;
	}
	if (container_make(cli, o, &body, &id, e) < 0)
		return -1;
	puts(id);
	return 0;
}
