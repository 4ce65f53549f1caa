/*
 * Routes are a table. A pattern is a path whose parts may be names: "{id}" matches one part,
 * "{name...}" one or more (image names hold slashes). Parts are percent-decoded before they match.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "http/http.h"

#define HTTP_PARAMS_MAX 4

struct http_params {
	size_t n;
	struct {
		const char *name, *value;
	} v[HTTP_PARAMS_MAX];
};

/* "" when the pattern has no such part. */
const char *http_param(const struct http_params *p, const char *name);

/* Does the path match the pattern? Fills *out (in the arena) when it does. */
bool http_route_match(struct arena *a, const char *pattern, const char *path,
                      struct http_params *out);

#endif
