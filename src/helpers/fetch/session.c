/*
 * A session: requests of the engine, one after the other, in a thread of its own with a curl handle of
 * its own. Here are the three reasons to ask again: another endpoint may answer, a registry wants to
 * know who we are, a connection broke.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "helpers/fetch/auth.h"
#include "helpers/fetch/push.h"

#define ATTEMPTS    5
#define PROGRESS    (64 * 1024) /* bytes that make the next attempt a first one again */
#define PAUSE_MAX_S 4
#define WAIT_MAX_S  60 /* a registry that wants us to wait longer is not waited for */

/* One endpoint, and if it asks who we are, once more with an answer. */
static int ask(struct session *s, struct exchange *x, struct err *e)
{
	x->authorization = fetch_authorization(s->fetch, x->arena);
	if (exchange_run(x, e) < 0)
		return -1;
	if (x->status != 401 || x->challenge.scheme == CHALLENGE_NONE)
		return 0;
	if (auth_answer(s->fetch, x, e) < 0)
		return -1;
	x->authorization = fetch_authorization(s->fetch, x->arena);
	return exchange_run(x, e);
}

/* A mirror that has not got it, or an address where nobody answers: on to the next. */
static bool should_move_on(const struct exchange *x, int r)
{
	return (r < 0 && x->done == 0 && x->status == 0) ||
	       (x->endpoint->mirror && !exchange_succeeded(x));
}

/* For the engine's log: an image that a mirror has not got is no news, all else is. */
static void tell_passed(const struct exchange *x, int r, const struct err *e)
{
	if (r < 0)
		fprintf(stderr, "fetch: %s is passed over: %s\n", x->endpoint->url, e->text);
	else if (x->status != 404)
		fprintf(stderr, "fetch: %s is passed over: status %ld\n", x->endpoint->url,
		        x->status);
}

int session_ask(struct session *s, struct exchange *x, const char *path, struct err *e)
{
	const struct fetch_setup *setup = &s->fetch->setup;
	size_t i = fetch_endpoint_index(s->fetch);
	int r;

	for (;; i++) {
		x->endpoint = &setup->endpoints.v[i];
		x->url = arena_printf(x->arena, "%s/v2/%s", x->endpoint->url, path);
		r = ask(s, x, e);
		if (i + 1 == setup->endpoints.n || !should_move_on(x, r))
			break;
		tell_passed(x, r, e);
		fetch_move_on(s->fetch, i + 1);
	}
	if (r < 0)
		return -1;
	return exchange_succeeded(x) ? 0 : exchange_refused(x, e);
}

const char *session_path(const struct session *s, const struct exchange *x, const char *kind,
                         const char *reference)
{
	return arena_printf(x->arena, "%s/%s/%s", s->fetch->setup.repository, kind, reference);
}

static int tell_retry(struct session *s, int64_t seconds, struct err *e)
{
	struct fetch_notice notice = { .retry_in = seconds };

	return fetch_send(s->sock, &fetch_notice_type, &notice, -1, e);
}

/* A document is checked by its digest; a blob must have the length that was announced. */
static int check_whole(const struct exchange *x, struct err *e)
{
	if (x->manifest || x->done == x->limit)
		return 0;
	if (x->ended)
		return err_set(e, ERR_DATA_LOSS, "the registry has %lld bytes instead of %lld",
		               (long long)(x->offset + x->done), (long long)(x->offset + x->limit));
	return err_set(e, ERR_UNAVAILABLE, "the registry ended after %lld of %lld bytes",
	               (long long)(x->offset + x->done), (long long)(x->offset + x->limit));
}

/*
 * A registry that is not there is not waited for when an image is named, only in the middle. One
 * that has enough of us (429) must say for how long, and that must not be long.
 */
static bool is_worth_another(const struct session *s, const struct exchange *x, int attempt,
                             const struct err *e)
{
	int64_t most = s->fetch->setup.attempts;

	if (e->kind != ERR_UNAVAILABLE || attempt >= (most > 0 ? most : ATTEMPTS) ||
	    x->retry_after > WAIT_MAX_S || (x->status == 429 && x->retry_after <= 0))
		return false;
	return !x->manifest || (x->status != 0 && x->done == 0);
}

