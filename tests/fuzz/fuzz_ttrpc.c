/* ttrpc: frames in two pieces, and what a server and a client make of the data in them. */
#include "proto/ttrpc.pb-c.h"
#include "rpc/ttrpc_frame.h"

static void open_frame(const struct ttrpc_frame *f)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct rpc_method *m = &rpc_methods[RPC_TASK_V2_CREATE];
	Ttrpc__Request *r =
	        rpc_unpack(&a, &ttrpc__request__descriptor, f->data.data, f->data.len, NULL);
	void *message;

	if (r)
		message = rpc_unpack(&a, m->req, r->payload.data, r->payload.len, NULL);
	if (ttrpc_response_unpack(&a, m, f->data, &message, NULL) == 0 && !message)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cut = size ? data[0] % size : 0;
	struct ttrpc_parser p = { 0 };
	struct ttrpc_frame f;

	ttrpc_parser_feed(&p, data, cut);
	while (ttrpc_parser_next(&p, &f))
		open_frame(&f);
	ttrpc_parser_feed(&p, data + cut, size - cut);
	while (ttrpc_parser_next(&p, &f))
		open_frame(&f);
	ttrpc_parser_free(&p);
	return 0;
}
