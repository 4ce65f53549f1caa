/* What the two wires share: the table of methods, calls, messages in arenas. See rpc.h, call.h. */
#include "rpc/rpc.h"

#include "proto/containers.pb-c.h"
#include "proto/content.pb-c.h"
#include "proto/diff.pb-c.h"
#include "proto/event_service.pb-c.h"
#include "proto/forward.pb-c.h"
#include "proto/google.pb-c.h"
#include "proto/health.pb-c.h"
#include "proto/images.pb-c.h"
#include "proto/introspection.pb-c.h"
#include "proto/leases.pb-c.h"
#include "proto/namespaces.pb-c.h"
#include "proto/shim.pb-c.h"
#include "proto/snapshots.pb-c.h"
#include "proto/tasks.pb-c.h"
#include "proto/types.pb-c.h"
#include "proto/version.pb-c.h"
#include "rpc/call.h"

const struct rpc_method rpc_methods[RPC_METHODS] = {
#define RPC_METHOD(id, service, name, shape, req, resp) \
	[RPC_##id] = { service, name, shape, &req##__descriptor, &resp##__descriptor },
#include "rpc/services.def"
#undef RPC_METHOD
};

/* ---- calls ---- */

const struct rpc_route *rpc_route_find(const struct rpc_route *routes, size_t n,
                                       struct slice service, struct slice method, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const struct rpc_method *m = &rpc_methods[routes[i].method];

		if (slice_eq(method, m->name) && slice_eq(service, m->service))
			return &routes[i];
	}
	err_set(e, ERR_UNIMPLEMENTED, "method %.*s/%.*s is not implemented", (int)service.len,
	        service.data, (int)method.len, method.data);
	return NULL;
}

void rpc_call_start(struct rpc_call *call, rpc_handler *handler, const void *req)
{
	const ProtobufCMessageDescriptor *d = call->method->resp;
	void *resp = arena_alloc(&call->arena, d->sizeof_message);
	struct err e = { 0 };
	int r;

	protobuf_c_message_init(d, resp);
	r = handler(call, req, resp, &e);
	if (r == RPC_LATER)
		return;
	if (r < 0 && e.kind == ERR_NONE)
		e.kind = ERR_UNKNOWN;
	rpc_call_finish(call, resp, r < 0 ? &e : NULL);
}

static void tell_cancelled(struct rpc_call *call)
{
	rpc_cancel_fn *fn = atomic_exchange(&call->on_cancel, NULL);

	if (fn)
		fn(call, call->on_cancel_arg);
}

void rpc_call_cancel(struct rpc_call *call)
{
	if (!atomic_exchange(&call->cancelled, true))
		tell_cancelled(call);
}

struct arena *rpc_call_arena(struct rpc_call *call)
{
	return &call->arena;
}

void *rpc_call_user(struct rpc_call *call)
{
	return call->user;
}

const struct rpc_method *rpc_call_method(struct rpc_call *call)
{
	return call->method;
}

const char *rpc_call_metadata(struct rpc_call *call, const char *name)
{
	for (size_t i = 0; i < call->metadata.n; i++)
		if (str_eq(call->metadata.v[i].key, name))
			return call->metadata.v[i].value;
	return NULL;
}

bool rpc_call_cancelled(struct rpc_call *call)
{
	return call->cancelled;
}

void rpc_call_on_cancel(struct rpc_call *call, rpc_cancel_fn *fn, void *arg)
{
	call->on_cancel_arg = arg;
	atomic_store(&call->on_cancel, fn);
	if (call->cancelled)
		tell_cancelled(call);
}

void rpc_call_finish(struct rpc_call *call, const void *resp, const struct err *e)
{
	call->ops->finish(call, resp, e && e->kind != ERR_NONE ? e : NULL);
}

int rpc_call_send(struct rpc_call *call, const void *msg, struct err *e)
{
	return call->ops->send(call, msg, e);
}

int rpc_call_recv(struct rpc_call *call, void **msg, struct err *e)
{
	return call->ops->recv(call, msg, e);
}

/* ---- messages in arenas ---- */

static void *allocate(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void release(unused_arg void *arena, unused_arg void *p)
{
}

ProtobufCAllocator rpc_allocator(struct arena *a)
{
	return (ProtobufCAllocator){ allocate, release, a };
}

/* ---- the strings of a message, checked on the wire: protobuf-c takes any bytes ---- */

struct wire {
	const uint8_t *p, *end;
};

static bool wire_varint(struct wire *w, uint64_t *out)
{
	*out = 0;
	for (unsigned shift = 0; shift < 64 && w->p < w->end; shift += 7) {
		uint8_t byte = *w->p++;

		*out |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* The next field: its number, and its bytes if it is length-delimited. False at the end or on
 * rubbish. */
static bool wire_field(struct wire *w, uint32_t *number, struct wire *value)
{
	uint64_t tag, n = 0;

	*value = (struct wire){ NULL, NULL };
	if (w->p == w->end || !wire_varint(w, &tag))
		return false;
	*number = (uint32_t)(tag >> 3);
	switch (tag & 7) {
	case PROTOBUF_C_WIRE_TYPE_VARINT:
		return wire_varint(w, &n);
	case PROTOBUF_C_WIRE_TYPE_64BIT:
		n = 8;
		break;
	case PROTOBUF_C_WIRE_TYPE_32BIT:
		n = 4;
		break;
	case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
		if (!wire_varint(w, &n))
			return false;
		break;
	default:
		return false;
	}
	if (n > (uint64_t)(w->end - w->p))
		return false;
	if ((tag & 7) == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
		*value = (struct wire){ w->p, w->p + n };
	w->p += n;
	return true;
}

static bool is_text(struct wire w)
{
	while (w.p < w.end) {
		size_t n = *w.p ? utf8_len((const char *)w.p, (size_t)(w.end - w.p)) : 0;

		if (n == 0)
			return false;
		w.p += n;
	}
	return true;
}

/* Messages nest as deep as our own .proto files say, so the recursion is bounded. */
static int check_strings(const ProtobufCMessageDescriptor *d, struct wire w, struct err *e)
{
	struct wire value;
	uint32_t number;

	while (wire_field(&w, &number, &value)) {
		const ProtobufCFieldDescriptor *f =
		        protobuf_c_message_descriptor_get_field(d, number);

		if (!f || !value.p)
			continue;
		if (f->type == PROTOBUF_C_TYPE_STRING && !is_text(value))
			return err_set(e, ERR_INVALID, "%s.%s: not UTF-8 text", d->name, f->name);
		if (f->type == PROTOBUF_C_TYPE_MESSAGE &&
		    check_strings(f->descriptor, value, e) < 0)
			return -1;
	}
	return 0;
}

void *rpc_unpack(struct arena *a, const ProtobufCMessageDescriptor *d, const void *p, size_t n,
                 struct err *e)
{
	ProtobufCAllocator allocator = rpc_allocator(a);
	void *message;

	if (check_strings(d, (struct wire){ p, (const uint8_t *)p + n }, e) < 0)
		return NULL;
	message = protobuf_c_message_unpack(d, &allocator, n, p);
	if (!message)
		err_set(e, ERR_INVALID, "%s: malformed message", d->name);
	return message;
}
