/*
 * Reading logs for `docker logs`: from a log (and its rotated parts) to a client.
 *
 * log_send runs in the caller's thread until everything that is in the log is sent. log_follow
 * sends the same from the pump's thread and goes on with what comes, until the process has drained.
 */
#ifndef ENGINE_STDIO_LOGS_H
#define ENGINE_STDIO_LOGS_H

#include "engine/stdio/pump.h"

struct log_query {
	bool out, err;
	bool timestamps, details;
	int64_t since, until; /* ns since 1970; 0: no bound */
	int64_t tail;         /* this many last entries; negative: all */
	bool mux;             /* frames; else raw (containers with a terminal) */
	bool chunked;         /* HTTP chunks around it, and the last one at the end */
};

/* fd is borrowed and may be blocking or not. A client that hangs up is ERR_UNAVAILABLE. */
int log_send(enum log_driver driver, const char *log_path, const struct log_query *q, int fd,
             struct err *e) must_check;

/* fd becomes the pump's; on_end as in struct stdio_client. On failure it is still the caller's. */
int log_follow(struct stdio *s, const struct log_query *q, int fd,
               void (*on_end)(void *arg, enum stdio_end why), void *arg, struct err *e) must_check;

#endif
