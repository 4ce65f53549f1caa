/* How to get in where a registry says no: Basic, or a token from where it points to. */
#ifndef FETCH_AUTH_H
#define FETCH_AUTH_H

#include <curl/curl.h>
#include "helpers/fetch/fetch_state.h"
#include "image/challenge.h"

/* After this fetch_authorization has what to send to that endpoint. */
int auth_answer(struct fetch *f, CURL *curl, const struct fetch_endpoint *endpoint,
                const struct challenge *c, struct err *e) must_check;

#endif
