/*
 * See auth.h. The token protocol: GET the realm with service and scope, as the user or as nobody; or,
 * with an identity token, POST it (OAuth 2 refresh). The distribution project's specifications
 * "token authentication" and "oauth2 token authentication".
 */
#include "helpers/fetch/auth.h"

#include "base/base64.h"
#include "helpers/fetch/exchange.h"

#define TOKEN(F)                  \
	F(STR, token, "token", 0) \
	F(STR, access_token, "access_token", 0)
JSON_STRUCT(token_answer, TOKEN)
JSON_TYPE(token_answer, TOKEN)

/* key=value with the value percent-encoded; `first` is what stands before it. */
static void add_field(struct buf *b, const char *first, const char *key, const char *value)
{
	char *escaped;

	if (str_empty(value))
		return;
	escaped = curl_easy_escape(NULL, value, 0);
	buf_printf(b, "%s%s=%s", first, key, escaped ? escaped : "");
	curl_free(escaped);
}

static const char *user_and_password(struct arena *a, const struct fetch_setup *s,
                                     const struct fetch_endpoint *endpoint)
{
	if (str_empty(s->username) || endpoint->mirror)
		return NULL;
	return arena_printf(a, "%s:%s", s->username, s->password ? s->password : "");
}

static void write_question(struct buf *url, struct buf *form, const struct fetch_setup *s,
                           const struct challenge *c, const char *scope, const char *identity)
{
	buf_adds(url, c->realm);
	if (!identity) {
		add_field(url, strchr(c->realm, '?') ? "&" : "?", "service", c->service);
		add_field(url, strchr(url->data, '?') ? "&" : "?", "scope", scope);
		add_field(url, "&", "account", s->username);
		return;
	}
	buf_adds(form, "grant_type=refresh_token&client_id=lighter");
	add_field(form, "&", "service", c->service);
	add_field(form, "&", "scope", scope);
	add_field(form, "&", "refresh_token", identity);
}

/* A realm in the clear would give away what the endpoint protects. */
static int check_realm(const struct challenge *c, const struct fetch_endpoint *endpoint,
                       struct err *e)
{
	if (str_starts(c->realm, "https://") ||
	    (endpoint->insecure && str_starts(c->realm, "http://")))
		return 0;
	return err_set(e, ERR_PERMISSION, "the registry sends us for a token to %s", c->realm);
}

static int take_token(struct fetch *f, struct exchange *x, struct err *e)
{
	struct slice text = { buf_cstr(&x->body), x->body.len };
	struct token_answer t;
	const char *token;

	if (!exchange_succeeded(x))
		return exchange_refused(x, e);
	if (json_decode(x->arena, &token_answer_type, text, &t, e) < 0)
		return -1;
	token = str_empty(t.token) ? t.access_token : t.token;
	if (str_empty(token))
		return err_set(e, ERR_PERMISSION, "%s gives no token", x->url);
	fetch_set_authorization(f, arena_printf(x->arena, "Bearer %s", token));
	return 0;
}

/* A push asks for all that it will need at once, a login for nothing in particular. */
static const char *scope_for(const struct fetch *f, struct arena *a, const struct challenge *c)
{
	const char *repository = f->setup.repository;

	if (str_empty(repository))
		return c->scope;
	if (f->setup.push)
		return arena_printf(a, "repository:%s:pull,push", repository);
	return c->scope ? c->scope : arena_printf(a, "repository:%s:pull", repository);
}

static int get_token(struct fetch *f, const struct exchange *refused, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf url = { 0 }, form = { 0 };
	const struct fetch_endpoint *endpoint = refused->endpoint;
	const struct challenge *c = &refused->challenge;
	const char *identity = endpoint->mirror || str_empty(f->setup.identity_token)
	                               ? NULL
	                               : f->setup.identity_token;
	const char *scope = scope_for(f, &a, c);
	struct exchange x = { .setup = &f->setup,
		              .endpoint = endpoint,
		              .out = -1,
		              .session = refused->session,
		              .curl = refused->curl,
		              .arena = &a };
	int r = check_realm(c, endpoint, e);

	if (r < 0)
		return -1;
	write_question(&url, &form, &f->setup, c, scope, identity);
	x.url = url.data;
	x.form = identity ? form.data : NULL;
	x.userpwd = identity ? NULL : user_and_password(&a, &f->setup, endpoint);
	r = exchange_run(&x, e);
	if (r == 0)
		r = take_token(f, &x, e);
	buf_free(&x.body);
	return r < 0 ? err_wrap(e, "get a token") : 0;
}

static int basic(struct fetch *f, const struct fetch_endpoint *endpoint, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *text = user_and_password(&a, &f->setup, endpoint);

	if (!text)
		return err_set(e, ERR_PERMISSION, "no basic auth credentials");
	fetch_set_authorization(
	        f,
	        arena_printf(&a, "Basic %s", base64_encode(&a, slice_of(text), BASE64_STANDARD)));
	return 0;
}

int auth_answer(struct fetch *f, const struct exchange *refused, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct fetch_endpoint *endpoint = refused->endpoint;

	switch (refused->challenge.scheme) {
	case CHALLENGE_BASIC:
		return basic(f, endpoint, e);
	case CHALLENGE_BEARER:
		if (str_empty(f->setup.registry_token) || endpoint->mirror)
			return get_token(f, refused, e);
		fetch_set_authorization(f, arena_printf(&a, "Bearer %s", f->setup.registry_token));
		return 0;
	case CHALLENGE_NONE:
		break;
	}
	return err_set(e, ERR_PERMISSION, "the registry refuses and does not say how to get in");
}
