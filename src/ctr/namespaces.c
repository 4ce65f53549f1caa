/* ctr namespaces */
#include <stdio.h>
#include "ctr/ctr.h"
#include "proto/namespaces.pb-c.h"

int ctr_namespace_list(struct ctr *c, struct err *e)
{
	Namespaces__ListNamespacesRequest req = NAMESPACES__LIST_NAMESPACES_REQUEST__INIT;
	struct ctr_table table = CTR_TABLE_TIGHT(c);
	Namespaces__ListNamespacesResponse *resp;

	if (ctr_call(c, RPC_NAMESPACES_LIST, &req, &resp, e) < 0)
		return -1;
	ctr_row(&table, "NAME", "LABELS", NULL, NULL);
	for (size_t i = 0; i < resp->n_namespaces; i++) {
		const Namespaces__Namespace *n = resp->namespaces[i];

		if (c->o.quiet)
			puts(ctr_text(n->name));
		else
			ctr_row(&table, ctr_text(n->name),
			        ctr_labels_text(c, n->n_labels, n->labels), NULL, NULL);
	}
	if (!c->o.quiet)
		ctr_table_print(&table);
	return 0;
}

int ctr_namespace_create(struct ctr *c, struct err *e)
{
	Namespaces__CreateNamespaceRequest req = NAMESPACES__CREATE_NAMESPACE_REQUEST__INIT;
	Namespaces__Namespace ns = NAMESPACES__NAMESPACE__INIT;
	struct ctr_labels labels;
	void *resp;

	if (ctr_labels_parse(c, &c->args, 1, &labels, e) < 0)
		return -1;
	ns.name = c->args.v[0];
	ns.n_labels = labels.n;
	ns.labels = labels.v;
	req.namespace_ = &ns;
	return ctr_call(c, RPC_NAMESPACES_CREATE, &req, &resp, e);
}

/* One that is not there is as good as removed. */
int ctr_namespace_remove(struct ctr *c, struct err *e)
{
	Namespaces__DeleteNamespaceRequest req = NAMESPACES__DELETE_NAMESPACE_REQUEST__INIT;
	void *resp;

	for (size_t i = 0; i < c->args.n; i++) {
		req.name = c->args.v[i];
		if (ctr_call(c, RPC_NAMESPACES_DELETE, &req, &resp, e) < 0 &&
		    e->kind != ERR_NOT_FOUND)
			return err_wrap(e, "unable to delete %s", req.name);
		err_clear(e);
		puts(req.name);
	}
	return 0;
}

int ctr_namespace_label(struct ctr *c, struct err *e)
{
	Namespaces__UpdateNamespaceRequest req = NAMESPACES__UPDATE_NAMESPACE_REQUEST__INIT;
	Namespaces__Namespace ns = NAMESPACES__NAMESPACE__INIT;
	struct ctr_labels labels;
	void *resp;

	if (ctr_labels_parse(c, &c->args, 1, &labels, e) < 0)
		return -1;
	ns.name = c->args.v[0];
	ns.n_labels = labels.n;
	ns.labels = labels.v;
	req.namespace_ = &ns;
	req.update_mask = ctr_labels_mask(c, &labels, false);
	return ctr_call(c, RPC_NAMESPACES_UPDATE, &req, &resp, e);
}
