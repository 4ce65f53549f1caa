/* Writing to a registry. See push.h. */
#include "helpers/fetch/push.h"

int push_has(struct session *s, const struct fetch_request *req, struct exchange *x, struct err *e)
{
	x->method = "HEAD";
	return session_ask(s, x, session_path(s, x, "blobs", req->reference), e);
}

/* Where the blob goes: the registry says, and may say a host that credentials are not for. */
static int start_upload(struct session *s, const struct fetch_request *req, struct exchange *x,
                        struct err *e)
{
	const char *path = session_path(s, x, "blobs", "uploads/"), *more;

	x->method = "POST";
	x->form = "";
	if (!str_empty(req->from))
		path = arena_printf(x->arena, "%s?mount=%s&from=%s", path, req->reference,
		                    req->from);
	if (session_ask(s, x, path, e) < 0)
		return -1;
	if (x->status == 201)
		return 0; /* it was in the other repository */
	if (str_empty(x->location))
		return err_set(e, ERR_DATA_LOSS, "the registry does not say where to upload to");
	if (x->location[0] == '/')
		x->location = arena_printf(x->arena, "%s%s", x->endpoint->url, x->location);
	if (!str_after(x->location, x->endpoint->url))
		x->authorization = NULL;
	more = strchr(x->location, '?') ? "&" : "?";
	x->url = arena_printf(x->arena, "%s%sdigest=%s", x->location, more, req->reference);
	return 1;
}

int push_blob(struct session *s, const struct fetch_request *req, struct exchange *x, struct err *e)
{
	int from = x->in, more = start_upload(s, req, x, e);

	if (more <= 0)
		return more;
	x->method = "PUT";
	x->form = NULL;
	x->in = from;
	x->in_size = req->size;
	x->content_type = "application/octet-stream";
	if (exchange_run(x, e) < 0)
		return -1;
	return exchange_succeeded(x) ? 0 : exchange_refused(x, e);
}

/* The manifest comes in a memory file, so that it can be sent once more when we are asked who we are. */
int push_manifest(struct session *s, const struct fetch_request *req, struct exchange *x,
                  struct err *e)
{
	x->method = "PUT";
	x->in_size = req->size;
	x->content_type = req->media_type;
	return session_ask(s, x, session_path(s, x, "manifests", req->reference), e);
}
