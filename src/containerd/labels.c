/* Labels. See labels.h. */
#include "containerd/labels.h"

#include <string.h>
#include "base/limits.h"
#include "rpc/rpc.h"
#include "rpc/wkt.h"

static const char *text(const char *s)
{
	return s ? s : "";
}

const char *labels_get(struct labels l, const char *key)
{
	for (size_t i = 0; i < l.n; i++)
		if (str_eq(text(l.v[i]->key), key))
			return text(l.v[i]->value);
	return NULL;
}

void labels_remove(struct labels *l, const char *key)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (!str_eq(text(l->v[i]->key), key))
			l->v[n++] = l->v[i];
	l->n = n;
}

void labels_set(struct arena *a, struct labels *l, const char *key, const char *value)
{
	Pairs__StringPair *p = pb_new(a, pairs__string_pair, Pairs__StringPair);
	Pairs__StringPair **v = arena_array(a, Pairs__StringPair *, l->n + 1);

	labels_remove(l, key);
	if (l->n > 0)
		memcpy(v, l->v, l->n * sizeof(*v));
	p->key = arena_strdup(a, key);
	p->value = arena_strdup(a, value);
	v[l->n++] = p;
	l->v = v;
}

int labels_check(struct labels l, const char *what, struct err *e)
{
	for (size_t i = 0; i < l.n; i++)
		if (strlen(text(l.v[i]->key)) + strlen(text(l.v[i]->value)) > LIMIT_LABEL_BYTES)
			return err_set(e, ERR_INVALID,
			               "%s: label key and value greater than maximum size "
			               "(%d bytes), key: %.10s: invalid argument",
			               what, LIMIT_LABEL_BYTES, text(l.v[i]->key));
	return 0;
}

struct slice labels_pack(struct arena *a, struct labels l)
{
	Pairs__StringMap m = PAIRS__STRING_MAP__INIT;

	m.n_pairs = l.n;
	m.pairs = l.v;
	return pb_pack(a, &m);
}

struct labels labels_unpack(struct arena *a, struct slice blob)
{
	struct err ignored = { 0 };
	Pairs__StringMap *m =
	        rpc_unpack(a, &pairs__string_map__descriptor, blob.data, blob.len, &ignored);

	return m ? (struct labels){ m->n_pairs, m->pairs } : (struct labels){ 0 };
}

const char *labels_field(struct labels l, const struct strs *path)
{
	_cleanup_buf_ struct buf key = { 0 };

	for (size_t i = 1; i < path->n; i++) {
		buf_adds(&key, i > 1 ? "." : "");
		buf_adds(&key, path->v[i]);
	}
	return labels_get(l, buf_cstr(&key));
}

bool labels_mask(struct arena *a, struct labels *to, struct labels from, const char *path)
{
	const char *key = str_after(path, "labels.");

	if (str_eq(path, "labels")) {
		*to = from;
		return true;
	}
	if (key)
		labels_set(a, to, key, text(labels_get(from, key)));
	return key != NULL;
}
