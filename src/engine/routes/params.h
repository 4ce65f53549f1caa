/* The query parameters of each route (params.def): what may be read, and of what kind it must be. */
#ifndef ENGINE_ROUTES_PARAMS_H
#define ENGINE_ROUTES_PARAMS_H

#include "engine/routes/api.h"

/* Refuses values that are not of their kind (400), and parameters that are not obeyed (501). */
int api_params_check(struct api_call *c, struct err *e) must_check;

/* Is it in the table? A handler that reads what is not is at fault. */
bool api_params_has(const struct api_route *r, const char *name);

/* The table of the body, or NULL. */
const struct json_table *api_params_body(const struct api_route *r);

#endif
