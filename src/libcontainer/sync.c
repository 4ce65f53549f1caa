/* The talk between the runtime and init. See sync.h. */
#include "libcontainer/sync.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>
#include "base/fd.h"

struct message {
	int type;
	struct err cause; /* SYNC_ERROR only; not sent otherwise */
};

int sync_pair(int fd[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		return err_errno(e, errno, "create socket pair");
	return 0;
}

int sync_send(int fd, enum sync_type type, struct err *e)
{
	int t = type;

	if (send(fd, &t, sizeof(t), MSG_NOSIGNAL) != sizeof(t))
		return err_errno(e, errno, "talk to the other side");
	return 0;
}

void sync_send_error(int fd, const struct err *cause)
{
	struct message m = { .type = SYNC_ERROR, .cause = *cause };

	if (send(fd, &m, sizeof(m), MSG_NOSIGNAL) < 0)
		return;
}

int sync_send_fd(int fd, enum sync_type type, int passed, struct err *e)
{
	int t = type;

	return fd_send(fd, passed, &t, sizeof(t), e);
}

int sync_recv(int fd, struct err *cause, int *passed, struct err *e)
{
	struct message m = { 0 };
	_cleanup_close_ int got = -1;
	size_t nfds = 0;
	struct err lost = { 0 };
	ssize_t n = fd_recv(fd, &m, sizeof(m), &got, 1, &nfds, &lost);

	if (n < 0 && lost.errnum != ECONNRESET) {
		if (e)
			*e = lost;
		return -1;
	}
	if (passed)
		*passed = nfds ? take_fd(&got) : -1;
	if (n <= 0)
		return SYNC_END;
	if (m.type == SYNC_ERROR && cause) {
		*cause = m.cause;
		cause->text[sizeof(cause->text) - 1] = '\0';
	}
	return m.type;
}

int sync_expect(int fd, enum sync_type want, struct err *e)
{
	struct err cause = { 0 };
	int got = sync_recv(fd, &cause, NULL, e);

	if (got < 0)
		return -1;
	if (got == SYNC_ERROR && e)
		*e = cause;
	if (got == SYNC_ERROR)
		return -1;
	if (got != (int)want)
		return err_set(e, ERR_ABORTED, "the runtime went away");
	return 0;
}
