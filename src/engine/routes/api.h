/*
 * The Engine API: one table of routes (routes.def), and what handlers share.
 *
 * A handler reads its call, does the work and answers; it returns 0 when it has answered, or -1 with
 * an error, which becomes {"message": text} with the status that belongs to its kind. The thread
 * is the request's own (http/server.h); everything made for the call lives in its arena.
 */
#ifndef ENGINE_ROUTES_API_H
#define ENGINE_ROUTES_API_H

#include "engine/engine.h"
#include "http/route.h"
#include "http/server.h"

struct api_route;

struct api_call {
	struct engine *engine;
	const struct api_route *route;
	const struct http_request *req;
	struct http_reply *reply;
	struct arena *arena;
	struct http_params params;
	int version; /* minor number that the client asked for, or API_VERSION_MAX */
};

typedef int api_handler(struct api_call *c, struct err *e);

struct api_route {
	const char *method, *pattern;
	api_handler *handler; /* NULL: not there yet */
	int since;            /* API minor version that has it; 0: all */
};

/* The server's handler; `user` is the engine. */
void api_serve(void *user, struct http_request *req, struct http_reply *reply);

/* ---- what was asked ---- */

const char *api_param(struct api_call *c, const char *name); /* of the path */
const char *api_query(struct api_call *c, const char *name); /* "" when absent; see params.def */
struct strs api_query_all(struct api_call *c, const char *name); /* of a name given several times */
bool api_query_flag(struct api_call *c, const char *name);       /* as Docker reads booleans */
/* An integer; `absent` when it is not there. */
int api_query_int(struct api_call *c, const char *name, int64_t absent, int64_t *out, struct err *e)
        must_check;
/* "1136073600.5", RFC 3339, or absent (0): nanoseconds since 1970. */
int api_query_time(struct api_call *c, const char *name, int64_t *out, struct err *e) must_check;

/* Decodes the body, which must be JSON; its table stands in params.def. `optional`: no body leaves *out zeroed. */
int api_body(struct api_call *c, const struct json_table *t, void *out, bool optional,
             struct err *e) must_check;

/* ---- answering; always 0: a client that is gone is no error of ours ---- */

int api_answer(struct api_call *c, int status, const struct json_table *t, const void *o);
/* An array of n structs. */
int api_answer_list(struct api_call *c, const struct json_table *t, const void *v, size_t n);
int api_answer_json(struct api_call *c, int status, struct slice json);
int api_answer_nothing(struct api_call *c, int status); /* 204, 304, ... */
void api_answer_error(struct api_call *c, const struct err *e);

#define API_ROUTE(method, pattern, handler, since) api_handler handler;
#define API_LATER(method, pattern)
#include "engine/routes/routes.def"
#undef API_ROUTE
#undef API_LATER

#endif
