/*
 * Fields of event envelopes. See event_field.h. The fields of an event are found by reflection: any
 * message can be asked for its strings by their names on the wire.
 */
#include "containerd/event_field.h"

#include "base/str.h"
#include "proto/types.pb-c.h"
#include "rpc/wkt.h"

static const char *nonempty(const char *s)
{
	return str_empty(s) ? NULL : s;
}

/* A string field, or a message's field along the path. */
static const char *message_field(const ProtobufCMessage *m, const struct strs *path, size_t at)
{
	const ProtobufCFieldDescriptor *f;
	const void *member;

	if (!m || at >= path->n)
		return NULL;
	f = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, path->v[at]);
	if (!f || f->label == PROTOBUF_C_LABEL_REPEATED)
		return NULL;
	member = (const char *)m + f->offset;
	if (f->type == PROTOBUF_C_TYPE_STRING)
		return nonempty(*(const char *const *)member);
	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return message_field(*(const ProtobufCMessage *const *)member, path, at + 1);
	return NULL;
}

static const char *inner_field(const Google__Any *any, const struct strs *path)
{
	static __thread char value[256];
	_cleanup_arena_ struct arena a = { 0 };
	const char *found = message_field(wkt_event_unpack(&a, any), path, 1);

	return found && str_copy(value, sizeof(value), found) ? value : NULL;
}

const char *event_field(const void *object, const struct strs *path)
{
	const Types__Envelope *env = object;

	if (str_eq(path->v[0], "namespace"))
		return nonempty(env->namespace_);
	if (str_eq(path->v[0], "topic"))
		return nonempty(env->topic);
	if (str_eq(path->v[0], "event"))
		return inner_field(env->event, path);
	return NULL;
}
