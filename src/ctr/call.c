/* Calls of containerd's services, and labels. See ctr.h. */
#include <stdlib.h>
#include "ctr/ctr.h"
#include "base/str.h"
#include "proto/content.pb-c.h"

static int name_kind(struct err *e)
{
	const char *kind = err_kind_name(e->kind);
	size_t n = strlen(e->text);

	if (e->kind != ERR_UNAVAILABLE && !str_ends(e->text, kind) && n + 2 < sizeof(e->text))
		snprintf(e->text + n, sizeof(e->text) - n, ": %s", kind);
	return -1;
}

int ctr_call(struct ctr *c, enum rpc_method_id method, const void *req, void *resp, struct err *e)
{
	return grpc_call(c->client, NULL, method, req, &c->a, resp, e) < 0 ? name_kind(e) : 0;
}

static int receive_all(struct ctr *c, struct grpc_stream *s, const void *req, ctr_message_fn *fn,
                       void *arg, struct err *e)
{
	void *message;
	int r;

	if (grpc_stream_send(s, req, e) < 0 || grpc_stream_close_send(s, e) < 0)
		return name_kind(e);
	while ((r = grpc_stream_recv(s, &c->a, &message, e)) > 0)
		if (fn(c, message, arg, e) < 0)
			return -1;
	return r < 0 ? name_kind(e) : 0;
}

int ctr_stream(struct ctr *c, enum rpc_method_id method, const void *req, ctr_message_fn *fn,
               void *arg, struct err *e)
{
	struct grpc_stream *s = grpc_stream_open(c->client, NULL, method, e);
	int r;

	if (!s)
		return name_kind(e);
	r = receive_all(c, s, req, fn, arg, e);
	grpc_stream_free(s);
	return r;
}

static int add_chunk(unused_arg struct ctr *c, const void *message, void *arg,
                     unused_arg struct err *e)
{
	const Content__ReadContentResponse *chunk = message;

	buf_add(arg, chunk->data.data, chunk->data.len);
	return 0;
}

int ctr_blob(struct ctr *c, const char *digest, struct buf *out, struct err *e)
{
	Content__ReadContentRequest req = CONTENT__READ_CONTENT_REQUEST__INIT;

	req.digest = digest;
	return ctr_stream(c, RPC_CONTENT_READ, &req, add_chunk, out, e);
}

/* ---- labels ---- */

static int by_key(const void *a, const void *b)
{
	Pairs__StringPair *const *x = a, *const *y = b;

	return strcmp(ctr_text((*x)->key), ctr_text((*y)->key));
}

void ctr_labels_sort(size_t n, Pairs__StringPair **v)
{
	if (n)
		qsort(v, n, sizeof(*v), by_key);
}

const char *ctr_labels_text(struct ctr *c, size_t n, Pairs__StringPair **v)
{
	_cleanup_buf_ struct buf b = { 0 };

	ctr_labels_sort(n, v);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%s=%s", i ? "," : "", ctr_text(v[i]->key), ctr_text(v[i]->value));
	return arena_strdup(&c->a, buf_cstr(&b));
}

int ctr_labels_parse(struct ctr *c, const struct strs *words, size_t from, struct ctr_labels *out,
                     struct err *e)
{
	*out = (struct ctr_labels){ 0 };
	for (size_t i = from; i < words->n; i++) {
		const char *eq = strchr(words->v[i], '=');
		Pairs__StringPair *p = pb_new(&c->a, pairs__string_pair, Pairs__StringPair);

		if (eq == words->v[i])
			return err_set(e, ERR_INVALID, "a label without a key: %s", words->v[i]);
		p->key = eq ? arena_strndup(&c->a, words->v[i], (size_t)(eq - words->v[i]))
		            : words->v[i];
		p->value = eq ? eq + 1 : "true";
		arena_push(&c->a, out, p);
	}
	return 0;
}

Google__FieldMask *ctr_labels_mask(struct ctr *c, const struct ctr_labels *l, bool replace)
{
	Google__FieldMask *mask = pb_new(&c->a, google__field_mask, Google__FieldMask);
	struct strs paths = { 0 };

	if (replace)
		arena_push(&c->a, &paths, "labels");
	for (size_t i = 0; i < l->n && !replace; i++)
		arena_push(&c->a, &paths,
		           (const char *)arena_printf(&c->a, "labels.%s", l->v[i]->key));
	mask->n_paths = paths.n;
	mask->paths = paths.v;
	return mask;
}
