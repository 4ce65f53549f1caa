/*
 * One connection: TLS on `tcp`, plain bytes on `plain`. Each direction has one block, which is filled
 * when it is empty and written when it is not; nothing is read that cannot be passed on. The end of a
 * side's bytes is passed on as such (close_notify <-> shutdown), so half-closed streams work.
 */
#include "helpers/tls/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include "base/fd.h"
#include "base/mem.h"

#define BLOCK        (16 * 1024)
#define HANDSHAKE_MS 10000
#define LINGER_MS    10000 /* for a peer to read the end of what was sent to it */

struct block {
	size_t pos, len;
	char data[BLOCK];
};

struct relay {
	struct tls *tls;
	SSL *ssl;
	int tcp, plain;
	struct loop_source *tcp_source, *plain_source, *timer;
	struct block up, down; /* from TLS to plain, and back */
	bool shaken;           /* the handshake is done */
	bool tls_eof, plain_eof;
	bool tls_shut, plain_shut; /* the end was passed on */
	bool plain_gone;           /* nobody reads there any more */
	bool tcp_gone;             /* closed both ways: what has arrived is all that will */
	bool want_in, want_out;    /* what OpenSSL waits for on tcp */
	bool moved;                /* something, in this pass */
	bool broken;
};

static void relay_free(struct relay *r)
{
	struct tls *t = r->tls;

	loop_remove(r->tcp_source);
	loop_remove(r->plain_source);
	loop_remove(r->timer);
	SSL_free(r->ssl);
	fd_close(&r->tcp);
	fd_close(&r->plain);
	free(r);
	t->relays--;
	t->relay_ended(t);
}

static bool is_empty(const struct block *b)
{
	return b->pos == b->len;
}

/* After a call to OpenSSL: what it waits for, or that it is over. */
static void note(struct relay *r, int result)
{
	switch (SSL_get_error(r->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		r->want_in = true;
		break;
	case SSL_ERROR_WANT_WRITE:
		r->want_out = true;
		break;
	case SSL_ERROR_ZERO_RETURN:
		r->tls_eof = true;
		break;
	default:
		r->broken = true;
	}
}

/* ---- the handshake ---- */

static void say(struct relay *r, const char *text, int fd)
{
	if (fd >= 0 && fd_send(r->tls->control, fd, text, strlen(text), NULL) < 0)
		r->broken = true;
	if (fd < 0 && r->tls->setup.client && r->tls->control >= 0 &&
	    send(r->tls->control, text, strlen(text), MSG_NOSIGNAL) < 0)
		r->broken = true;
}

static void on_plain(void *arg, int fd, uint32_t events);

static void hand_over(struct relay *r)
{
	_cleanup_close_ int theirs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		r->broken = true;
		return;
	}
	r->plain = pair[0];
	theirs = pair[1];
	r->plain_source = loop_add(r->tls->loop, r->plain, EPOLLIN, on_plain, r, NULL);
	if (!r->plain_source || fd_nonblock(r->plain, true, NULL) < 0)
		r->broken = true;
	else
		say(r, TLS_OK, theirs);
}

static void tell_failure(struct relay *r)
{
	long verdict = SSL_get_verify_result(r->ssl);
	struct err e = { 0 };

	if (r->tls->setup.verify && verdict != X509_V_OK)
		err_set(&e, ERR_INVALID, "TLS: the certificate of the other side: %s",
		        X509_verify_cert_error_string(verdict));
	else
		tls_error(&e, "TLS handshake");
	say(r, e.text, -1);
}

static void shake(struct relay *r)
{
	int result = SSL_do_handshake(r->ssl);

	if (result != 1) {
		note(r, result);
		if (r->broken || r->tls_eof) {
			tell_failure(r);
			r->broken = true;
		}
		return;
	}
	r->shaken = true;
	loop_remove(r->timer);
	r->timer = NULL;
	hand_over(r);
}

/* ---- bytes ---- */

static void move_up(struct relay *r)
{
	ssize_t n;

	if (is_empty(&r->up) && !r->tls_eof) {
		int got = SSL_read(r->ssl, r->up.data, BLOCK);

		r->up.pos = 0;
		r->up.len = got > 0 ? (size_t)got : 0;
		if (got <= 0)
			note(r, got);
		r->moved |= got > 0 || r->tls_eof;
	}
	if (r->plain_gone)
		r->up.pos = r->up.len;
	if (!is_empty(&r->up)) {
		n = send(r->plain, r->up.data + r->up.pos, r->up.len - r->up.pos, MSG_NOSIGNAL);
		r->moved |= n > 0;
		if (n > 0)
			r->up.pos += (size_t)n;
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			r->plain_gone = true;
	}
	if (is_empty(&r->up) && r->tls_eof && !r->plain_shut) {
		r->plain_shut = true;
		shutdown(r->plain, SHUT_WR);
	}
}

