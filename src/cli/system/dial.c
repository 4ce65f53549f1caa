/* docker system dial-stdio: stdin and stdout joined with the daemon's socket: where ssh.c leads. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/cli.h"
#include "cli/commands.h"

#define CHUNK (64 * 1024)

/* One piece from one descriptor to the other: 0 at the end. */
static int move(int from, int to, struct err *e)
{
	static char chunk[CHUNK];
	ssize_t n = read(from, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (n <= 0)
		return n < 0 && errno != ECONNRESET ? err_errno(e, errno, "read") : 0;
	return fd_write_all(to, chunk, (size_t)n, e) < 0 ? -1 : 1;
}

/* Until the daemon closes its half; the end of stdin closes ours. */
static int join(int sock, struct err *e)
{
	struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { sock, POLLIN, 0 } };

	for (;;) {
		int r = 1;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return err_errno(e, errno, "poll");
		if (fds[0].revents)
			r = move(STDIN_FILENO, sock, e);
		if (r == 0) {
			shutdown(sock, SHUT_WR);
			fds[0].fd = -1;
			fds[0].revents = 0;
		}
		if (r >= 0 && fds[1].revents) {
			r = move(sock, STDOUT_FILENO, e);
			if (r == 0)
				return 0;
		}
		if (r < 0)
			return -1;
	}
}

int system_dial_stdio(struct cli *cli, struct call *call unused_arg, struct err *e)
{
	struct http_conn *conn = api_dial(cli, e);
	int r;

	if (!conn)
		return -1;
	r = join(http_conn_fd(conn), e);
	http_conn_free(conn);
	return r;
}
