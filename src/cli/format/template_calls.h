/* The functions of templates, each with its arguments evaluated. The table is in template_funcs.c. */
#ifndef CLI_FORMAT_TEMPLATE_CALLS_H
#define CLI_FORMAT_TEMPLATE_CALLS_H

#include "cli/format/template_internal.h"

typedef int template_call(struct arena *a, const struct call_args *args, struct value *out,
                          struct err *e);

/* template_compare.c */
template_call call_eq, call_ne, call_lt, call_le, call_gt, call_ge, call_not, call_logic;

/* template_funcs.c */
template_call call_len, call_index, call_slice;

/* template_text.c: Go's */
template_call call_print, call_println, call_printf, call_html, call_js, call_urlquery;

/* template_docker.c: Docker's */
template_call call_json, call_split, call_join, call_lower, call_upper, call_title, call_pad,
        call_truncate;

/* A copy of the buffer's text, in the arena. */
struct value call_text(struct arena *a, const struct buf *b);
int call_want_string(const struct value *v, struct err *e) must_check;

#endif
