/* See api.h. */
#include "cli/client/api.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"
#include "cli/cli.h"
#include "cli/client/ssh.h"

#define MAX_HEADERS 64

#define ERROR_ANSWER(F) F(STR, message, "message", 0)
JSON_STRUCT(error_answer, ERROR_ANSWER)
JSON_TYPE(error_answer, ERROR_ANSWER)

/* --- connection --- */

static struct http_conn *connect_to(struct cli *cli, struct err *e)
{
	if (cli->tls)
		return tls_dial(cli->address, cli->tls, e);
	return str_starts(cli->address, "ssh://") ? ssh_dial(cli->address, e)
	                                          : http_dial(cli->address, e);
}

struct http_conn *api_dial(struct cli *cli, struct err *e)
{
	struct err cause = { 0 };
	struct http_conn *conn = connect_to(cli, &cause);

	if (conn)
		return conn;
	if ((cli->tls || str_starts(cli->address, "ssh://")) && cause.errnum == 0)
		err_set(e, ERR_UNAVAILABLE, "error during connect: the Docker daemon at %s: %s",
		        cli->address, cause.text);
	else if (cause.errnum == EACCES)
		err_set(e, ERR_PERMISSION,
		        "permission denied while trying to connect to the Docker daemon socket at "
		        "%s",
		        cli->address);
	else
		err_set(e, ERR_UNAVAILABLE,
		        "Cannot connect to the Docker daemon at %s. Is the docker daemon running?",
		        cli->address);
	return NULL;
}

/* The idle connection, or a new one. */
static struct http_conn *take_conn(struct cli *cli, struct err *e)
{
	struct http_conn *conn = take_ptr(cli->api.idle);

	return conn ? conn : api_dial(cli, e);
}

static void give_back(struct cli *cli, struct http_conn *conn, const struct http_response *rs)
{
	if (!cli->api.idle && rs->keep_alive && http_body_done(conn))
		cli->api.idle = conn;
	else
		http_conn_free(conn);
}

/* --- requests --- */

static int send_request(struct cli *cli, struct http_conn *conn, const struct api_request *rq,
                        bool upgrade, struct err *e)
{
	struct http_header headers[MAX_HEADERS] = { { "User-Agent", "Docker-Client/" LIGHTER_VERSION
		                                                    " (linux)" } };
	size_t n = 1;
	struct http_send send = { .method = rq->method, .host = "docker", .headers = headers };

	for (size_t i = 0; i < cli->config.http_headers.n && n < MAX_HEADERS - 3; i++)
		headers[n++] = (struct http_header){ cli->config.http_headers.v[i].key,
			                             cli->config.http_headers.v[i].value };
	if (rq->registry_auth)
		headers[n++] = (struct http_header){ "X-Registry-Auth", rq->registry_auth };
	if (upgrade) {
		headers[n++] = (struct http_header){ "Connection", "Upgrade" };
		headers[n++] = (struct http_header){ "Upgrade", "tcp" };
	}
	send.nheaders = n;
	send.target = cli->api.version
	                      ? arena_printf(&cli->arena, "/v1.%d%s", cli->api.version, rq->path)
	                      : rq->path;
	send.body = rq->body;
	send.content_type = rq->content_type ? rq->content_type
	                    : rq->body.data  ? "application/json"
	                                     : NULL;
	send.chunked = rq->upload;
	if (!rq->body.data && !rq->upload && str_eq(rq->method, "POST"))
		send.body = slice_of("");
	return http_send(conn, &send, e);
}

static const char *trimmed(struct arena *a, const char *text)
{
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	n = strlen(text);
	while (n && isspace((unsigned char)text[n - 1]))
		n--;
	return arena_strndup(a, text, n);
}

/* The daemon's message in full, in *e as far as it fits. */
static int daemon_error(struct cli *cli, int status, struct slice body, struct err *e)
{
	struct error_answer m = { 0 };
	const char *text;

	if (json_decode_with(&cli->arena, &error_answer_type, body, JSON_FOLD, &m, NULL) < 0 ||
	    !m.message)
		m.message = arena_strndup(&cli->arena, body.data, body.len);
	text = trimmed(&cli->arena, m.message);
	text = str_empty(text)
	               ? arena_printf(&cli->arena, "the daemon answered %d %s without a message",
	                              status, http_reason(status))
	               : text;
	cli->api.whole = arena_printf(&cli->arena, "Error response from daemon: %s", text);
	err_set(e, err_from_http(status), "%s", cli->api.whole);
	cli->api.cut = e ? arena_strdup(&cli->arena, e->text) : NULL;
	return -1;
}

