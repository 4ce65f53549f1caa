/* See runtimes.h. Scripts lie in EXEC/runtimes and are made anew by each start and reload. */
#include "engine/daemon/runtimes.h"

#include "base/file.h"

static const char *script_path(struct engine *g, struct arena *a, const char *name)
{
	return engine_exec_path(g, a, "runtimes/%s", name);
}

/* 'it'\''s' */
static void add_quoted(struct buf *b, const char *word)
{
	buf_adds(b, " '");
	for (; *word; word++) {
		if (*word == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, *word);
	}
	buf_addc(b, '\'');
}

static int write_script(struct engine *g, const struct runtime *r, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf b = { 0 };

	buf_adds(&b, "#!/bin/sh\nexec");
	add_quoted(&b, r->path);
	for (size_t i = 0; i < r->args.n; i++)
		add_quoted(&b, r->args.v[i]);
	buf_adds(&b, " \"$@\"\n");
	return file_replace_path(script_path(g, &a, r->name), b.data, b.len, 0700, FILE_VOLATILE,
	                         e);
}

int runtimes_prepare(struct engine *g, const struct live_options *o, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	for (size_t i = 0; i < o->runtimes.n; i++)
		if (o->runtimes.v[i].args.n &&
		    (dir_make(engine_exec_path(g, &a, "runtimes"), 0700, e) < 0 ||
		     write_script(g, &o->runtimes.v[i], e) < 0))
			return err_wrap(e, "runtime '%s'", o->runtimes.v[i].name);
	return 0;
}

const char *runtime_program(struct engine *g, struct arena *a, const char *name, struct err *e)
{
	const struct live_options *o = engine_live(g);
	const struct runtime *r = runtime_find(o, str_empty(name) ? o->default_runtime : name);

	if (!r) {
		err_set(e, ERR_INVALID, "unknown or invalid runtime name: %s", name);
		return NULL;
	}
	return r->args.n ? script_path(g, a, r->name) : r->path;
}
