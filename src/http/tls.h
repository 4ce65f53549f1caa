/*
 * TLS for connections of both ends, by a helper: `tls` speaks TLS on the TCP side and hands us one
 * end of a socket pair, so that everything above goes on with plain descriptors (hijacking included)
 * and no program of ours holds OpenSSL or, once it is read, a private key.
 *
 * The helper's standard input is a SOCK_SEQPACKET socket, "control". We send a tls_setup; it answers
 * "ok", or why not. Then we send TCP sockets, "s" with a descriptor each. As a server it accepts from
 * them; as a client it gets connected ones. For each connection whose handshake is done it sends "ok"
 * with the descriptor of the plain end; a client's handshake that fails is a sentence without one. When
 * control is closed it takes no more and ends with the last connection.
 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <sys/types.h>
#include "base/json.h"
#include "http/http.h"

#define TLS_SETUP(F)                                                                   \
	F(BOOL, client, "client", 0)                                                   \
	F(BOOL, verify, "verify", 0) /* the other side must have a good certificate */ \
	F(STR, ca, "ca", OMIT_EMPTY) /* files in PEM; none: the system's */            \
	F(STR, cert, "cert", OMIT_EMPTY)                                               \
	F(STR, key, "key", OMIT_EMPTY)                                                 \
	F(STR, name, "name", OMIT_EMPTY) /* that a server's certificate must bear */
JSON_STRUCT(tls_setup, TLS_SETUP)

#define TLS_MESSAGE_MAX 4096
#define TLS_OK          "ok"

struct tls_helper {
	int control, pidfd; /* owned */
	pid_t pid;
};

/* Starts the helper and waits until it has read its files. */
int tls_start(const struct tls_setup *s, struct tls_helper *out, struct err *e) must_check;
/* Gives it a socket (borrowed). */
int tls_give(const struct tls_helper *h, int fd, struct err *e) must_check;
/* The plain end of the next connection: a descriptor of the caller's. ERR_CANCELED: it has ended. */
int tls_take(const struct tls_helper *h, struct err *e) must_check;

/* As http_dial, with TLS; only "tcp://host:port". `s` needs no client and no name. */
struct http_conn *tls_dial(const char *address, const struct tls_setup *s, struct err *e)
        must_check;

#endif
