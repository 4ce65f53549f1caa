/* http/websocket: the handshake's key, frames sent and read, whole and byte by byte, and bad ones. */
#include "unit.h"

#include "http/websocket.h"

static void the_key_of_the_specification(unused_arg void **state)
{
	_cleanup_buf_ struct buf out = { 0 };

	ws_accept_key(&out, "dGhlIHNhbXBsZSBub25jZQ==");
	assert_string_equal(out.data, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void heads_of_all_lengths(unused_arg void **state)
{
	static const struct {
		size_t n;
		const char *head;
		size_t size;
	} rows[] = {
		{ 0, "\x82\x00", 2 },
		{ 125, "\x82\x7d", 2 },
		{ 126, "\x82\x7e\x00\x7e", 4 },
		{ 65535, "\x82\x7e\xff\xff", 4 },
		{ 65536, "\x82\x7f\0\0\0\0\0\x01\0\0", 10 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_buf_ struct buf out = { 0 };

		ws_frame(&out, WS_BINARY, rows[i].n);
		assert_int_equal(out.len, rows[i].size);
		assert_memory_equal(out.data, rows[i].head, out.len);
	}
}

/* A client's frame with the mask of the specification's examples. */
static void add_masked(struct buf *out, unsigned char first, const char *text, size_t n)
{
	static const unsigned char mask[4] = { 0x37, 0xfa, 0x21, 0x3d };

	buf_addc(out, (char)first);
	if (n < 126) {
		buf_addc(out, (char)(0x80 | n));
	} else {
		buf_addc(out, (char)(0x80 | 126));
		buf_addc(out, (char)(n >> 8));
		buf_addc(out, (char)n);
	}
	buf_add(out, mask, 4);
	for (size_t i = 0; i < n; i++)
		buf_addc(out, (char)(text[i] ^ mask[i % 4]));
}

/* Reads `in` in pieces of `step` bytes. */
static bool read_in_steps(const struct buf *in, size_t step, struct buf *data, struct buf *reply)
{
	struct ws_reader r = { 0 };
	bool more = true;

	for (size_t at = 0; at < in->len && more; at += step)
		more = ws_read(&r, in->data + at, MIN(step, in->len - at), data, reply);
	return more;
}

static void messages_are_read(unused_arg void **state)
{
	_cleanup_buf_ struct buf in = { 0 };
	char big[300];

	memset(big, 'x', sizeof(big));
	add_masked(&in, 0x81, "Hello", 5);
	add_masked(&in, 0x02, "in ", 3); /* two fragments with a ping between them */
	add_masked(&in, 0x89, "ping", 4);
	add_masked(&in, 0x80, "parts", 5);
	add_masked(&in, 0x82, "", 0);
	add_masked(&in, 0x8a, "unasked pong", 12);
	add_masked(&in, 0x82, big, sizeof(big));
	for (size_t step = 1; step <= in.len; step += step < 8 ? 1 : 97) {
		_cleanup_buf_ struct buf data = { 0 }, reply = { 0 };

		assert_true(read_in_steps(&in, step, &data, &reply));
		assert_int_equal(data.len, 5 + 8 + sizeof(big));
		assert_memory_equal(data.data, "Helloin parts", 13);
		assert_memory_equal(data.data + 13, big, sizeof(big));
		assert_int_equal(reply.len, 6);
		assert_memory_equal(reply.data, "\x8a\x04ping", 6);
	}
}

static void a_close_is_answered(unused_arg void **state)
{
	_cleanup_buf_ struct buf in = { 0 }, data = { 0 }, reply = { 0 };

	add_masked(&in, 0x88, "\x03\xe9 bye", 6);
	add_masked(&in, 0x81, "too late", 8);
	assert_false(read_in_steps(&in, in.len, &data, &reply));
	assert_int_equal(data.len, 0);
	assert_memory_equal(reply.data, "\x88\x02\x03\xe9", 4);
}

static void bad_frames_end_it(unused_arg void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} rows[] = {
		{ "\x81\x05", 2 }, /* no mask */
		{ "\xc1\x85", 2 }, /* a reserved bit */
		{ "\x83\x85", 2 }, /* reserved opcodes */
		{ "\x8b\x85", 2 },
		{ "\x09\x80", 2 },                       /* a control frame in parts */
		{ "\x89\xfe", 2 },                       /* a long one */
		{ "\x80\x81", 2 },                       /* a continuation of nothing */
		{ "\x01\x80wxyz\x01\x80", 8 },           /* a message in a message */
		{ "\x88\x81wxyzq", 7 },                  /* half a status */
		{ "\x82\xff\xff\0\0\0\0\0\0\0wxyz", 14 } /* longer than anything */
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_buf_ struct buf data = { 0 }, reply = { 0 };
		struct ws_reader r = { 0 };

		assert_false(ws_read(&r, rows[i].bytes, rows[i].n, &data, &reply));
		assert_int_equal(reply.len, 4);
		assert_memory_equal(reply.data, "\x88\x02\x03\xea", 4);
		assert_false(ws_read(&r, "\x82\x80wxyz", 6, &data, &reply));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_of_the_specification),
		cmocka_unit_test(heads_of_all_lengths),
		cmocka_unit_test(messages_are_read),
		cmocka_unit_test(a_close_is_answered),
		cmocka_unit_test(bad_frames_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
