/* ctr version */
#include <stdio.h>
#include "base/arena.h"
#include "ctr/ctr.h"
#include "proto/introspection.pb-c.h"
#include "proto/version.pb-c.h"
#include "rpc/grpc_client.h"
#include "rpc/wkt.h"

#define TIMEOUT_MS 10000

static const char *text(const char *s)
{
	return s ? s : "";
}

static int show(struct grpc_client *client, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	Google__Empty req = GOOGLE__EMPTY__INIT;
	struct grpc_opts o = { .timeout_ms = TIMEOUT_MS };
	Introspection__ServerResponse *server;
	Version__VersionResponse *version;

	if (grpc_call(client, &o, RPC_VERSION_VERSION, &req, &a, (void **)&version, e) < 0 ||
	    grpc_call(client, &o, RPC_INTROSPECTION_SERVER, &req, &a, (void **)&server, e) < 0)
		return -1;
	printf("\nServer:\n  Version:  %s\n  Revision: %s\n  UUID: %s\n", text(version->version),
	       text(version->revision), text(server->uuid));
	return 0;
}

int ctr_version(const struct ctr *c, struct err *e)
{
	struct grpc_client *client = grpc_client_new(c->address, c->ns);
	int r;

	printf("Client:\n  Version:  %s\n", LIGHTER_VERSION);
	r = show(client, e);
	grpc_client_free(client);
	return r;
}
