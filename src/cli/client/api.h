/*
 * The Engine API from the client's side (https://docs.docker.com/reference/api/engine/).
 *
 * The first request is preceded, on the same connection, by HEAD /_ping, whose Api-Version header
 * decides the version of all others. Answers of 400 and more are errors with the daemon's message.
 */
#ifndef CLI_CLIENT_API_H
#define CLI_CLIENT_API_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "http/client.h"

#define API_NEWEST 50 /* minor version: 1.50 */
#define API_OLDEST 24

struct cli;
struct api {
	struct http_conn *idle; /* carries the next request; or NULL */
	int version;            /* agreed minor; 0 before the ping */
	/* The daemon's last message where struct err had no room for all of it. */
	const char *whole, *cut;
};

struct api_request {
	const char *method;
	const char *path;          /* behind the version: "/containers/json?all=1" */
	struct slice body;         /* JSON, unless content_type says otherwise */
	const char *content_type;  /* or NULL */
	const char *registry_auth; /* X-Registry-Auth, or NULL */
	bool upload;               /* the body follows in pieces (struct api_upload) */
};

/* A connection to the daemon, wherever it is. */
struct http_conn *api_dial(struct cli *cli, struct err *e) must_check;

/* Agrees on a version, once. */
int api_ping(struct cli *cli, struct err *e) must_check;

/* Sends a request and reads its whole answer into the cli's arena. Returns the HTTP status. */
int api_call(struct cli *cli, const struct api_request *rq, struct slice *body, struct err *e)
        must_check;

/* The same for GET, and for POST without a body whose answer does not matter. */
int api_get(struct cli *cli, const char *path, struct slice *body, struct err *e) must_check;
int api_post(struct cli *cli, const char *path, struct err *e) must_check;

/* GET or DELETE of an array of this type: into a list, as json_decode_list. */
int api_list(struct cli *cli, const char *method, const char *path, const struct json_table *type,
             void *list, struct err *e) must_check;

/* A connection of its own, positioned at the body of the answer. The caller frees it. */
struct http_conn *api_open(struct cli *cli, const struct api_request *rq,
                           struct http_response *response, struct err *e) must_check;

/* Sends a request on a connection of its own; the answer is read later (api_answer). */
struct http_conn *api_send(struct cli *cli, const struct api_request *rq, struct err *e) must_check;
int api_answer(struct cli *cli, struct http_conn *conn, const char *method,
               struct http_response *response, struct err *e) must_check;

/* POST that turns into a raw stream both ways. */
struct api_stream {
	int fd;           /* owned by the caller */
	struct buf early; /* bytes that came with the answer's head */
	bool multiplexed; /* by the answer's content type; only from API 1.42 on */
};
int api_hijack(struct cli *cli, const struct api_request *rq, struct api_stream *out, struct err *e)
        must_check;

/* --- bodies (api_body.c) --- */

/* POST of a document; its answer. */
int api_post_json(struct cli *cli, const char *path, const struct json_table *type, const void *in,
                  struct slice *answer, struct err *e) must_check;

/*
 * A request whose body is written piece by piece. A daemon that has answered before the end stops
 * reading: writing then fails quietly, and the answer tells why.
 */
struct api_upload {
	struct http_conn *conn; /* owned; NULL: not begun */
	const char *method;
	bool stopped;
};
#define _cleanup_upload_ cleanup_with(api_upload_free)
void api_upload_free(struct api_upload *u);
int api_upload_start(struct cli *cli, const struct api_request *rq, struct api_upload *u,
                     struct err *e) must_check;
void api_upload_write(struct api_upload *u, const void *p, size_t n);
/* All that can be read from a descriptor. */
int api_upload_fd(struct api_upload *u, int fd, struct err *e) must_check;
/* The end of the body, and the answer: then the connection stands at its body. */
int api_upload_end(struct cli *cli, struct api_upload *u, struct http_response *rs, struct err *e)
        must_check;

/* The rest of an answer's body into a descriptor. */
int api_body_to_fd(struct http_conn *conn, int fd, struct err *e) must_check;

/* --- paths --- */

/* Appends s with what may not stand in a path escaped; slashes stay. */
void api_escape_path(struct buf *b, const char *s);

/* "/containers/NAME/json?size=1": appends ?name=value, then &name=value. */
struct api_path {
	struct buf b;
	bool has_query;
};
#define _cleanup_path_ cleanup_with(api_path_free)
void api_path_free(struct api_path *p);
void api_path_start(struct api_path *p, const char *before, const char *name, const char *after);
void api_query(struct api_path *p, const char *name, const char *value);
/* filters={"name":{"value":true}} of a list of name=value; nothing for an empty one. */
void api_query_filters(struct api_path *p, const struct strs *filters);

#endif
