/* What every service asks of a call. See request.h. */
#include "containerd/request.h"

#include <ctype.h>
#include <string.h>
#include "base/str.h"

#define IDENTIFIER_MAX 76

static bool identifier_is_valid(const char *s)
{
	bool separator = true; /* one may not stand here */

	for (; *s; s++) {
		if (isalnum((unsigned char)*s))
			separator = false;
		else if (separator || !strchr("._-", *s))
			return false;
		else
			separator = true;
	}
	return !separator;
}

int identifier_check(const char *s, struct err *e)
{
	if (str_empty(s))
		return err_set(e, ERR_INVALID, "identifier must not be empty: invalid argument");
	if (strlen(s) > IDENTIFIER_MAX)
		return err_set(e, ERR_INVALID,
		               "identifier \"%s\" greater than maximum length (%d characters): "
		               "invalid argument",
		               s, IDENTIFIER_MAX);
	if (!identifier_is_valid(s))
		return err_set(e, ERR_INVALID,
		               "identifier \"%s\" must match "
		               "^[A-Za-z0-9]+(?:[._-](?:[A-Za-z0-9]+))*$: invalid argument",
		               s);
	return 0;
}

const char *request_namespace(struct rpc_call *call, struct err *e)
{
	const char *ns = rpc_call_metadata(call, "containerd-namespace");

	if (str_empty(ns)) {
		err_set(e, ERR_PRECONDITION, "namespace is required: failed precondition");
		return NULL;
	}
	if (identifier_check(ns, e) < 0) {
		err_wrap(e, "namespace validation");
		return NULL;
	}
	return ns;
}

const char *request_lease(struct rpc_call *call)
{
	const char *lease = rpc_call_metadata(call, "containerd-lease");

	return str_empty(lease) ? NULL : lease;
}
