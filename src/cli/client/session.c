/* See session.h. */
#include "cli/client/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/inspect.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "cli/output.h"

#define CHUNK        (32 * 1024)
#define RESIZE_TRIES 10
#define RESIZE_MS    10

/* The loop's own state. */
struct joined {
	struct cli *cli;
	struct session *s;
	int sock, in, signals; /* -1 when done or not there */
	struct buf to_sock;    /* typed, not yet sent */
	bool in_ended;         /* close the sending half once to_sock is empty */
	struct output output;
	struct detach detach;
	struct terminal terminal;
	bool detached;
	int resize_tries;  /* left */
	int64_t resize_at; /* next try, monotonic ms */
	struct err *e;
};

static int read_sock(struct joined *j)
{
	char chunk[CHUNK];
	ssize_t n = read(j->sock, chunk, sizeof(chunk));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0 && errno != ECONNRESET)
		return err_errno(j->e, errno, "read from the daemon");
	if (n > 0)
		return output_feed(&j->output, chunk, (size_t)n, j->e);
	fd_close(&j->sock);
	return output_end(&j->output, j->e);
}

/* --- input --- */

static void close_sending(struct joined *j)
{
	if (j->in_ended && j->to_sock.len == 0 && j->sock >= 0) {
		shutdown(j->sock, SHUT_WR);
		j->in_ended = false;
	}
}

static int read_stdin(struct joined *j)
{
	char chunk[CHUNK], kept[CHUNK + sizeof(j->detach.keys)];
	ssize_t n = read(j->in, chunk, sizeof(chunk));
	size_t nkept;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		j->in = -1;
		j->in_ended = true;
		return 0;
	}
	if (!j->s->tty) {
		buf_add(&j->to_sock, chunk, (size_t)n);
		return 0;
	}
	j->detached = detach_filter(&j->detach, chunk, (size_t)n, kept, &nkept);
	buf_add(&j->to_sock, kept, nkept);
	return 0;
}

static int write_sock(struct joined *j)
{
	ssize_t n = send(j->sock, j->to_sock.data, j->to_sock.len, MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0) { /* nobody reads any more; what it still says comes by read_sock */
		buf_reset(&j->to_sock);
		j->in = -1;
		return 0;
	}
	buf_drop(&j->to_sock, (size_t)n);
	return 0;
}

/* --- signals and the window --- */

/* A failed call means that the container is not there yet, or not there any more. */
static bool resize(struct joined *j)
{
	_cleanup_path_ struct api_path path = { 0 };
	unsigned rows, columns;

	terminal_size(&rows, &columns);
	if (!rows && !columns)
		return true;
	api_path_start(&path, j->s->resize, "", "");
	api_query(&path, "h", arena_printf(&j->cli->arena, "%u", rows));
	api_query(&path, "w", arena_printf(&j->cli->arena, "%u", columns));
	return api_post(j->cli, buf_cstr(&path.b), NULL) >= 0;
}

static void try_resize(struct joined *j)
{
	j->resize_tries = resize(j) ? 0 : j->resize_tries - 1;
	j->resize_at = clock_mono_ms() + RESIZE_MS * (RESIZE_TRIES - j->resize_tries + 1);
}

static void forward_signal(struct joined *j, int signo)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct err ignored = { 0 };

	api_path_start(&path, "/containers/", j->s->container, "/kill");
	api_query(&path, "signal", arena_printf(&j->cli->arena, "%d", signo));
	if (api_post(j->cli, buf_cstr(&path.b), &ignored) < 0)
		err_clear(&ignored); /* it ended meanwhile */
}

