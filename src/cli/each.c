/* See each.h. */
#include "cli/each.h"

int each_argument(struct cli *cli, struct call *call, one_fn *one)
{
	int code = 0;

	for (size_t i = 0; i < call->args.n; i++) {
		struct err e = { 0 };

		if (one(cli, call, call->args.v[i], &e) == 0)
			continue;
		cli_print_error(cli, &e);
		code = 1;
	}
	return code;
}
