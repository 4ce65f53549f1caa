/* What a registry means when it says no. See exchange_refused in exchange.h. */
#include "helpers/fetch/exchange.h"

#define REGISTRY_ERROR(F)       \
	F(STR, code, "code", 0) \
	F(STR, message, "message", 0)
JSON_STRUCT(registry_error, REGISTRY_ERROR)
JSON_TYPE(registry_error, REGISTRY_ERROR)

#define REGISTRY_ERRORS(F) F(OBJS, errors, "errors", 0, registry_error)
JSON_STRUCT(registry_errors, REGISTRY_ERRORS)
JSON_TYPE(registry_errors, REGISTRY_ERRORS)

static const struct {
	long status;
	enum err_kind kind;
} refusals[] = {
	{ 400, ERR_INVALID },     { 401, ERR_PERMISSION },  { 403, ERR_PERMISSION },
	{ 404, ERR_NOT_FOUND },   { 408, ERR_UNAVAILABLE }, { 416, ERR_DATA_LOSS },
	{ 429, ERR_UNAVAILABLE },
};

static enum err_kind kind_of(long status)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if (refusals[i].status == status)
			return refusals[i].kind;
	return status >= 500 ? ERR_UNAVAILABLE : ERR_UNKNOWN;
}

/* "MANIFEST_UNKNOWN" reads "manifest unknown". */
static const char *spoken(struct arena *a, const char *code)
{
	char *s = arena_strdup(a, code);

	for (char *p = s; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 'a' - 'A');
		else if (*p == '_')
			*p = ' ';
	}
	return s;
}

int exchange_refused(const struct exchange *x, struct err *e)
{
	struct slice text = { buf_cstr(&x->body), x->body.len };
	struct registry_errors all;

	if (json_decode(x->arena, &registry_errors_type, text, &all, NULL) == 0 &&
	    all.errors.n > 0 && all.errors.v[0].code)
		return err_set(e, kind_of(x->status), "%s: %s",
		               spoken(x->arena, all.errors.v[0].code),
		               all.errors.v[0].message ? all.errors.v[0].message : "unknown error");
	if (x->status == 401)
		return err_set(e, ERR_PERMISSION, "unauthorized: authentication required");
	return err_set(e, kind_of(x->status), "%s answers with status %ld", x->url, x->status);
}
