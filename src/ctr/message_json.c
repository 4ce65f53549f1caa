/*
 * A protobuf message as JSON, in the way in which Go prints containerd's events: names as in the .proto
 * file, what is empty or zero is left out, timestamps are RFC 3339, labels are an object.
 */
#include <inttypes.h>
#include "ctr/ctr.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

static void add_message(struct ctr *c, struct buf *b, const ProtobufCMessage *m);

static void add_text(struct buf *b, const char *text)
{
	json_quote(b, slice_of(ctr_text(text)));
}

static void add_bytes(struct ctr *c, struct buf *b, const ProtobufCBinaryData *data)
{
	struct slice raw = { (const char *)data->data, data->len };

	buf_printf(b, "\"%s\"", base64_encode(&c->a, raw, BASE64_STANDARD));
}

static void add_submessage(struct ctr *c, struct buf *b, const ProtobufCMessage *m)
{
	char text[CLOCK_TEXT_SIZE];

	if (m->descriptor == &google__timestamp__descriptor)
		buf_printf(b, "\"%s\"",
		           clock_format(text, wkt_timestamp_ns((const Google__Timestamp *)m)));
	else
		add_message(c, b, m);
}

/* The value at `p`; false, and nothing added, when it is empty. */
static bool add_value(struct ctr *c, struct buf *b, const ProtobufCFieldDescriptor *f,
                      const void *p)
{
	size_t before = b->len;

	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		if (!str_empty(*(const char *const *)p))
			add_text(b, *(const char *const *)p);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		if (((const ProtobufCBinaryData *)p)->len)
			add_bytes(c, b, p);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		if (*(const ProtobufCMessage *const *)p)
			add_submessage(c, b, *(const ProtobufCMessage *const *)p);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		if (*(const protobuf_c_boolean *)p)
			buf_adds(b, "true");
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		if (*(const int64_t *)p)
			buf_printf(b, "%" PRId64, *(const int64_t *)p);
		break;
	default: /* 32 bits: numbers and enums */
		if (*(const uint32_t *)p)
			buf_printf(b, "%" PRIu32, *(const uint32_t *)p);
	}
	return b->len > before;
}

static bool add_list(struct ctr *c, struct buf *b, const ProtobufCFieldDescriptor *f, const void *v,
                     size_t n)
{
	const char *const *p = v; /* strings and messages are what events have lists of */

	for (size_t i = 0; i < n; i++) {
		buf_adds(b, i ? "," : "[");
		if (!add_value(c, b, f, &p[i]))
			buf_adds(b, "\"\"");
	}
	buf_adds(b, n ? "]" : "");
	return n;
}

static bool add_labels(struct buf *b, Pairs__StringPair **v, size_t n)
{
	ctr_labels_sort(n, v);
	for (size_t i = 0; i < n; i++) {
		buf_adds(b, i ? "," : "{");
		add_text(b, v[i]->key);
		buf_addc(b, ':');
		add_text(b, v[i]->value);
	}
	buf_adds(b, n ? "}" : "");
	return n;
}

static bool add_field(struct ctr *c, struct buf *b, const ProtobufCMessage *m,
                      const ProtobufCFieldDescriptor *f)
{
	const char *base = (const char *)m;
	const void *value = base + f->offset;
	size_t n;

	if (f->label != PROTOBUF_C_LABEL_REPEATED)
		return add_value(c, b, f, value);
	n = *(const size_t *)(const void *)(base + f->quantifier_offset);
	if (f->descriptor == &pairs__string_pair__descriptor)
		return add_labels(b, *(Pairs__StringPair * *const *)value, n);
	return add_list(c, b, f, *(const void *const *)value, n);
}

static void add_message(struct ctr *c, struct buf *b, const ProtobufCMessage *m)
{
	bool some = false;

	buf_addc(b, '{');
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		size_t before = b->len;

		buf_printf(b, "%s\"%s\":", some ? "," : "", f->name);
		if (add_field(c, b, m, f)) {
			some = true;
			continue;
		}
		b->len = before;
		b->data[before] = '\0';
	}
	buf_addc(b, '}');
}

const char *ctr_message_json(struct ctr *c, const void *message)
{
	_cleanup_buf_ struct buf b = { 0 };

	add_message(c, &b, message);
	return arena_strdup(&c->a, buf_cstr(&b));
}