static void read_plain(struct relay *r)
{
	ssize_t n = read(r->plain, r->down.data, BLOCK);

	r->down.pos = 0;
	r->down.len = n > 0 ? (size_t)n : 0;
	r->plain_eof = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	r->moved |= n > 0 || r->plain_eof;
}

static void move_down(struct relay *r)
{
	if (is_empty(&r->down) && !r->plain_eof)
		read_plain(r);
	if (!is_empty(&r->down)) {
		int put = SSL_write(r->ssl, r->down.data + r->down.pos,
		                    (int)(r->down.len - r->down.pos));

		r->moved |= put > 0;
		if (put > 0)
			r->down.pos += (size_t)put;
		else
			note(r, put);
	}
	if (is_empty(&r->down) && r->plain_eof && !r->tls_shut && !r->broken) {
		r->tls_shut = true;
		SSL_shutdown(r->ssl);
		shutdown(r->tcp, SHUT_WR);
	}
}

/* Has a pass moved anything? Then another one may, too. */
static bool step(struct relay *r)
{
	r->moved = r->want_in = r->want_out = false;
	ERR_clear_error();
	move_up(r);
	if (!r->broken)
		move_down(r);
	return r->moved && !r->broken;
}

/* ---- in the loop ---- */

static void on_linger(void *arg)
{
	struct relay *r = arg;

	r->timer = NULL; /* freed as it fired */
	relay_free(r);
}

static void watch(struct relay *r)
{
	uint32_t tcp = 0, plain = 0;

	if (r->want_out)
		tcp |= EPOLLOUT;
	if (r->want_in || (r->shaken && is_empty(&r->up) && !r->tls_eof))
		tcp |= EPOLLIN;
	if (r->tcp_source && loop_modify(r->tcp_source, tcp, NULL) < 0)
		r->broken = true;
	if (!r->plain_source)
		return;
	if (!is_empty(&r->up))
		plain |= EPOLLOUT;
	if (is_empty(&r->down) && !r->plain_eof)
		plain |= EPOLLIN;
	if (loop_modify(r->plain_source, plain, NULL) < 0)
		r->broken = true;
}

static void go_on(struct relay *r)
{
	r->want_in = r->want_out = false;
	if (!r->shaken)
		shake(r);
	if (r->shaken && !r->broken)
		while (step(r))
			;
	if (!r->broken)
		watch(r);
	if (r->broken || (r->tls_shut && r->plain_shut) || (r->tcp_gone && is_empty(&r->up))) {
		relay_free(r);
		return;
	}
	if (r->plain_gone && !r->timer)
		r->timer = loop_timer(r->tls->loop, LINGER_MS, on_linger, r);
}

static void on_tcp(void *arg, unused_arg int fd, uint32_t events)
{
	struct relay *r = arg;

	if (events & (EPOLLHUP | EPOLLERR)) {
		r->tcp_gone = true;
		loop_remove(r->tcp_source);
		r->tcp_source = NULL;
	}
	go_on(r);
}

static void on_plain(void *arg, unused_arg int fd, uint32_t events)
{
	struct relay *r = arg;

	/* What has been written there before is read as room for it comes up; epoll would tell us of
	 * the end again and again. */
	if (events & (EPOLLHUP | EPOLLERR)) {
		r->plain_gone = true;
		loop_remove(r->plain_source);
		r->plain_source = NULL;
	}
	go_on(r);
}

static int expect_name(struct relay *r, const char *name)
{
	X509_VERIFY_PARAM *p = SSL_get0_param(r->ssl);
	unsigned char address[16];

	if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(p, name);
	return SSL_set_tlsext_host_name(r->ssl, name) == 1 && SSL_set1_host(r->ssl, name) == 1;
}

static void on_timeout(void *arg)
{
	struct relay *r = arg;

	r->timer = NULL;
	say(r, "TLS handshake timeout", -1);
	relay_free(r);
}

void relay_start(struct tls *t, int tcp)
{
	struct relay *r = xalloc(sizeof(*r));

	*r = (struct relay){ .tls = t, .tcp = tcp, .plain = -1 };
	t->relays++;
	r->ssl = SSL_new(t->context);
	r->tcp_source = loop_add(t->loop, tcp, EPOLLIN, on_tcp, r, NULL);
	r->timer = loop_timer(t->loop, HANDSHAKE_MS, on_timeout, r);
	if (!r->ssl || !r->tcp_source || fd_nonblock(tcp, true, NULL) < 0 ||
	    SSL_set_fd(r->ssl, tcp) != 1 ||
	    (t->setup.client && t->setup.verify && !expect_name(r, t->setup.name))) {
		relay_free(r);
		return;
	}
	if (t->setup.client)
		SSL_set_connect_state(r->ssl);
	else
		SSL_set_accept_state(r->ssl);
	go_on(r);
}
