/* Messages between engine and helper. See fetch.h. */
#include "image/fetch.h"

#include <errno.h>
#include <sys/socket.h>
#include "base/fd.h"

JSON_TYPE(fetch_endpoint, FETCH_ENDPOINT)
JSON_TYPE(fetch_setup, FETCH_SETUP)
JSON_TYPE(fetch_request, FETCH_REQUEST)
JSON_TYPE(fetch_notice, FETCH_NOTICE)

int fetch_send(int sock, const struct json_table *t, const void *message, int fd, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };

	json_encode(&b, t, message);
	if (b.len > FETCH_MESSAGE_MAX)
		return err_set(e, ERR_EXHAUSTED, "message of %zu bytes to or from fetch", b.len);
	if (fd >= 0)
		return fd_send(sock, fd, b.data, b.len, e);
	if (send(sock, b.data, b.len, MSG_NOSIGNAL) < 0)
		return err_errno(e, errno, "send");
	return 0;
}

int fetch_recv(int sock, struct arena *a, const struct json_table *t, void *message, int *fd,
               struct err *e)
{
	_cleanup_arena_ struct arena tmp = { 0 };
	char *text = arena_alloc(&tmp, FETCH_MESSAGE_MAX);
	int got = -1;
	size_t nfds = 0;
	ssize_t n = fd_recv(sock, text, FETCH_MESSAGE_MAX, &got, fd ? 1 : 0, &nfds, e);

	if (fd)
		*fd = nfds > 0 ? got : -1;
	if (n <= 0)
		return (int)n;
	if (json_decode(a, t, (struct slice){ text, (size_t)n }, message, e) == 0)
		return 1;
	if (fd)
		fd_close(fd);
	return -1;
}
