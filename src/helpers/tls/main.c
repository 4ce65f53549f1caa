/*
 * tls: TLS for dockerd's TCP sockets and for docker. It reads its files as who started it, then
 * enters the jail: a fault in what reads a stranger's bytes is not a fault in the engine.
 */
#include "helpers/tls/tls.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "helpers/sandbox.h"

#define LISTENERS_MAX 32
#define RELAYS_MAX    1000 /* more wait in the kernel's queue */

struct helper {
	struct tls tls; /* first: relay_ended gives it back */
	struct arena arena;
	struct loop_source *control;
	struct loop_source *listeners[LISTENERS_MAX];
	size_t nlisteners;
	bool full; /* listeners are not watched */
};

/* ---- connections ---- */

static void listeners_watch(struct helper *h, bool on)
{
	h->full = !on;
	for (size_t i = 0; i < h->nlisteners; i++)
		if (loop_modify(h->listeners[i], on ? EPOLLIN : 0, NULL) < 0)
			_exit(1); /* the descriptor is ours and open: cannot happen */
}

static void on_relay_end(struct tls *t)
{
	struct helper *h = (struct helper *)t;

	if (t->control < 0 && t->relays == 0)
		loop_stop(t->loop);
	else if (h->full && t->relays < RELAYS_MAX)
		listeners_watch(h, true);
}

static void on_accept(void *arg, int fd, unused_arg uint32_t events)
{
	struct helper *h = arg;
	int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	if (conn >= 0)
		relay_start(&h->tls, conn);
	if (h->tls.relays >= RELAYS_MAX || (conn < 0 && (errno == EMFILE || errno == ENFILE)))
		listeners_watch(h, false);
}

/* ---- control ---- */

static void take_socket(struct helper *h, int fd)
{
	struct loop_source *s;

	if (h->tls.setup.client) {
		relay_start(&h->tls, fd);
		return;
	}
	s = h->nlisteners < LISTENERS_MAX ? loop_add(h->tls.loop, fd, EPOLLIN, on_accept, h, NULL)
	                                  : NULL;
	if (s)
		h->listeners[h->nlisteners++] = s;
	else
		close(fd);
}

static void close_control(struct helper *h)
{
	loop_remove(h->control);
	fd_close(&h->tls.control);
	for (size_t i = 0; i < h->nlisteners; i++)
		loop_remove(h->listeners[i]);
	h->nlisteners = 0;
	if (h->tls.relays == 0)
		loop_stop(h->tls.loop);
}

static void on_control(void *arg, int fd, unused_arg uint32_t events)
{
	struct helper *h = arg;
	size_t n = 0;
	char byte;
	int sock;
	ssize_t got = fd_recv(fd, &byte, 1, &sock, 1, &n, NULL);

	if (got <= 0)
		close_control(h);
	else if (n == 1)
		take_socket(h, sock);
}

/* ---- start ---- */

static int read_setup(struct helper *h, struct err *e)
{
	static char text[TLS_MESSAGE_MAX];
	ssize_t n = recv(STDIN_FILENO, text, sizeof(text), 0);

	if (n <= 0)
		return err_set(e, ERR_UNAVAILABLE, "nobody says what to do");
	return json_decode(&h->arena, &tls_setup_type, (struct slice){ text, (size_t)n },
	                   &h->tls.setup, e);
}

static int set_up(struct helper *h, struct err *e)
{
	struct sandbox jail = { .root = -1, .network = true };

	if (read_setup(h, e) < 0)
		return -1;
	h->tls.context = tls_context(&h->tls.setup, e);
	if (!h->tls.context || sandbox_enter(&jail, e) < 0)
		return -1;
	h->tls.loop = loop_new(e);
	if (!h->tls.loop)
		return -1;
	h->control = loop_add(h->tls.loop, h->tls.control, EPOLLIN, on_control, h, e);
	return h->control ? 0 : -1;
}

int main(void)
{
	static struct helper h = { .tls = { .control = STDIN_FILENO,
		                            .relay_ended = on_relay_end } };
	struct err e = { 0 };
	const char *answer = TLS_OK;

	signal(SIGPIPE, SIG_IGN);
	if (set_up(&h, &e) < 0)
		answer = e.text;
	if (send(h.tls.control, answer, strlen(answer), MSG_NOSIGNAL) < 0 || answer == e.text)
		return 1;
	return loop_run(h.tls.loop, &e) < 0;
}