int api_answer(struct cli *cli, struct http_conn *conn, const char *method,
               struct http_response *rs, struct err *e)
{
	struct slice body = { "", 0 };

	if (http_read_response(conn, &cli->arena, method, rs, e) < 0)
		return err_wrap(e, "error during connect");
	if (rs->status < 400)
		return 0;
	if (http_body_all(conn, &cli->arena, LIMIT_HTTP_BODY, &body, e) < 0)
		return -1;
	return daemon_error(cli, rs->status, body, e);
}

/* --- version --- */

static int parse_version(const char *s, int *minor)
{
	const char *text = s ? str_after(s, "1.") : NULL;
	uint64_t v;

	if (!text || !str_u64(text, &v) || v > 999)
		return -1;
	*minor = (int)v;
	return 0;
}

/* DOCKER_API_VERSION fixes the version: no negotiation. */
static bool fixed_version(struct cli *cli)
{
	const char *s = getenv("DOCKER_API_VERSION");

	return !str_empty(s) && parse_version(s, &cli->api.version) == 0;
}

int api_ping(struct cli *cli, struct err *e)
{
	struct api_request rq = { .method = "HEAD", .path = "/_ping" };
	struct http_response rs;
	struct http_conn *conn;
	int theirs = API_OLDEST;

	if (cli->api.version || fixed_version(cli))
		return 0;
	conn = take_conn(cli, e);
	if (!conn)
		return -1;
	if (send_request(cli, conn, &rq, false, e) < 0 ||
	    http_read_response(conn, &cli->arena, "HEAD", &rs, e) < 0) {
		http_conn_free(conn);
		return err_wrap(e, "error during connect");
	}
	if (parse_version(http_header_get(&rs.headers, "Api-Version"), &theirs) < 0)
		theirs = API_OLDEST;
	cli->api.version = MIN(theirs, API_NEWEST);
	give_back(cli, conn, &rs);
	return 0;
}

/* --- calls --- */

struct http_conn *api_send(struct cli *cli, const struct api_request *rq, struct err *e)
{
	struct http_conn *conn;

	if (api_ping(cli, e) < 0)
		return NULL;
	conn = take_conn(cli, e);
	if (conn && send_request(cli, conn, rq, false, e) < 0) {
		http_conn_free(conn);
		conn = NULL;
	}
	return conn;
}

struct http_conn *api_open(struct cli *cli, const struct api_request *rq, struct http_response *rs,
                           struct err *e)
{
	struct http_conn *conn = api_send(cli, rq, e);

	if (conn && api_answer(cli, conn, rq->method, rs, e) < 0) {
		http_conn_free(conn);
		conn = NULL;
	}
	return conn;
}

int api_call(struct cli *cli, const struct api_request *rq, struct slice *body, struct err *e)
{
	struct http_response rs;
	struct http_conn *conn = api_send(cli, rq, e);

	if (!conn)
		return -1;
	if (api_answer(cli, conn, rq->method, &rs, e) < 0 ||
	    http_body_all(conn, &cli->arena, LIMIT_HTTP_BODY, body, e) < 0) {
		http_conn_free(conn);
		return -1;
	}
	give_back(cli, conn, &rs);
	return rs.status;
}

int api_get(struct cli *cli, const char *path, struct slice *body, struct err *e)
{
	return api_call(cli, &(struct api_request){ .method = "GET", .path = path }, body, e);
}

int api_post(struct cli *cli, const char *path, struct err *e)
{
	struct slice body;

	return api_call(cli, &(struct api_request){ .method = "POST", .path = path }, &body, e);
}

int api_list(struct cli *cli, const char *method, const char *path, const struct json_table *type,
             void *list, struct err *e)
{
	struct slice body;

	if (api_call(cli, &(struct api_request){ .method = method, .path = path }, &body, e) < 0)
		return -1;
	return json_decode_list(&cli->arena, type, body, list, e);
}

int api_hijack(struct cli *cli, const struct api_request *rq, struct api_stream *out, struct err *e)
{
	struct http_response rs;
	struct http_conn *conn;
	const char *type;
	int r = -1;

	*out = (struct api_stream){ .fd = -1 };
	if (api_ping(cli, e) < 0)
		return -1;
	conn = api_dial(cli, e);
	if (!conn)
		return -1;
	if (send_request(cli, conn, rq, true, e) == 0 &&
	    api_answer(cli, conn, rq->method, &rs, e) == 0) {
		type = http_header_get(&rs.headers, "Content-Type");
		out->multiplexed = type && strstr(type, "multiplexed");
		out->fd = http_hijack(conn, &out->early);
		r = 0;
	}
	http_conn_free(conn);
	return r;
}
