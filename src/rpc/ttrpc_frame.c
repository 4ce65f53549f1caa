/* ttrpc frames and messages. See ttrpc_frame.h. */
#include "rpc/ttrpc_frame.h"

#include <endian.h>
#include "base/limits.h"
#include "proto/ttrpc.pb-c.h"
#include "rpc/wkt.h"

/* A parser that has been emptied keeps a buffer up to this size; shims are many and mostly idle. */
#define KEEP_BUFFER (16 * KIB)

void ttrpc_parser_free(struct ttrpc_parser *p)
{
	buf_free(&p->in);
}

static void drop_used(struct ttrpc_parser *p)
{
	if (p->used == p->in.len && p->in.cap > KEEP_BUFFER)
		buf_free(&p->in);
	else
		buf_drop(&p->in, p->used);
	p->used = 0;
}

void ttrpc_parser_feed(struct ttrpc_parser *p, const void *data, size_t n)
{
	size_t skipped = MIN(p->skip, n);

	if (p->used)
		drop_used(p);
	p->skip -= skipped;
	if (n > skipped)
		buf_add(&p->in, (const char *)data + skipped, n - skipped);
}

static uint32_t get_u32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

bool ttrpc_parser_next(struct ttrpc_parser *p, struct ttrpc_frame *f)
{
	const char *head = buf_cstr(&p->in) + p->used;
	size_t have = p->in.len - p->used, length;

	if (have < TTRPC_HEADER)
		return false;
	length = get_u32(head);
	*f = (struct ttrpc_frame){
		.stream = get_u32(head + 4),
		.type = (uint8_t)head[8],
		.flags = (uint8_t)head[9],
		.oversized = length > LIMIT_TTRPC_MESSAGE,
		.data = { head + TTRPC_HEADER, length },
	};
	have -= TTRPC_HEADER;
	if (f->oversized) {
		f->data.len = 0;
		p->used += TTRPC_HEADER + MIN(have, length);
		p->skip = length - MIN(have, length);
		return true;
	}
	if (have < length)
		return false;
	p->used += TTRPC_HEADER + length;
	return true;
}

void ttrpc_frame_append(struct buf *out, uint32_t stream, enum ttrpc_type type, struct slice data)
{
	uint32_t head[2] = { htobe32((uint32_t)data.len), htobe32(stream) };

	buf_add(out, head, sizeof(head));
	buf_addc(out, (char)type);
	buf_addc(out, 0);
	buf_add(out, data.data, data.len);
}

static ProtobufCBinaryData binary(struct slice s)
{
	return (ProtobufCBinaryData){ s.len, (uint8_t *)s.data };
}

struct slice ttrpc_request_pack(struct arena *a, const struct rpc_method *m, const void *req,
                                const char *ns, int64_t timeout_ns)
{
	Ttrpc__KeyValue pair = TTRPC__KEY_VALUE__INIT, *pairs[] = { &pair };
	Ttrpc__Request r = TTRPC__REQUEST__INIT;

	r.service = m->service;
	r.method = m->name;
	pb_set(&r, payload, binary(pb_pack(a, req)));
	if (timeout_ns > 0)
		pb_set(&r, timeout_nano, timeout_ns);
	if (ns) {
		pair.key = TTRPC_NAMESPACE;
		pair.value = ns;
		r.n_metadata = 1;
		r.metadata = pairs;
	}
	return pb_pack(a, &r);
}

struct slice ttrpc_response_pack(struct arena *a, const void *resp, const struct err *e)
{
	Rpc__Status status = RPC__STATUS__INIT;
	Ttrpc__Response r = TTRPC__RESPONSE__INIT;

	if (e) {
		pb_set(&status, code, err_grpc_code(e->kind));
		status.message = e->text;
		r.status = &status;
	} else {
		pb_set(&r, payload, binary(pb_pack(a, resp)));
	}
	return pb_pack(a, &r);
}

int ttrpc_response_unpack(struct arena *a, const struct rpc_method *m, struct slice data,
                          void **resp, struct err *e)
{
	Ttrpc__Response *r = rpc_unpack(a, &ttrpc__response__descriptor, data.data, data.len, e);

	if (!r)
		return -1;
	if (r->status && r->status->code != 0)
		return err_set(e, err_from_grpc(r->status->code), "%s",
		               r->status->message ? r->status->message : "unknown error");
	*resp = rpc_unpack(a, m->resp, r->payload.data, r->payload.len, e);
	return *resp ? 0 : -1;
}
