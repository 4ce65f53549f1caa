/* Finding the route, and what handlers share. See api.h. */
#include "engine/routes/api.h"

#include <stdio.h>
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "engine/routes/params.h"

#define BODY_TIMEOUT_MS 30000 /* for each piece of a JSON body */

#define API_ROUTE(method, pattern, handler, since) { method, pattern, handler, since },
#define API_LATER(method, pattern)                 { method, pattern, NULL, 0 },
static const struct api_route routes[] = {
#include "engine/routes/routes.def"
};
#undef API_ROUTE
#undef API_LATER

/* ---- routing ---- */

/* "/v1.43/info": takes the version off the path. */
static int split_version(struct api_call *c, const char **path, struct err *e)
{
	const char *rest = str_after(c->req->path, "/v");
	unsigned major, minor;
	int n = 0;

	*path = c->req->path;
	c->version = API_VERSION_MAX;
	if (!rest || sscanf(rest, "%2u.%3u%n", &major, &minor, &n) != 2 ||
	    (rest[n] && rest[n] != '/'))
		return 0;
	*path = rest + n;
	if (major < 1 || (major == 1 && minor < engine_api_min(c->engine)))
		return err_set(e, ERR_INVALID,
		               "client version %u.%u is too old. Minimum supported API version is "
		               "%s, please upgrade your client to a newer version",
		               major, minor, c->engine->opt.min_api_version);
	if (major > 1 || minor > API_VERSION_MAX)
		return err_set(e, ERR_INVALID,
		               "client version %u.%u is too new. Maximum supported API version is "
		               "1.%d",
		               major, minor, API_VERSION_MAX);
	c->version = (int)minor;
	return 0;
}

static const struct api_route *find_route(struct api_call *c, const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (str_eq(routes[i].method, c->req->method) &&
		    http_route_match(c->arena, routes[i].pattern, path, &c->params))
			return &routes[i];
	return NULL;
}

static int dispatch(struct api_call *c, struct err *e)
{
	const struct api_route *r;
	const char *path;

	if (split_version(c, &path, e) < 0)
		return -1;
	r = find_route(c, path);
	if (!r || c->version < r->since)
		return err_set(e, ERR_NOT_FOUND, "page not found");
	if (!r->handler)
		return err_set(e, ERR_UNIMPLEMENTED, "%s %s is not implemented yet by this engine",
		               r->method, r->pattern);
	if (!http_query_valid(c->arena, c->req->query))
		return err_set(e, ERR_INVALID, "invalid URL escape in the query: %s",
		               c->req->query);
	c->route = r;
	return api_params_check(c, e) < 0 ? -1 : r->handler(c, e);
}

void api_serve(void *user, struct http_request *req, struct http_reply *reply)
{
	struct api_call c = { .engine = user, .req = req, .reply = reply, .arena = reply->arena };
	struct err e = { 0 };
	bool failed;

	http_reply_header(reply, "Api-Version", "1." API_VERSION_MAX_TEXT);
	http_reply_header(reply, "Docker-Experimental",
	                  c.engine->opt.experimental ? "true" : "false");
	http_reply_header(reply, "Ostype", "linux");
	http_reply_header(reply, "Server", "Docker/" ENGINE_VERSION " (linux)");
	failed = dispatch(&c, &e) < 0;
	if (failed)
		api_answer_error(&c, &e);
	log_debug("%s %s: %s", req->method, req->target, failed ? e.text : "answered");
}

/* ---- what was asked ---- */

const char *api_param(struct api_call *c, const char *name)
{
	return http_param(&c->params, name);
}

/* The tables are what docs and checks are made from: what they lack is a fault of ours. */
static void must_be_listed(struct api_call *c, const char *name)
{
	if (!api_params_has(c->route, name))
		log_error("%s %s reads parameter %s, which is not in params.def", c->route->method,
		          c->route->pattern, name);
}

const char *api_query(struct api_call *c, const char *name)
{
	const char *v = http_query_get(c->arena, c->req->query, name);

	must_be_listed(c, name);
	return v ? v : "";
}

struct strs api_query_all(struct api_call *c, const char *name)
{
	must_be_listed(c, name);
	return http_query_all(c->arena, c->req->query, name);
}

bool api_query_flag(struct api_call *c, const char *name)
{
	must_be_listed(c, name);
	return http_query_bool(c->arena, c->req->query, name, false);
}

