/*
 * Docker's embedded name server: 127.0.0.11 in each sandbox that is on a network of its user's.
 *
 * The engine says who is called what (libnetwork/port_protocol.h); questions are answered from
 * that, with the engine there or not, and what nobody is called is asked outside. Everything runs
 * in one loop's thread.
 */
#ifndef PROXY_DNS_H
#define PROXY_DNS_H

#include "base/loop.h"
#include "libnetwork/port_protocol.h"

struct dns;

struct dns *dns_new(struct loop *l, struct err *e) must_check;
void dns_free(struct dns *d);
bool dns_is_empty(const struct dns *d); /* no name and no resolver */

int dns_name(struct dns *d, const struct port_request *req, struct err *e) must_check;
void dns_unname(struct dns *d, const char *owner);

/* It listens when this returns. One that is there already keeps its sockets. */
int dns_resolve(struct dns *d, const struct port_request *req, struct err *e) must_check;
void dns_unresolve(struct dns *d, const char *owner);

void dns_list(const struct dns *d, struct arena *a, struct port_reply *reply);

#endif
