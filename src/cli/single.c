/* See single.h. */
#include "cli/single.h"

#include <stdio.h>

struct template *single_template(struct cli *cli, const char *name, const char *format,
                                 struct err *e)
{
	return template_parse(&cli->arena, name, str_eq(format, "json") ? "{{json .}}" : format, e);
}

int single_print(struct arena *a, const struct template *t, const struct json_value *object,
                 const struct go_type *type, struct err *e)
{
	_cleanup_buf_ struct buf out = { 0 };
	struct value v = value_typed(object, type);
	int r = template_execute(t, a, &v, 0, &out, e);

	puts(buf_cstr(&out));
	return r;
}
