/* See params.h. */
#include "engine/routes/params.h"

#include "api/auth.h"
#include "api/exec.h"
#include "api/network.h"
#include "api/volume.h"
#include "base/limits.h"

enum param_kind { P_STR, P_BOOL, P_INT, P_TIME, P_FILTERS, P_LATER };

struct param {
	const char *method, *pattern, *name;
	enum param_kind kind;
	const char *harmless, *why; /* of P_LATER */
};

struct body {
	const char *method, *pattern;
	const struct json_table *table;
};

#define PARAM(method, pattern, name, kind, lacks) { method, pattern, name, P_##kind, NULL, NULL },
#define PARAM_LATER(method, pattern, name, harmless, why) \
	{ method, pattern, name, P_LATER, harmless, why },
#define PARAM_NOP(method, pattern, name, why)
#define BODY(method, pattern, table)
#define FIELD_LATER(method, pattern, path, what)
static const struct param params[] = {
#include "engine/routes/params.def"
};
#undef PARAM
#undef PARAM_LATER
#undef PARAM_NOP
#undef BODY

#define PARAM(method, pattern, name, kind, lacks)
#define PARAM_LATER(method, pattern, name, harmless, why)
#define PARAM_NOP(method, pattern, name, why)
#define BODY(method, pattern, table) { method, pattern, &table##_type },
static const struct body bodies[] = {
#include "engine/routes/params.def"
};
#undef PARAM
#undef PARAM_LATER
#undef PARAM_NOP
#undef BODY
#undef FIELD_LATER

static bool is_of(const struct param *p, const struct api_route *r)
{
	return str_eq(p->pattern, r->pattern) && str_eq(p->method, r->method);
}

/* That it is JSON at all; which filters there are is the handler's. */
static int check_filters(const struct param *p, const char *value, struct err *e)
{
	if (!*value || json_check(slice_of(value), e) == 0)
		return 0;
	return err_wrap(e, "invalid filter: parameter %s", p->name);
}

static int check(struct api_call *c, const struct param *p, const char *value, struct err *e)
{
	int64_t ignored;

	switch (p->kind) {
	case P_STR:
	case P_BOOL:
		return 0;
	case P_INT:
		return api_query_int(c, p->name, 0, &ignored, e);
	case P_TIME:
		return api_query_time(c, p->name, &ignored, e);
	case P_FILTERS:
		return check_filters(p, value, e);
	case P_LATER:
		if (!*value || str_eq(value, p->harmless))
			return 0;
		return err_set(e, ERR_UNIMPLEMENTED, "parameter %s is not supported: %s", p->name,
		               p->why);
	}
	return 0;
}

int api_params_check(struct api_call *c, struct err *e)
{
	if (!*c->req->query)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(params); i++)
		if (is_of(&params[i], c->route) &&
		    check(c, &params[i], api_query(c, params[i].name), e) < 0)
			return -1;
	return 0;
}

bool api_params_has(const struct api_route *r, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(params); i++)
		if (is_of(&params[i], r) && str_eq(params[i].name, name))
			return true;
	return false;
}

const struct json_table *api_params_body(const struct api_route *r)
{
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		if (str_eq(bodies[i].pattern, r->pattern) && str_eq(bodies[i].method, r->method))
			return bodies[i].table;
	return NULL;
}
