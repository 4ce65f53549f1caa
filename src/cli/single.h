/* One object through --format, for `version`, `info` and `events`. */
#ifndef CLI_SINGLE_H
#define CLI_SINGLE_H

#include "cli/cli.h"
#include "cli/format/template.h"

#define EXIT_TEMPLATE 64 /* a template that does not parse */

/* "json" stands for {{json .}}. NULL when it does not parse: *e says why. */
struct template *single_template(struct cli *cli, const char *name, const char *format,
                                 struct err *e) must_check;

/* A line on stdout: what the template makes of the JSON seen as that type. */
int single_print(struct arena *a, const struct template *t, const struct json_value *object,
                 const struct go_type *type, struct err *e) must_check;

#endif
