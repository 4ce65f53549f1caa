/* Our side of the `tls` helper. See tls.h. */
#include "http/tls.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "base/fd.h"
#include "base/proc.h"
#include "http/client.h"

JSON_TYPE(tls_setup, TLS_SETUP)

static pid_t spawn(int control, int *pidfd, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *argv[] = { "tls", NULL };
	struct proc_spawn s = {
		.file = proc_beside(&a, "../libexec/lighter/tls"),
		.argv = argv,
		.fd = { control, PROC_NULL, PROC_INHERIT },
		.new_session = true, /* a terminal's ^C is for us */
	};

	return proc_spawn(&s, pidfd, e);
}

/* One answer; *fd is the descriptor that came with it, or -1. */
static int receive(int control, int *fd, struct err *e)
{
	char text[TLS_MESSAGE_MAX + 1];
	size_t nfds = 0;
	ssize_t n;

	*fd = -1;
	n = fd_recv(control, text, TLS_MESSAGE_MAX, fd, 1, &nfds, e);
	if (n < 0)
		return -1;
	if (n == 0)
		return err_set(e, ERR_CANCELED, "the tls helper has ended");
	text[n] = '\0';
	return str_eq(text, TLS_OK) ? 0 : err_set(e, ERR_UNAVAILABLE, "%s", text);
}

static int set_up(int control, const struct tls_setup *s, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	int fd;

	json_encode(&b, &tls_setup_type, s);
	if (send(control, b.data, b.len, MSG_NOSIGNAL) < 0)
		return err_errno(e, errno, "tell the tls helper what to do");
	return receive(control, &fd, e);
}

int tls_start(const struct tls_setup *s, struct tls_helper *out, struct err *e)
{
	_cleanup_close_ int ours = -1, theirs = -1, pidfd = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(e, errno, "make socket pair");
	ours = pair[0];
	theirs = pair[1];
	out->pid = spawn(theirs, &pidfd, e);
	fd_close(&theirs);
	if (out->pid < 0)
		return err_wrap(e, "start tls");
	if (set_up(ours, s, e) < 0) {
		fd_close(&ours);
		waitpid(out->pid, NULL, 0);
		return -1;
	}
	out->control = take_fd(&ours);
	out->pidfd = take_fd(&pidfd);
	return 0;
}

int tls_give(const struct tls_helper *h, int fd, struct err *e)
{
	return fd_send(h->control, fd, "s", 1, e);
}

int tls_take(const struct tls_helper *h, struct err *e)
{
	int fd;

	return receive(h->control, &fd, e) < 0 ? -1 : fd;
}

/* ---- as a client ---- */

/* "tcp://host:port" -> "host", without the brackets of an IPv6 address. */
static const char *host_of(struct arena *a, const char *address)
{
	const char *host = str_after(address, "tcp://");

	if (!host)
		return NULL;
	if (*host == '[')
		return arena_strndup(a, host + 1, strcspn(host + 1, "]"));
	return arena_strndup(a, host, strcspn(host, ":"));
}

struct http_conn *tls_dial(const char *address, const struct tls_setup *s, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct tls_setup setup = *s;
	struct tls_helper h = { .control = -1, .pidfd = -1 };
	struct http_conn *tcp;
	int fd = -1;

	setup.client = true;
	setup.name = host_of(&a, address);
	if (!setup.name) {
		err_set(e, ERR_INVALID, "address %s: TLS needs tcp://", address);
		return NULL;
	}
	tcp = http_dial(address, e);
	if (!tcp)
		return NULL;
	if (tls_start(&setup, &h, e) == 0 && tls_give(&h, http_conn_fd(tcp), e) == 0)
		fd = tls_take(&h, e);
	http_conn_free(tcp);
	fd_close(&h.control);
	fd_close(&h.pidfd);
	return fd < 0 ? NULL : http_conn_new(fd);
}
