/* runc list: the containers of a state root. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "runc/command.h"
#include "runc/state.h"
#include "base/clock.h"
#include "base/file.h"

struct options {
	const char *format;
	bool quiet;
};

struct found {
	const struct call *call;
	size_t n;
	struct runc_state *v;
};

/* What disappears or cannot be read meanwhile is left out. */
static int add(void *arg, int dirfd, const char *name)
{
	struct found *f = arg;
	_cleanup_container_ struct container c = { .dir = -1 };
	struct runc_state state;

	(void)dirfd;
	if (container_load(f->call->a, f->call->globals->root, name, &c, NULL) < 0)
		return 0;
	runc_state_of(&c, &state);
	arena_push(f->call->a, f, state);
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct runc_state *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* ---- the table: columns as wide as their widest cell plus 3, at least 12 ---- */

#define COLUMNS 6
static const char *const titles[COLUMNS] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };

static void cells_of(struct arena *a, const struct runc_state *s, const char *cell[COLUMNS])
{
	char when[CLOCK_TEXT_SIZE];

	cell[0] = s->id;
	cell[1] = arena_printf(a, "%lld", (long long)s->pid);
	cell[2] = s->status;
	cell[3] = s->bundle;
	cell[4] = arena_strdup(a, clock_format(when, s->created));
	cell[5] = s->owner;
}

static void print_row(const char *const cell[COLUMNS], const size_t width[COLUMNS])
{
	for (size_t i = 0; i + 1 < COLUMNS; i++)
		printf("%-*s", (int)width[i], cell[i]);
	printf("%s\n", cell[COLUMNS - 1]);
}

static void print_table(const struct found *f)
{
	size_t width[COLUMNS] = { 0 };
	const char *cell[COLUMNS];

	for (size_t k = 0; k < COLUMNS; k++)
		width[k] = MAX(strlen(titles[k]) + 3, 12);
	for (size_t i = 0; i < f->n; i++) {
		cells_of(f->call->a, &f->v[i], cell);
		for (size_t k = 0; k < COLUMNS; k++)
			width[k] = MAX(width[k], strlen(cell[k]) + 3);
	}
	print_row(titles, width);
	for (size_t i = 0; i < f->n; i++) {
		cells_of(f->call->a, &f->v[i], cell);
		print_row(cell, width);
	}
}

static void print_json(const struct found *f)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < f->n; i++) {
		buf_addc(&b, i ? ',' : '[');
		json_encode(&b, &runc_state_type, &f->v[i]);
	}
	printf("%s\n", f->n ? (buf_addc(&b, ']'), b.data) : "null");
}

static int run(const struct call *call, struct err *e)
{
	const struct options *o = call->options;
	struct found f = { .call = call };

	if ((path_exists(call->globals->root) || call->globals->root_given) &&
	    dir_each(AT_FDCWD, call->globals->root, add, &f, e) < 0)
		return -1;
	if (f.n)
		qsort(f.v, f.n, sizeof(f.v[0]), by_id);
	if (o->quiet) {
		for (size_t i = 0; i < f.n; i++)
			printf("%s\n", f.v[i].id);
		return 0;
	}
	if (!o->format || str_eq(o->format, "table"))
		print_table(&f);
	else if (str_eq(o->format, "json"))
		print_json(&f);
	else
		return err_set(e, ERR_INVALID, "invalid format option");
	return 0;
}

static const struct flag flags[] = {
	{ "format", "f", FLAG_STRING, offsetof(struct options, format),
	  "select one of: table or json", false },
	{ "quiet", "q", FLAG_BOOL, offsetof(struct options, quiet), "display only container IDs",
	  false },
};

const struct command cmd_list = {
	.name = "list",
	.args = "",
	.summary = "lists containers started by runc with the given root",
	.flags = FLAGS(flags),
	.options_size = sizeof(struct options),
	.run = run,
};
