/*
 * The publisher: events on their way to containerd (Events.Forward over ttrpc), in the order in which
 * they happened, each kept until containerd has acknowledged it. One is under way at a time, because
 * a server may handle two requests in any order. While containerd is away they wait, however long.
 */
#ifndef SHIM_PUBLISHER_H
#define SHIM_PUBLISHER_H

#include <stdbool.h>
#include "base/loop.h"

struct publisher;

/* `address` is a path or unix://PATH and need not exist yet; it and ns are borrowed. */
struct publisher *publisher_new(struct loop *l, const char *address, const char *ns);

/* `event` is a protobuf message of containerd.events; it is packed before this returns. */
void publisher_send(struct publisher *p, const char *topic, const void *event);

/* True when nothing waits; else fn is called when that is so. */
bool publisher_idle(struct publisher *p, void (*fn)(void *arg), void *arg);

#endif
