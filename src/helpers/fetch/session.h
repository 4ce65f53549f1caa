/* What the requests of a session are made of: session.c reads, push.c writes. */
#ifndef FETCH_SESSION_H
#define FETCH_SESSION_H

#include "helpers/fetch/exchange.h"
#include "helpers/fetch/fetch_state.h"

struct session {
	struct fetch *fetch;
	int sock;
	CURL *curl;
};

/*
 * Asks for "/v2/PATH" where the registry answers, as whoever it wants to know. An answer that is no
 * success is an error in the registry's words.
 */
int session_ask(struct session *s, struct exchange *x, const char *path, struct err *e) must_check;

/* "REPOSITORY/KIND/REFERENCE" */
const char *session_path(const struct session *s, const struct exchange *x, const char *kind,
                         const char *reference);

#endif