/* A signal that is not for the container ends us as it would have without the session. */
static void die_of(struct joined *j, int signo)
{
	sigset_t set;

	terminal_restore(&j->terminal);
	signal(signo, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signo);
	raise(signo);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int read_signal(struct joined *j)
{
	struct signalfd_siginfo si;

	if (read(j->signals, &si, sizeof(si)) != sizeof(si))
		return 0;
	if (si.ssi_signo == SIGWINCH) {
		if (j->s->tty)
			try_resize(j);
	} else if (j->s->proxy_signals) {
		forward_signal(j, (int)si.ssi_signo);
	} else {
		die_of(j, (int)si.ssi_signo);
	}
	return 0;
}

static int open_signals(struct joined *j)
{
	static const int forwarded[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM,
		                         SIGALRM, SIGCONT, SIGTSTP, SIGIO,   SIGPWR };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	for (size_t i = 0; i < ARRAY_LEN(forwarded); i++)
		if (j->s->proxy_signals || j->terminal.raw)
			sigaddset(&set, forwarded[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	j->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return j->signals < 0 ? err_errno(j->e, errno, "create signalfd") : 0;
}

/* --- the loop --- */

static bool wait_readable(const struct joined *j)
{
	return j->s->wait && http_conn_buffered(j->s->wait);
}

/* One turn. Sources: socket, stdin, signals, and once the socket is done the answer to `wait`. */
static int turn(struct joined *j, bool *answered)
{
	bool waiting = j->sock < 0 && j->s->wait;
	struct pollfd fds[] = {
		{ j->sock, (short)(POLLIN | (j->to_sock.len ? POLLOUT : 0)), 0 },
		{ j->to_sock.len < CHUNK ? j->in : -1, POLLIN, 0 },
		{ j->signals, POLLIN, 0 },
		{ waiting ? http_conn_fd(j->s->wait) : -1, POLLIN, 0 },
	};
	int timeout = !j->resize_tries ? -1 : (int)MAX(j->resize_at - clock_mono_ms(), (int64_t)0);

	if (waiting && wait_readable(j)) {
		*answered = true;
		return 0;
	}
	if (poll(fds, ARRAY_LEN(fds), timeout) < 0)
		return errno == EINTR ? 0 : err_errno(j->e, errno, "poll");
	*answered = fds[3].revents != 0;
	if (j->resize_tries && clock_mono_ms() >= j->resize_at)
		try_resize(j);
	if (fds[2].revents && read_signal(j) < 0)
		return -1;
	if ((fds[1].revents) && read_stdin(j) < 0)
		return -1;
	if ((fds[0].revents & POLLOUT) && write_sock(j) < 0)
		return -1;
	close_sending(j);
	return fds[0].revents & ~POLLOUT ? read_sock(j) : 0;
}

static int loop(struct joined *j)
{
	bool answered = false;

	while (!j->detached && !answered && (j->sock >= 0 || j->s->wait))
		if (turn(j, &answered) < 0)
			return -1;
	/* What was typed before the keys that detach is still the container's. */
	if (j->detached && j->sock >= 0 && fd_nonblock(j->sock, false, j->e) == 0 && j->to_sock.len)
		return fd_write_all(j->sock, j->to_sock.data, j->to_sock.len, j->e);
	return 0;
}

static int join(struct joined *j)
{
	struct session *s = j->s;

	if (s->tty && detach_parse(s->detach_keys, &j->detach, j->e) < 0)
		return -1;
	if (s->io) {
		j->sock = take_fd(&s->io->fd);
		j->in = s->use_stdin ? STDIN_FILENO : -1;
		j->in_ended = !s->use_stdin;
		if (fd_nonblock(j->sock, true, j->e) < 0)
			return -1;
	}
	if (s->tty && s->use_stdin && terminal_raw(&j->terminal, j->e) < 0)
		return -1;
	if (open_signals(j) < 0)
		return -1;
	if (s->tty && s->resize) {
		j->resize_tries = RESIZE_TRIES;
		try_resize(j);
	}
	if (s->io && output_feed(&j->output, buf_cstr(&s->io->early), s->io->early.len, j->e) < 0)
		return -1;
	close_sending(j);
	return loop(j);
}

int session_run(struct cli *cli, struct session *s, int *status, struct err *e)
{
	struct joined j = { .cli = cli, .s = s, .sock = -1, .in = -1, .signals = -1, .e = e };
	int r;

	*status = 0;
	output_init(&j.output, s->tty);
	fflush(stdout);
	r = join(&j);
	terminal_restore(&j.terminal);
	fd_close(&j.sock);
	fd_close(&j.signals);
	buf_free(&j.to_sock);
	output_free(&j.output);
	if (r < 0)
		return -1;
	if (j.detached)
		return SESSION_DETACHED;
	if (s->wait && session_wait_status(cli, s->wait, status, e) < 0)
		return -1;
	return SESSION_ENDED;
}

/* --- wait --- */

struct http_conn *session_wait(struct cli *cli, const char *id, const char *condition,
                               struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct http_response rs;

	api_path_start(&path, "/containers/", id, "/wait");
	if (condition)
		api_query(&path, "condition", condition);
	return api_open(cli, &(struct api_request){ .method = "POST", .path = buf_cstr(&path.b) },
	                &rs, e);
}

int session_wait_status(struct cli *cli, struct http_conn *wait, int *status, struct err *e)
{
	struct api_wait answer;
	struct slice body;

	if (http_body_all(wait, &cli->arena, LIMIT_SMALL_FILE, &body, e) < 0 ||
	    json_decode(&cli->arena, &api_wait_type, body, &answer, e) < 0)
		return err_wrap(e, "wait for the container");
	*status = (int)answer.status_code;
	if (answer.error && !str_empty(answer.error->message)) {
		fprintf(stderr, "Error waiting for container: %s\n", answer.error->message);
		*status = EXIT_DAEMON;
	}
	return 0;
}
