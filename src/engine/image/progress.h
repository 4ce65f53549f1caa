/*
 * A progress stream: the lines that clients draw while an image is pulled (and later pushed, loaded,
 * built). The answer starts with the first line; a failure before it is an ordinary error, one
 * after it travels in the stream. Any thread may report; lines come out whole.
 */
#ifndef ENGINE_IMAGE_PROGRESS_H
#define ENGINE_IMAGE_PROGRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include "engine/routes/api.h"

struct progress {
	struct api_call *call;
	pthread_mutex_t lock;
	bool started;
	atomic_bool gone; /* the client does not read any more */
};

void progress_init(struct progress *p, struct api_call *c);

/* {"status": text, "id": id}; id may be NULL. */
void progress_say(struct progress *p, const char *id, const char *fmt, ...) printf_like(3, 4);
/* {"stream": text}: for clients to print as it is. */
void progress_stream(struct progress *p, const char *fmt, ...) printf_like(2, 3);
/* {"progressDetail": {}, "aux": json}: for programs. */
void progress_aux(struct progress *p, const char *json);
/* {"status": text, "progressDetail": {...}, "id": id}; total 0: an empty detail. */
void progress_step(struct progress *p, const char *id, const char *status, int64_t current,
                   int64_t total);
bool progress_is_gone(struct progress *p);

/* Ends the stream. r < 0: reports *e, in the stream or (returning -1) as the call's own error. */
int progress_end(struct progress *p, int r, struct err *e) must_check;

#endif
