/* Sending what is in a log to a client, in the caller's thread. See logs.h. */
#include "engine/stdio/stdio_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

static int send_all(int fd, const char *p, size_t n, struct err *e)
{
	while (n > 0) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
		struct pollfd ready = { .fd = fd, .events = POLLOUT };

		if (k < 0 && errno == EAGAIN)
			poll(&ready, 1, -1);
		else if (k < 0 && errno != EINTR)
			return err_errno(e, errno, "send log");
		if (k > 0) {
			p += k;
			n -= (size_t)k;
		}
	}
	return 0;
}

static int send_block(int fd, bool chunked, const struct buf *b, struct err *e)
{
	char head[20];
	int n = snprintf(head, sizeof(head), "%zx\r\n", b->len);

	if (b->len == 0)
		return 0;
	if (chunked && send_all(fd, head, (size_t)n, e) < 0)
		return -1;
	if (send_all(fd, b->data, b->len, e) < 0)
		return -1;
	return chunked ? send_all(fd, "\r\n", 2, e) : 0;
}

static int send_entries(struct log_reader *r, int fd, struct err *e)
{
	_cleanup_buf_ struct buf out = { 0 };
	bool more = true;

	while (more) {
		more = log_reader_next(r, &out);
		if (more && out.len < BLOCK_BYTES)
			continue;
		if (send_block(fd, r->q.chunked, &out, e) < 0)
			return -1;
		buf_reset(&out);
	}
	return r->q.chunked ? send_all(fd, "0\r\n\r\n", 5, e) : 0;
}

int log_send(enum log_driver driver, const char *log_path, const struct log_query *q, int fd,
             struct err *e)
{
	struct log_reader r;
	int ret;

	if (log_reader_open(&r, driver, log_path, q, e) < 0)
		return -1;
	ret = send_entries(&r, fd, e);
	log_reader_close(&r);
	return ret;
}
