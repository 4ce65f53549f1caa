/* Well-known types. See wkt.h. */
#include "rpc/wkt.h"

#include "base/clock.h"
#include "rpc/rpc.h"

void *pb_message_new(struct arena *a, const ProtobufCMessageDescriptor *d)
{
	void *message = arena_alloc(a, d->sizeof_message);

	protobuf_c_message_init(d, message);
	return message;
}

struct slice pb_pack(struct arena *a, const void *message)
{
	size_t n = protobuf_c_message_get_packed_size(message);
	uint8_t *p = arena_alloc(a, n);

	protobuf_c_message_pack(message, p);
	return (struct slice){ (const char *)p, n };
}

Google__Timestamp *wkt_timestamp(struct arena *a, int64_t ns)
{
	Google__Timestamp *t;

	if (ns == 0)
		return NULL;
	t = pb_new(a, google__timestamp, Google__Timestamp);
	pb_set(t, seconds, ns / NS_PER_S - (ns % NS_PER_S < 0));
	pb_set(t, nanos, (int32_t)(ns - t->seconds * NS_PER_S));
	return t;
}

/* What does not fit an int64_t of nanoseconds (Go's zero time is in year 1) counts as never. */
int64_t wkt_timestamp_ns(const Google__Timestamp *t)
{
	if (!t || t->seconds <= INT64_MIN / NS_PER_S || t->seconds >= INT64_MAX / NS_PER_S)
		return 0;
	return t->seconds * NS_PER_S + t->nanos;
}

Google__Any *wkt_any_raw(struct arena *a, const char *type_url, struct slice value)
{
	Google__Any *any = pb_new(a, google__any, Google__Any);

	any->type_url = arena_strdup(a, type_url);
	any->has_value = 1;
	any->value.data = arena_memdup(a, value.data, value.len);
	any->value.len = value.len;
	return any;
}

Google__Any *wkt_any(struct arena *a, const void *message)
{
	const ProtobufCMessage *m = message;

	return wkt_any_raw(a, m->descriptor->name, pb_pack(a, message));
}

bool wkt_any_is(const Google__Any *any, const ProtobufCMessageDescriptor *d)
{
	const char *url = any->type_url ? any->type_url : "", *slash = strrchr(url, '/');

	return str_eq(slash ? slash + 1 : url, d->name);
}

void *wkt_any_unpack(struct arena *a, const ProtobufCMessageDescriptor *d, const Google__Any *any,
                     struct err *e)
{
	if (!wkt_any_is(any, d)) {
		err_set(e, ERR_INVALID, "expected a %s, got a \"%s\"", d->name,
		        any->type_url ? any->type_url : "");
		return NULL;
	}
	return rpc_unpack(a, d, any->value.data, any->value.len, e);
}
