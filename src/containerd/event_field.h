/* The fields of an event envelope for filters: namespace, topic, event.FIELD of known events. */
#ifndef CONTAINERD_EVENT_FIELD_H
#define CONTAINERD_EVENT_FIELD_H

#include "base/arena.h"

/* A filter_field; the object is a Types__Envelope. What it returns lives until the thread's next call. */
const char *event_field(const void *object, const struct strs *path);

#endif
