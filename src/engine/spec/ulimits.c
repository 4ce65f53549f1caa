/* See ulimits.h; names and meanings: setrlimit(2). */
#include "engine/spec/ulimits.h"

int ulimit_check(const struct api_ulimit *u, struct err *e)
{
	static const char *const names[] = { "core",   "cpu",        "data",     "fsize",
		                             "locks",  "memlock",    "msgqueue", "nice",
		                             "nofile", "nproc",      "rss",      "rtprio",
		                             "rttime", "sigpending", "stack",    "as" };
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		known |= str_eq(names[i], u->name);
	if (!known)
		return err_set(e, ERR_INVALID, "invalid ulimit type: %s", u->name ? u->name : "");
	if (u->hard != -1 && (u->soft > u->hard || u->soft == -1))
		return err_set(e, ERR_INVALID,
		               "ulimit soft limit must be less than or equal to hard limit: "
		               "%lld > %lld",
		               (long long)u->soft, (long long)u->hard);
	return 0;
}
