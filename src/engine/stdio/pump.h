/*
 * The pump: one thread that moves what containers and execs write into their logs and to attached
 * clients, and what clients type into stdin. It serves all of them with one epoll.
 *
 * A `struct stdio` is the three streams of one process (a container's init or an exec). Make it
 * before the task is created, or as early as a client wants to attach; give its fifos to
 * containerd; tell it when the process has ended; close it when it has drained:
 *
 *     s = stdio_open(pump, &config, &e);       fifos exist now and nothing that is written gets
 * lost stdio_attach(s, &client, &e);            any number of clients, at any time
 *     Tasks.Create(stdin = config.in, ...); Tasks.Start; stdio_started(s);
 *     ... TaskExit event:  stdio_exited(s);    from now on empty pipes are the end
 *     stdio_wait(s, 10000, &e);                or config.on_drained: log written, clients served
 *     stdio_close(s);
 *
 * After a restart of the engine the same calls adopt a running process: stdio_open with the same
 * paths continues the log exactly where the killed engine was, without a lost, doubled or torn
 * line.
 *
 * Rules: an output's bytes stay in order; between stdout and stderr it is order of arrival. A
 * client that reads slowly slows the process down once it is PUMP_CLIENT_LAG behind (as with
 * Docker); no client loses bytes. Threads: every function may be called from any thread but from
 * inside a callback; callbacks run in the pump's thread and must not block.
 */
#ifndef ENGINE_STDIO_PUMP_H
#define ENGINE_STDIO_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

#define PUMP_CLIENT_LAG (1024 * 1024)

struct pump;
struct stdio;

struct pump *pump_start(struct err *e) must_check;
void pump_stop(struct pump *p); /* every stdio is closed before */

/* How a log is written: Docker's json-file or its local driver. */
enum log_driver { LOG_DRIVER_JSON, LOG_DRIVER_LOCAL };

struct stdio_config {
	/* Paths of the fifos; NULL where there is no such stream. Made (mode 0700) when missing. */
	const char *in, *out, *err; /* with a terminal: no err */

	/*
	 * What is logged: log_path is the driver's file in the container's folder, or NULL when nothing
	 * is. state_dir (made when missing; below the exec root) holds the bytes that are on their
	 * way and the record of how far they are; a reboot may lose it. attrs is the JSON object of
	 * log-opts labels, env and tag, or NULL.
	 */
	enum log_driver driver;
	const char *log_path, *state_dir, *attrs;
	int64_t max_size;   /* rotate to LOG.1 beyond this many bytes; 0: never */
	unsigned max_files; /* of them all; 1 (or 0) throws the full one away */
	bool compress;      /* rotated ones, to LOG.1.gz */
	int64_t buffer; /* not logged yet: when there are more bytes they are dropped; 0: some MB */

	/* Both outputs have ended and all is written: once. May be NULL. */
	void (*on_drained)(void *arg);
	/* Hears every byte of both outputs as it comes. May be NULL. */
	void (*on_output)(void *arg, const void *p, size_t n);
	/* A client with close_stdin came to its end; the engine answers with Tasks.CloseIO. May be
	 * NULL. */
	void (*on_stdin_closed)(void *arg);
	void *arg;
};

/* Copies what it needs of the configuration. Without an old state_dir a torn last line is cut off.
 */
struct stdio *stdio_open(struct pump *p, const struct stdio_config *c, struct err *e) must_check;

/*
 * The shim has opened the fifos (the task or the exec is started): only from now on the end of a
 * client's input is passed on. Before, closing our end would throw away what was typed already.
 */
void stdio_started(struct stdio *s);

/* The process is gone: the streams end when the pipes are empty, whoever else still holds them. */
void stdio_exited(struct stdio *s);

/* Blocks until drained; ERR_DEADLINE after timeout_ms (-1: for ever). */
int stdio_wait(struct stdio *s, int timeout_ms, struct err *e) must_check;

/*
 * Lets go of it: removes the fifos, forgets state_dir if all was drained. Clients that have not
 * received everything yet go on until they have, when it was drained; else they end.
 */
void stdio_close(struct stdio *s);

/* ---- clients ---- */

enum stdio_end {
	STDIO_END_DRAINED,  /* the process ended and the client has received everything */
	STDIO_END_DETACHED, /* the detach keys were typed */
	STDIO_END_GONE,     /* the client hung up */
	STDIO_END_CLOSED,   /* stdio_close, or a write error */
};

enum stdio_wire {
	STDIO_RAW,
	STDIO_MUX,     /* frames of Docker's stream protocol */
	STDIO_WS_TEXT, /* WebSocket messages; what the client sends are such, too */
	STDIO_WS_BINARY,
};

struct stdio_client {
	int fd; /* a hijacked connection or a socketpair; the pump's from here on, closed at the end
	         */
	bool in, out, err;
	enum stdio_wire wire;
	bool close_stdin; /* the end of its input is the end of the process's stdin (StdinOnce,
	                     exec) */
	bool replay;      /* what is in the log first (attach with logs=1) */
	bool only_replay; /* and then the end */
	const char *detach_keys; /* "ctrl-p,ctrl-q", or NULL when there is no way to detach */
	/* Sent before everything else: with it the client learns that it is attached. */
	const void *greeting;
	size_t greeting_len;
	const void *early; /* bytes of its input that came with the request's head */
	size_t early_len;
	void (*on_end)(void *arg, enum stdio_end why); /* once, after fd is closed; may be NULL */
	void *arg;
};

/* On failure the fd is still the caller's and on_end is not called. */
int stdio_attach(struct stdio *s, const struct stdio_client *c, struct err *e) must_check;

/* "ctrl-p,ctrl-q", "a", "ctrl-[": 0, or ERR_INVALID. For validation; stdio_attach does it too. */
int detach_keys_check(const char *keys, struct err *e) must_check;

#endif
