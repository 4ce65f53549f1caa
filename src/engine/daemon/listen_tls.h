/*
 * TCP sockets with TLS: the `tls` helper (http/tls.h) accepts from them and hands over what has shown
 * a good certificate. It is started again when it dies; the sockets stay ours.
 */
#ifndef ENGINE_DAEMON_LISTEN_TLS_H
#define ENGINE_DAEMON_LISTEN_TLS_H

#include "engine/engine.h"
#include "engine/daemon/listen.h"

struct tls_door;

/* Takes the TCP sockets among the listeners. g->http must be there. */
struct tls_door *tls_door_open(struct engine *g, const struct listeners *l, struct err *e)
        must_check;
void tls_door_close(struct tls_door *d); /* NULL is fine */

#endif
