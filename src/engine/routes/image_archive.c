/* POST /images/load, GET /images/get and GET /images/NAME/get. */
#include "base/log.h"
#include "engine/routes/api.h"
#include "engine/image/load.h"
#include "engine/image/save.h"
#include "engine/image/spool.h"

int api_image_load(struct api_call *c, struct err *e)
{
	struct progress p;
	int r, fd = image_spool(c, e);

	if (fd < 0)
		return -1;
	progress_init(&p, c);
	r = image_load(c->engine, fd, api_query_flag(c, "quiet"), &p, e);
	return progress_end(&p, r, e);
}

static int write_tar(void *user, const void *p, size_t n, struct err *e)
{
	return http_reply_write(user, p, n, e);
}

/* A failure after the head breaks the connection: half an archive must not look like a whole one. */
static int save(struct api_call *c, const struct strs *names, struct err *e)
{
	struct tar_writer w = { .write = write_tar, .user = c->reply };
	struct image_save *s = image_save_open(c->engine, names, e);
	struct err broken = { 0 };

	if (!s)
		return -1;
	if (http_reply_begin(c->reply, 200, "application/x-tar", &broken) == 0 &&
	    image_save_write(s, &w, &broken) == 0)
		(void)!http_reply_end(c->reply, &broken);
	if (broken.kind != ERR_NONE)
		log_error_of(&broken, "save");
	image_save_free(s);
	return 0;
}

int api_images_save(struct api_call *c, struct err *e)
{
	struct strs names = http_query_all(c->arena, c->req->query, "names");

	if (names.n == 0)
		return err_set(e, ERR_INVALID, "no images to save");
	return save(c, &names, e);
}

int api_image_save(struct api_call *c, struct err *e)
{
	struct strs names = { 0 };

	arena_push(c->arena, &names, api_param(c, "name"));
	return save(c, &names, e);
}
