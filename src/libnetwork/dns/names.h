/*
 * Who is called what on which network, and the answers that follow from it. Docker's rules:
 *
 *     name            of an endpoint on one of the asker's networks: its addresses, in any order
 *     name.network    the same on that network only
 *     alias           of one of the asker's own links
 *     an address      of an endpoint on one of its networks: name.network
 *
 * Names are the same in capitals. What nobody here is called is asked elsewhere.
 */
#ifndef LIBNETWORK_DNS_NAMES_H
#define LIBNETWORK_DNS_NAMES_H

#include "libnetwork/dns/message.h"
#include "libnetwork/port_protocol.h"

struct names;

struct names *names_new(void);
void names_free(struct names *n);

/* ERR_INVALID when it is no IPv4 address. Replaces what the owner had. */
int names_put(struct names *n, const char *owner, const struct name_record *r, struct err *e)
        must_check;
void names_drop(struct names *n, const char *owner); /* an unknown owner is fine */
bool names_empty(const struct names *n);

/* Each owner with its record, borrowed. */
void names_list(const struct names *n, struct arena *a, struct port_reply *reply);

/* True when `out` is the answer; false when it must be asked elsewhere. */
bool names_answer(const struct names *n, const struct name_resolver *asker, struct slice query,
                  const struct dns_query *q, struct buf *out);

#endif
