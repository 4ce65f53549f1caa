/*
 * A session: this process's streams joined with those of a container or an exec, until they end.
 *
 * One poll loop: stdin goes to the daemon (its end is passed on by closing that half), the daemon's
 * bytes go to stdout and stderr, signals go to the container, changes of the window go to its TTY,
 * and the answer to a `wait` says how it ended.
 */
#ifndef CLI_CLIENT_SESSION_H
#define CLI_CLIENT_SESSION_H

#include "cli/cli.h"
#include "cli/client/terminal.h"

struct session {
	const char *container; /* gets signals; NULL for an exec */
	const char *resize;    /* path of the resize call: "/exec/ID/resize" */
	struct api_stream *io; /* NULL: nothing attached */
	bool use_stdin, tty, proxy_signals;
	const char *detach_keys; /* or NULL for the default */
	struct http_conn *wait;  /* the head of its answer was read; or NULL */
};

enum session_end { SESSION_ENDED, SESSION_DETACHED };

/*
 * Runs it to the end. *status is what `wait` said (0 without one). Detaching by keys returns
 * SESSION_DETACHED. Errors of the stream are errors.
 */
int session_run(struct cli *cli, struct session *s, int *status, struct err *e) must_check;

/* The body of the answer to a `wait`: the exit status, or 125 with the daemon's words on stderr. */
int session_wait_status(struct cli *cli, struct http_conn *wait, int *status, struct err *e)
        must_check;

/* POST /containers/ID/wait?condition=...: sent, and the head of the answer read. */
struct http_conn *session_wait(struct cli *cli, const char *id, const char *condition,
                               struct err *e) must_check;

#endif
