/*
 * One HTTP request and its answer, by libcurl. What a success brings goes to a descriptor as it
 * arrives; what anything else brings is kept, because it may say why.
 */
#ifndef FETCH_EXCHANGE_H
#define FETCH_EXCHANGE_H

#include <curl/curl.h>
#include "base/arena.h"
#include "base/str.h"
#include "image/challenge.h"
#include "image/fetch.h"

struct exchange {
	/* what is asked */
	const char *url;
	const struct fetch_setup *setup;
	const struct fetch_endpoint *endpoint; /* NULL: somewhere else; no credentials go there */
	const char *authorization;             /* or NULL */
	const char *method; /* "HEAD", "PUT" ...; NULL: GET, or POST with a form */
	const char *form;   /* POST this; NULL: GET */
	int in;             /* PUT: what is sent, `in_size` bytes */
	int64_t in_size;
	const char *content_type; /* of that */
	const char *userpwd;      /* Basic, or NULL */
	bool manifest;            /* send what we can read as Accept */
	int64_t offset;           /* begin there */
	int64_t limit;            /* of bytes from offset on; more is an error */
	int out;                  /* where a success goes; -1: into `body` too */
	int session;              /* the engine's: when it hangs up, so do we */

	/* what came */
	long status;
	int64_t done;        /* bytes that went to `out` */
	bool ended;          /* the server meant to end where it did */
	int64_t retry_after; /* seconds that the server asks for, or 0 */
	const char *media_type, *digest, *location;
	struct challenge challenge;
	struct buf body;

	/* its own */
	CURL *curl;
	struct arena *arena;
	int64_t skip;    /* the server sends from the start: these come first */
	size_t head;     /* bytes of headers so far */
	bool overfull;   /* `body` took no more */
	int64_t watched; /* when we last looked whether the engine is there */
	struct err *err;
};

/*
 * 0 when there was an answer of any status. -1: ERR_UNAVAILABLE (try again), ERR_CANCELED (nobody
 * reads `out` any more), or what else is wrong. The caller frees `body`.
 */
int exchange_run(struct exchange *x, struct err *e) must_check;

/* Waits some milliseconds, or -1 with ERR_CANCELED when the engine does not wait any more. */
int exchange_wait(const struct exchange *x, int ms, struct err *e) must_check;

bool exchange_succeeded(const struct exchange *x);

/* Turns a status that is no success into an error, with the registry's own words. */
int exchange_refused(const struct exchange *x, struct err *e);

#endif
