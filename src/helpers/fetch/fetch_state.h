/* What the sessions of one fetch process share. */
#ifndef FETCH_STATE_H
#define FETCH_STATE_H

#include <pthread.h>
#include "image/fetch.h"

struct fetch {
	struct arena arena;
	struct fetch_setup setup;
	pthread_mutex_t lock; /* of what follows */
	size_t endpoint;      /* the first that may work: those before it did not */
	char *authorization;  /* "Bearer ...", good at that endpoint; or NULL. malloc */
};

/* A copy in the arena, or NULL. */
char *fetch_authorization(struct fetch *f, struct arena *a);
void fetch_set_authorization(struct fetch *f, const char *value);

size_t fetch_endpoint_index(struct fetch *f);
/* Another endpoint: what let us in at the last one is nothing to this one. */
void fetch_move_on(struct fetch *f, size_t endpoint);

/* Serves one session (owns `sock`) until the engine closes it. */
void *session_main(void *arg);
struct session_start {
	struct fetch *fetch;
	int sock;
};

#endif
