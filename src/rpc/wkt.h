/*
 * Protobuf's well-known types by convenience: timestamps are our nanoseconds since 1970, an Any is
 * a packed message with its name. Everything returned lives in the arena.
 */
#ifndef RPC_WKT_H
#define RPC_WKT_H

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "proto/google.pb-c.h"

/* Sets a field that has a presence bit. */
#define pb_set(message, field, value)       \
	do {                                \
		(message)->has_##field = 1; \
		(message)->field = (value); \
	} while (0)

/* A message with its defaults, in the arena: pb_new(a, shim__state_request, Shim__StateRequest). */
#define pb_new(a, name, type) ((type *)pb_message_new((a), &name##__descriptor))
void *pb_message_new(struct arena *a, const ProtobufCMessageDescriptor *d);

struct slice pb_pack(struct arena *a, const void *message);

/* 0 means "never": no timestamp (NULL), both ways. */
Google__Timestamp *wkt_timestamp(struct arena *a, int64_t ns);
int64_t wkt_timestamp_ns(const Google__Timestamp *t);

/* The type URL is the message's full name, without a host, as containerd writes it. */
Google__Any *wkt_any(struct arena *a, const void *message);
Google__Any *wkt_any_raw(struct arena *a, const char *type_url, struct slice value);

/* Does the URL name that type, with or without a host before it? */
bool wkt_any_is(const Google__Any *any, const ProtobufCMessageDescriptor *d);
/* Unpacks when it does; NULL and ERR_INVALID if not. */
void *wkt_any_unpack(struct arena *a, const ProtobufCMessageDescriptor *d, const Google__Any *any,
                     struct err *e) must_check;

/* What an event of containerd carries; NULL when it is none that we know or does not unpack. */
void *wkt_event_unpack(struct arena *a, const Google__Any *any);

#endif
