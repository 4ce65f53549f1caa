/*
 * Labels as they come from the wire and lie in the database, and field masks that name them.
 * Everything lives in the arena of the call.
 */
#ifndef CONTAINERD_LABELS_H
#define CONTAINERD_LABELS_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "proto/google.pb-c.h"
#include "proto/pairs.pb-c.h"

struct labels {
	size_t n;
	Pairs__StringPair **v;
};

/* The pairs of a message: LABELS_OF(image), and back: LABELS_TO(image, labels). */
#define LABELS_OF(m)    ((struct labels){ (m)->n_labels, (m)->labels })
#define LABELS_TO(m, l) ((m)->n_labels = (l).n, (m)->labels = (l).v)

const char *labels_get(struct labels l, const char *key); /* NULL when absent */
void labels_set(struct arena *a, struct labels *l, const char *key, const char *value);
void labels_remove(struct labels *l, const char *key);

/* A key and its value together are at most LIMIT_LABEL_BYTES; `what` goes before the message. */
int labels_check(struct labels l, const char *what, struct err *e) must_check;

/* The database's form. Unpacking what is damaged gives no labels. */
struct slice labels_pack(struct arena *a, struct labels l);
struct labels labels_unpack(struct arena *a, struct slice blob);

/* For filters: the value of labels.a.b, path[0] being "labels". */
const char *labels_field(struct labels l, const struct strs *path);

/*
 * A path of a field mask that names labels: "labels" takes all of `from`, "labels.KEY" that one.
 * False when the path is about something else.
 */
bool labels_mask(struct arena *a, struct labels *to, struct labels from, const char *path);

#endif
