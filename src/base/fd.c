/* Descriptors and unix sockets. See fd.h. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void fd_cleanup(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

int fd_write_all(int fd, const void *p, size_t n, struct err *e)
{
	const char *c = p;

	while (n > 0) {
		ssize_t k = write(fd, c, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_errno(e, errno, "write");
		c += k;
		n -= (size_t)k;
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *p, size_t n, struct err *e)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k = read(fd, (char *)p + got, n - got);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_errno(e, errno, "read");
		if (k == 0)
			break;
		got += (size_t)k;
	}
	return (ssize_t)got;
}

void fd_wait_taken(int fd, int ms)
{
	int left;

	for (int i = 0; i < ms * 5 && ioctl(fd, SIOCOUTQ, &left) == 0 && left > 0; i++)
		usleep(200);
}

int fd_nonblock(int fd, bool on, struct err *e)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) < 0)
		return err_errno(e, errno, "set O_NONBLOCK");
	return 0;
}

int fd_send(int sock, int fd, const void *text, size_t n, struct err *e)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (void *)text, n };
	struct msghdr m = { .msg_iov = &iov,
		            .msg_iovlen = 1,
		            .msg_control = control,
		            .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	while (sendmsg(sock, &m, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return err_errno(e, errno, "send descriptor");
	return 0;
}

ssize_t fd_recv(int sock, void *text, size_t n, int *fds, size_t max, size_t *nfds, struct err *e)
{
	char control[CMSG_SPACE(16 * sizeof(int))];
	struct iovec iov = { text, n };
	struct msghdr m = { .msg_iov = &iov,
		            .msg_iovlen = 1,
		            .msg_control = control,
		            .msg_controllen = sizeof(control) };
	ssize_t got;

	*nfds = 0;
	do
		got = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_errno(e, errno, "receive descriptor");
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (*nfds < max)
				fds[(*nfds)++] = fd;
			else
				close(fd);
		}
	}
	return got;
}

/* Fills sun_path; a long path is reached through an O_PATH descriptor of its directory (*dirfd). */
static int unix_address(struct sockaddr_un *sa, const char *path, int *dirfd, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];

	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) < sizeof(sa->sun_path)) {
		memcpy(sa->sun_path, path, strlen(path) + 1);
		return 0;
	}
	if (!slash || (size_t)(slash - path) >= sizeof(dir))
		return err_set(e, ERR_INVALID, "socket %s: path too long", path);
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = '\0';
	*dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*dirfd < 0)
		return err_errno(e, errno, "open %s", dir);
	if ((size_t)snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/%s", *dirfd,
	                     slash + 1) >= sizeof(sa->sun_path))
		return err_set(e, ERR_INVALID, "socket %s: name too long", path);
	return 0;
}

int unix_connect(const char *path, struct err *e)
{
	_cleanup_close_ int dirfd = -1;
	_cleanup_close_ int fd = -1;
	struct sockaddr_un sa;

	if (unix_address(&sa, path, &dirfd, e) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, errno, "socket");
	while (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		if (errno != EINTR)
			return err_errno(e, errno, "connect to %s", path);
	return take_fd(&fd);
}

void socket_patience(int fd, int seconds)
{
	struct timeval patience = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

#define DYING_MS 50

bool unix_is_served(const char *path)
{
	_cleanup_close_ int fd = unix_connect(path, NULL);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd >= 0 && poll(&p, 1, DYING_MS) == 0;
}

int unix_listen(const char *path, unsigned mode, struct err *e)
{
	_cleanup_close_ int dirfd = -1;
	_cleanup_close_ int fd = -1;
	struct sockaddr_un sa;
	struct stat st;

	if (unix_address(&sa, path, &dirfd, e) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, errno, "socket");
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	/* fchmod before bind sets the mode that the socket file is born with. */
	if (fchmod(fd, mode) < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_errno(e, errno, "bind %s", path);
	if (chmod(path, mode) < 0 || listen(fd, SOMAXCONN) < 0)
		return err_errno(e, errno, "listen on %s", path);
	return take_fd(&fd);
}
