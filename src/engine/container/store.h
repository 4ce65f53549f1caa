/* Containers in the store: their two documents, and bringing them back at start. */
#ifndef ENGINE_CONTAINER_STORE_H
#define ENGINE_CONTAINER_STORE_H

#include "engine/container/container.h"

/* The whole row, durably. */
int container_save(struct container *c, struct err *e) must_check;
/* The same with other rows in one transaction. */
int container_save_with(struct container *c, struct store_change *change, struct err *e) must_check;
/* Of a state that somebody is told about; what goes with its end (--rm) is not worth a sync. */
static inline enum store_durability container_durability(const struct container_record *r)
{
	return r->host->auto_remove ? STORE_FAST : STORE_DURABLE;
}

/* State and networks. */
int container_save_state(struct container *c, enum store_durability d, struct err *e) must_check;

/* Of one that still counts as running: how it ended (`at` in ns), before the task that knows is deleted. */
int container_save_exit(struct container *c, int code, int64_t at, struct err *e) must_check;

/* Makes an object of each row and adds it; a row that cannot be read is logged and left alone. */
int containers_load(struct engine *g, struct err *e) must_check;

#endif