/* Asks until all bytes from the offset on have arrived; each time only for what is missing. */
static int ask_patiently(struct session *s, struct exchange *x, const char *path, struct err *e)
{
	for (int attempt = 1;; attempt++) {
		int64_t seconds = MIN(1 << (attempt - 1), PAUSE_MAX_S);

		x->retry_after = 0;
		if (session_ask(s, x, path, e) == 0 && check_whole(x, e) == 0)
			return 0;
		if (x->done >= PROGRESS)
			attempt = 0;
		if (!is_worth_another(s, x, attempt, e))
			return -1;
		x->offset += x->done;
		x->limit -= x->done;
		seconds = MAX(seconds, x->retry_after);
		if (attempt > 0 &&
		    (tell_retry(s, seconds, e) < 0 || exchange_wait(x, (int)seconds * 1000, e) < 0))
			return -1;
	}
}

static int get_manifest(struct session *s, const struct fetch_request *req, struct exchange *x,
                        struct err *e)
{
	x->manifest = true;
	x->limit = LIMIT_MANIFEST_BYTES;
	return ask_patiently(s, x, session_path(s, x, "manifests", req->reference), e);
}

/* A layer that its publisher keeps elsewhere: no credentials go there (CVE-2020-15157). */
static int get_foreign(struct session *s, const struct fetch_request *req, struct exchange *x,
                       struct err *e)
{
	struct fetch_setup stranger = { .user_agent = s->fetch->setup.user_agent };

	x->setup = &stranger;
	for (size_t i = 0; i < req->urls.n; i++) {
		x->endpoint = NULL;
		x->authorization = NULL;
		x->url = req->urls.v[i];
		if (exchange_run(x, e) == 0 && exchange_succeeded(x) && x->done == x->limit)
			return 0;
		if (x->done > 0)
			break;
	}
	return err_set(e, ERR_UNAVAILABLE, "none of the layer's own addresses has it");
}

static int get_blob(struct session *s, const struct fetch_request *req, struct exchange *x,
                    struct err *e)
{
	x->offset = req->offset;
	x->limit = req->size - req->offset;
	if (req->offset < 0 || x->limit < 0)
		return err_set(e, ERR_INVALID, "invalid range");
	if (ask_patiently(s, x, session_path(s, x, "blobs", req->reference), e) == 0)
		return 0;
	return e->kind == ERR_NOT_FOUND && req->urls.n > 0 ? get_foreign(s, req, x, e) : -1;
}

/* Is this who he says he is? /v2/ answers everybody that it knows. */
static int session_login(struct session *s, const struct fetch_request *req unused_arg,
                         struct exchange *x, struct err *e)
{
	x->manifest = true; /* small, and soon */
	x->limit = LIMIT_MANIFEST_BYTES;
	return session_ask(s, x, "", e);
}

static const struct {
	const char *what;
	int (*get)(struct session *, const struct fetch_request *, struct exchange *, struct err *);
} kinds[] = {
	{ FETCH_MANIFEST, get_manifest }, { FETCH_BLOB, get_blob },
	{ FETCH_HAS, push_has },          { FETCH_UPLOAD, push_blob },
	{ FETCH_TAG, push_manifest },     { FETCH_LOGIN, session_login },
};

static int get(struct session *s, const struct fetch_request *req, struct exchange *x,
               struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(req->what, kinds[i].what))
			return kinds[i].get(s, req, x, e);
	return err_set(e, ERR_UNIMPLEMENTED, "fetch knows no \"%s\"", req->what ? req->what : "");
}

/* One request: 1, or 0 or -1 when the engine is gone. */
static int serve(struct session *s, struct arena *a, struct err *e)
{
	struct fetch_request req;
	struct fetch_notice notice = { 0 };
	struct exchange x = {
		.setup = &s->fetch->setup, .session = s->sock, .curl = s->curl, .arena = a
	};
	int out, got = fetch_recv(s->sock, a, &fetch_request_type, &req, &out, e);

	if (got <= 0)
		return got;
	x.out = str_eq(req.what, FETCH_UPLOAD) || str_eq(req.what, FETCH_TAG) ? -1 : out;
	x.in = out;
	if (get(s, &req, &x, e) < 0) {
		notice.error = e->text;
		notice.kind = err_kind_name(e->kind);
	}
	notice.media_type = x.media_type;
	notice.digest = x.digest;
	fd_close(&out);
	buf_free(&x.body);
	return fetch_send(s->sock, &fetch_notice_type, &notice, -1, e) < 0 ? -1 : 1;
}

void *session_main(void *arg)
{
	struct session_start *start = arg;
	struct session s = { start->fetch, start->sock, curl_easy_init() };
	struct err e = { 0 };
	int more;

	free(start);
	do {
		struct arena a = { 0 };

		err_clear(&e);
		more = s.curl ? serve(&s, &a, &e) : -1;
		arena_free(&a);
	} while (more > 0);
	curl_easy_cleanup(s.curl);
	fd_close(&s.sock);
	return NULL;
}
