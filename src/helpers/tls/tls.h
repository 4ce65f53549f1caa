/* The parts of the tls helper. One thread, one loop; http/tls.h says how it is spoken to. */
#ifndef HELPERS_TLS_TLS_H
#define HELPERS_TLS_TLS_H

#include <openssl/ssl.h>
#include "base/loop.h"
#include "http/tls.h"

struct tls {
	struct loop *loop;
	struct tls_setup setup;
	SSL_CTX *context;
	int control; /* -1 once it is closed */
	unsigned relays;
	void (*relay_ended)(struct tls *t);
};

/* ---- context.c ---- */

/* Reads certificates and key. */
SSL_CTX *tls_context(const struct tls_setup *s, struct err *e) must_check;
/* What OpenSSL has to say last, in one line. */
int tls_error(struct err *e, const char *what);

/* ---- relay.c ---- */

/* Takes a TCP connection: handshake, hand-over of the plain end, then bytes until both sides end. */
void relay_start(struct tls *t, int tcp);

#endif
