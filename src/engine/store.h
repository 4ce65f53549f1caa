/*
 * What the engine must not forget: DATA/lighter.db, SQLite in WAL mode.
 *
 * A container is a row with two documents: `record` (what it is, written once) and `state` (how it
 * is). libnetwork's objects are rows of one document. A write that acknowledges something to a user is STORE_DURABLE (one sync of the log); the rest
 * survives the engine's death, not a power cut. Thread-safe: one connection behind one lock, which
 * nobody holds while he holds a container's.
 */
#ifndef ENGINE_STORE_H
#define ENGINE_STORE_H

#include "base/err.h"
#include "base/str.h"

struct store;

enum store_durability { STORE_FAST, STORE_DURABLE };

/* Opens or creates; a database of a later Lighter is refused by name. */
struct store *store_open(const char *path, struct err *e) must_check;
void store_close(struct store *s);

/* Inserts or replaces the whole row. */
int store_container_put(struct store *s, const char *id, struct slice record, struct slice state,
                        enum store_durability d, struct err *e) must_check;
int store_container_state(struct store *s, const char *id, struct slice state,
                          enum store_durability d, struct err *e) must_check;
int store_container_remove(struct store *s, const char *id, enum store_durability d, struct err *e)
        must_check;

/* Calls fn for each row; the slices are borrowed. Stops when fn returns non-zero. */
int store_containers(struct store *s,
                     int (*fn)(void *arg, const char *id, struct slice record, struct slice state),
                     void *arg, struct err *e) must_check;

/* Rows of one JSON document by kind and id (libnetwork's). The slices given to fn are borrowed. */
int store_row_put(struct store *s, const char *kind, const char *id, struct slice json,
                  enum store_durability d, struct err *e) must_check;
int store_row_remove(struct store *s, const char *kind, const char *id, enum store_durability d,
                     struct err *e) must_check;
int store_rows(struct store *s, const char *kind,
               int (*fn)(void *arg, const char *id, struct slice json), void *arg, struct err *e)
        must_check;

/*
 * Several rows at once or none of them, durably: a container with what is made for it. `container`
 * is the id of a row of containers, or NULL; a row without text is removed.
 */
struct store_row {
	const char *kind, *id;
	struct slice json;
};
struct store_change {
	const char *container;
	struct slice record, state;
	struct {
		size_t n;
		struct store_row *v;
	} rows;
};
int store_change(struct store *s, const struct store_change *c, struct err *e) must_check;

#endif
