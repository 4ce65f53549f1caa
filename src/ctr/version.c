/* ctr version */
#include <stdio.h>
#include "ctr/ctr.h"
#include "proto/introspection.pb-c.h"
#include "proto/version.pb-c.h"

int ctr_version(struct ctr *c, struct err *e)
{
	Google__Empty req = GOOGLE__EMPTY__INIT;
	Introspection__ServerResponse *server;
	Version__VersionResponse *version;

	printf("Client:\n  Version:  %s\n", LIGHTER_VERSION);
	if (ctr_call(c, RPC_VERSION_VERSION, &req, &version, e) < 0 ||
	    ctr_call(c, RPC_INTROSPECTION_SERVER, &req, &server, e) < 0)
		return -1;
	printf("\nServer:\n  Version:  %s\n  Revision: %s\n  UUID: %s\n",
	       ctr_text(version->version), ctr_text(version->revision), ctr_text(server->uuid));
	return 0;
}
