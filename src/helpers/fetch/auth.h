/* How to get in where a registry says no: Basic, or a token from where it points to. */
#ifndef FETCH_AUTH_H
#define FETCH_AUTH_H

#include "helpers/fetch/exchange.h"
#include "helpers/fetch/fetch_state.h"

/* After this fetch_authorization has what to send to the endpoint that refused. */
int auth_answer(struct fetch *f, const struct exchange *refused, struct err *e) must_check;

#endif