int api_query_int(struct api_call *c, const char *name, int64_t absent, int64_t *out, struct err *e)
{
	const char *v = api_query(c, name);

	*out = absent;
	if (*v && !str_i64(v, out))
		return err_set(e, ERR_INVALID, "invalid %s: \"%s\" is not an integer", name, v);
	return 0;
}

/* "12.5" -> 12500000000; at most nine digits of a fraction count. */
static bool parse_seconds(const char *s, int64_t *ns)
{
	size_t whole = strspn(s, "0123456789"), fraction;
	int64_t n = 0;

	if (whole == 0 || whole > 10)
		return false;
	for (size_t i = 0; i < whole; i++)
		n = n * 10 + (s[i] - '0');
	n *= NS_PER_S;
	if (s[whole] == '.') {
		int64_t unit = NS_PER_S / 10;

		s += whole + 1;
		fraction = strspn(s, "0123456789");
		for (size_t i = 0; i < fraction; i++, unit /= 10)
			n += (s[i] - '0') * unit;
		whole = fraction;
	}
	*ns = n;
	return s[whole] == '\0';
}

int api_query_time(struct api_call *c, const char *name, int64_t *out, struct err *e)
{
	const char *v = api_query(c, name);

	*out = 0;
	if (!*v || parse_seconds(v, out) || clock_parse(v, out))
		return 0;
	return err_set(e, ERR_INVALID,
	               "invalid value for \"%s\": failed to parse value as time: %s", name, v);
}

int api_body(struct api_call *c, const struct json_table *t, void *out, bool optional,
             struct err *e)
{
	const char *type = http_header_get(&c->req->headers, "Content-Type");
	struct slice text = { 0 };

	if (t != api_params_body(c->route))
		log_error("%s %s reads a body of %s, which is not in params.def", c->route->method,
		          c->route->pattern, t->name);
	http_conn_timeout(c->reply->conn, BODY_TIMEOUT_MS);
	if (c->req->has_body &&
	    http_body_all(c->reply->conn, c->arena, LIMIT_HTTP_BODY, &text, e) < 0)
		return -1;
	http_conn_timeout(c->reply->conn, 0);
	if (text.len == 0) {
		memset(out, 0, t->size);
		return optional ? 0
		                : err_set(e, ERR_INVALID,
		                          "invalid JSON: got EOF while reading request body");
	}
	if (!type || strncasecmp(type, "application/json", 16) != 0)
		return err_set(e, ERR_INVALID,
		               "unsupported Content-Type header (%s): must be "
		               "'application/json'",
		               type ? type : "");
	if (json_decode_with(c->arena, t, text, JSON_FOLD, out, e) < 0)
		return err_wrap(e, "invalid JSON");
	return 0;
}

/* ---- answering ---- */

int api_answer_json(struct api_call *c, int status, struct slice json)
{
	struct err e = { 0 };

	if (http_reply_body(c->reply, status, "application/json", json, &e) < 0)
		log_debug("%s: the client is gone: %s", c->req->target, e.text);
	return 0;
}

int api_answer(struct api_call *c, int status, const struct json_table *t, const void *o)
{
	_cleanup_buf_ struct buf b = { 0 };

	json_encode_for(&b, t, o, c->version);
	buf_addc(&b, '\n');
	return api_answer_json(c, status, (struct slice){ b.data, b.len });
}

int api_answer_list(struct api_call *c, const struct json_table *t, const void *v, size_t n)
{
	_cleanup_buf_ struct buf b = { 0 };

	buf_addc(&b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(&b, ',');
		json_encode_for(&b, t, (const char *)v + i * t->size, c->version);
	}
	buf_adds(&b, "]\n");
	return api_answer_json(c, 200, (struct slice){ b.data, b.len });
}

int api_answer_nothing(struct api_call *c, int status)
{
	struct err e = { 0 };

	if (http_reply_body(c->reply, status, NULL, (struct slice){ "", 0 }, &e) < 0)
		log_debug("%s: the client is gone: %s", c->req->target, e.text);
	return 0;
}

void api_answer_error(struct api_call *c, const struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	int status = err_http_status(e->kind);

	if (c->reply->started) {
		log_error_of(e, "%s %s: failed after the answer had begun", c->req->method,
		             c->req->target);
		return;
	}
	if (status == 304) {
		api_answer_nothing(c, status);
		return;
	}
	if (status >= 500 && status != 501)
		log_error_of(e, "%s %s", c->req->method, c->req->path);
	buf_adds(&b, "{\"message\":");
	json_quote(&b, slice_of(e->text));
	buf_adds(&b, "}\n");
	api_answer_json(c, status, (struct slice){ b.data, b.len });
}
