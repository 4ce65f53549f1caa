/*
 * The format of Docker's `local` driver: a frame is a length (4 bytes, big endian), a protobuf message
 * of that length, and the length again, so that it can be read from both ends.
 *
 *     message LogEntry {                      message PartialLogEntryMetadata {
 *             string source = 1;                      bool last = 1;
 *             int64 time_nano = 2;                    string id = 2;
 *             bytes line = 3; // no newline           int32 ordinal = 3;
 *             bool partial = 4;               }
 *             PartialLogEntryMetadata partial_log_metadata = 5;
 *     }
 *
 * `partial` is a piece of a longer line: no newline follows it, unless it is the last. Attributes
 * (labels, env) are not kept, as in the original.
 */
#include <unistd.h>
#include "engine/stdio/log_file.h"

#define FRAME_MAX (1024 * 1024) /* of the original's reader */
#define LENGTH    4

enum field { SOURCE = 1, TIME_NANO = 2, LINE = 3, PARTIAL = 4, METADATA = 5 };
enum wire { VARINT = 0, I64 = 1, LEN = 2, I32 = 5 };

/* ---- writing ---- */

static void add_varint(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_addc(b, (char)(v | 0x80));
	buf_addc(b, (char)v);
}

static void add_bytes(struct buf *b, enum field f, struct slice s)
{
	add_varint(b, f << 3 | LEN);
	add_varint(b, s.len);
	buf_add(b, s.data, s.len);
}

static void put_length(char *p, size_t n)
{
	for (int i = 0; i < LENGTH; i++)
		p[i] = (char)(n >> (24 - 8 * i));
}

static size_t get_length(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (size_t)u[0] << 24 | (size_t)u[1] << 16 | (size_t)u[2] << 8 | u[3];
}

static void add(struct buf *out, enum output which, struct slice text, const struct log_time *time,
                unused_arg const char *attrs)
{
	bool partial = text.len == 0 || text.data[text.len - 1] != '\n';
	size_t start = out->len, n;
	char length[LENGTH] = { 0 };

	if (!partial)
		text.len--;
	buf_add(out, length, LENGTH);
	add_bytes(out, SOURCE, slice_of(which == OUTPUT_STDOUT ? "stdout" : "stderr"));
	add_varint(out, TIME_NANO << 3 | VARINT);
	add_varint(out, (uint64_t)time->ns);
	add_bytes(out, LINE, text);
	if (partial) {
		add_varint(out, PARTIAL << 3 | VARINT);
		add_varint(out, 1);
	}
	n = out->len - start - LENGTH;
	put_length(out->data + start, n);
	put_length(length, n);
	buf_add(out, length, LENGTH);
}

/* ---- reading ---- */

struct cursor {
	const char *p, *end;
	bool bad;
};

static uint64_t get_varint(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; c->p < c->end && shift < 64; shift += 7) {
		unsigned char b = (unsigned char)*c->p++;

		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			return v;
	}
	c->bad = true;
	return 0;
}

static struct slice get_bytes(struct cursor *c, uint64_t n)
{
	struct slice s = { c->p, 0 };

	if (n > (uint64_t)(c->end - c->p)) {
		c->bad = true;
		return s;
	}
	s.len = (size_t)n;
	c->p += n;
	return s;
}

struct field_value {
	unsigned number;
	uint64_t varint;
	struct slice bytes;
};

/* False at the end, or when the message is damaged. */
static bool next_field(struct cursor *c, struct field_value *out)
{
	uint64_t key;

	if (c->bad || c->p == c->end)
		return false;
	key = get_varint(c);
	*out = (struct field_value){ .number = (unsigned)(key >> 3) };
	switch (key & 7) {
	case VARINT:
		out->varint = get_varint(c);
		break;
	case LEN:
		out->bytes = get_bytes(c, get_varint(c));
		break;
	case I64:
		get_bytes(c, 8);
		break;
	case I32:
		get_bytes(c, 4);
		break;
	default:
		c->bad = true;
	}
	return !c->bad;
}

static bool is_last(struct slice metadata)
{
	struct cursor c = { metadata.data, metadata.data + metadata.len, false };
	struct field_value f;
	bool last = false;

	while (next_field(&c, &f))
		if (f.number == 1)
			last = f.varint != 0;
	return last;
}

static bool parse_message(struct slice message, struct log_entry *out)
{
	struct cursor c = { message.data, message.data + message.len, false };
	bool partial = false, last = false;
	struct field_value f;

	*out = (struct log_entry){ 0 };
	while (next_field(&c, &f)) {
		if (f.number == SOURCE)
			out->is_stderr = slice_eq(f.bytes, "stderr");
		else if (f.number == TIME_NANO)
			out->ns = (int64_t)f.varint;
		else if (f.number == LINE)
			out->text = f.bytes;
		else if (f.number == PARTIAL)
			partial = f.varint != 0;
		else if (f.number == METADATA)
			last = is_last(f.bytes);
	}
	out->newline = !partial || last;
	return !c.bad;
}

/* The size of the frame at p with both lengths; 0: not whole. */
static size_t frame_at(const char *p, size_t n)
{
	size_t len;

	if (n < LENGTH)
		return 0;
	len = get_length(p);
	if (len > FRAME_MAX || n < len + 2 * LENGTH)
		return 0;
	return len + 2 * LENGTH;
}

static size_t parse(const char *p, size_t n, struct log_entry *out, bool *ok)
{
	size_t size = frame_at(p, n), len;

	if (size == 0)
		return 0;
	len = size - 2 * LENGTH;
	*ok = get_length(p + LENGTH + len) == len &&
	      parse_message((struct slice){ p + LENGTH, len }, out);
	return size;
}

/* ---- from the end of a file ---- */

static bool read_length(int fd, uint64_t at, size_t *out)
{
	char b[LENGTH];

	if (pread(fd, b, LENGTH, (off_t)at) != LENGTH)
		return false;
	*out = get_length(b);
	return *out <= FRAME_MAX;
}

/* From the front, where it is known that a frame begins. */
static uint64_t whole(int fd, uint64_t size)
{
	uint64_t at = 0;
	size_t len, again;

	while (at + 2 * LENGTH <= size && read_length(fd, at, &len) &&
	       at + len + 2 * LENGTH <= size && read_length(fd, at + LENGTH + len, &again) &&
	       again == len)
		at += len + 2 * LENGTH;
	return at;
}

static uint64_t tail(int fd, uint64_t size, int64_t *entries)
{
	uint64_t at = size;
	size_t len;

	while (*entries > 0 && at >= 2 * LENGTH && read_length(fd, at - LENGTH, &len) &&
	       at >= len + 2 * LENGTH) {
		at -= len + 2 * LENGTH;
		--*entries;
	}
	return at;
}

const struct log_format log_format_local = { add, parse, whole, tail };
