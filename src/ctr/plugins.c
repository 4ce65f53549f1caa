/* ctr plugins */
#include <stdio.h>
#include "ctr/ctr.h"
#include "base/str.h"
#include "proto/introspection.pb-c.h"

static const char *platforms_of(struct ctr *c, const Introspection__Plugin *p)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = 0; i < p->n_platforms; i++)
		buf_printf(&b, "%s%s/%s", i ? "," : "", ctr_text(p->platforms[i]->os),
		           ctr_text(p->platforms[i]->architecture));
	return b.len ? arena_strdup(&c->a, buf_cstr(&b)) : "-";
}

static const char *status_of(const Introspection__Plugin *p)
{
	if (!p->init_err)
		return "ok";
	/* The words of a plugin that cannot work on this machine, and knows it. */
	return strstr(ctr_text(p->init_err->message), "skip plugin") ? "skip" : "error";
}

int ctr_plugin_list(struct ctr *c, struct err *e)
{
	Introspection__PluginsRequest req = INTROSPECTION__PLUGINS_REQUEST__INIT;
	struct ctr_table table = CTR_TABLE_WIDE(c);
	Introspection__PluginsResponse *resp;

	req.n_filters = c->args.n;
	req.filters = c->args.v;
	if (ctr_call(c, RPC_INTROSPECTION_PLUGINS, &req, &resp, e) < 0)
		return -1;
	ctr_row(&table, "TYPE", "ID", "PLATFORMS", "STATUS", NULL, NULL);
	for (size_t i = 0; i < resp->n_plugins; i++) {
		const Introspection__Plugin *p = resp->plugins[i];

		if (c->o.quiet)
			puts(ctr_text(p->id));
		else
			ctr_row(&table, ctr_text(p->type), ctr_text(p->id), platforms_of(c, p),
			        status_of(p), NULL, NULL);
	}
	if (!c->o.quiet)
		ctr_table_print(&table);
	return 0;
}
