/* What the files of the template executor share: one execution. */
#ifndef CLI_FORMAT_TEMPLATE_RUN_H
#define CLI_FORMAT_TEMPLATE_RUN_H

#include "cli/format/template_internal.h"

struct variable {
	struct slice name;
	struct value value;
};

struct run {
	const struct template *t;
	struct arena *a;
	unsigned flags;
	struct buf *out;
	struct {
		size_t n;
		struct variable *v;
	} vars; /* innermost last */
	int depth;
	size_t *steps; /* lists run so far */
	struct err *e;
};

/* Sets the error with the place of the node. Returns -1. */
int run_fail(struct run *r, const struct node *n, const char *fmt, ...) printf_like(3, 4);

void run_declare(struct run *r, struct slice name, const struct value *value);
/* The i-th name of a pipe takes a value; -1 when the pipe assigns to what has no value yet. */
int run_set_variable(struct run *r, const struct node *pipe, size_t i, const struct value *value)
        must_check;

/* Evaluates a pipe; the second gives its names the value too. */
int run_pipeline(struct run *r, const struct value *dot, const struct node *pipe, struct value *out)
        must_check;
int run_declaring(struct run *r, const struct value *dot, const struct node *pipe,
                  struct value *out) must_check;

#endif
