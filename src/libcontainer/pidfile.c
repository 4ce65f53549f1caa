/* --pid-file and --pidfd-socket. See pidfile.h. */
#include "libcontainer/pidfile.h"

#include <fcntl.h>
#include <stdio.h>
#include "base/fd.h"
#include "base/file.h"

static int send_pidfd(const char *path, int pidfd, struct err *e)
{
	static const char text[] = "pidfd";
	_cleanup_close_ int sock = unix_connect(path, e);

	return sock < 0 ? -1 : fd_send(sock, pidfd, text, sizeof(text) - 1, e);
}

int pidfile_write(const char *path, pid_t pid, const char *socket, int pidfd, struct err *e)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", pid);

	if (socket && send_pidfd(socket, pidfd, e) < 0)
		return -1;
	if (path && file_replace_path(path, text, (size_t)n, 0644, FILE_VOLATILE, e) < 0)
		return err_wrap(e, "write pid file");
	return 0;
}
