/*
 * What happened: a ring of the last events, and the clients of GET /events that follow it.
 *
 * Any thread publishes. Clients belong to the loop's thread: each is a cursor into the ring and
 * costs nothing while nothing happens. One that reads so slowly that the ring overtakes it is cut
 * off (its connection closes), so that nobody holds up the engine.
 */
#ifndef ENGINE_EVENTS_H
#define ENGINE_EVENTS_H

#include <stdint.h>
#include "base/json.h"
#include "base/loop.h"
#include "engine/filters.h"

struct events;

struct events *events_new(struct loop *l);

/* Copies everything. `attributes` may be NULL. */
void events_publish(struct events *ev, const char *type, const char *action, const char *id,
                    const struct json_map *attributes);

/*
 * Gives a detached connection (see http_reply_detach) to the stream; the ring closes it. Past
 * events from `since` on come first; the stream ends at `until` (0: never). Times in ns.
 * From any thread; the filters are copied.
 */
void events_follow(struct events *ev, int fd, const struct filters *f, int64_t since,
                   int64_t until);

unsigned events_clients(struct events *ev);

#endif
