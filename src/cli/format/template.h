/*
 * Go's text/template (https://pkg.go.dev/text/template), written anew over JSON trees and rows:
 * what `--format` speaks. A template is parsed once and executed for each object.
 *
 *     struct template *t = template_parse(&arena, "", text, &e);
 *     template_execute(t, &arena, &value, 0, &out, &e);
 *
 * Error texts follow the original's, with the place: `template: :1:2: executing "" at <.Foo>: ...`.
 * Nodes, values and results live in the arenas given. Not there: complex numbers, `call`.
 */
#ifndef CLI_FORMAT_TEMPLATE_H
#define CLI_FORMAT_TEMPLATE_H

#include "cli/format/value.h"

struct template;

enum template_flags {
	TEMPLATE_MISSING_KEY_IS_ERROR = 1 << 0, /* missingkey=error */
	/* Fields give column headers; json, lower, upper, title and truncate leave them alone. */
	TEMPLATE_HEADER = 1 << 1,
};

/* NULL when it does not parse. The text must live as long as the template. */
struct template *template_parse(struct arena *a, const char *name, const char *text, struct err *e)
        must_check;

int template_execute(const struct template *t, struct arena *a, const struct value *data,
                     unsigned flags, struct buf *out, struct err *e) must_check;

/* Whether the field is looked at: {{.Size}}, or {{json .}} and all else that takes dot as a whole. */
bool template_mentions(const struct template *t, const char *field);

#endif
