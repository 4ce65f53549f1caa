/* See ulimit.h. */
#include "cli/spec/ulimit.h"

#include "cli/format/units.h"

static const char names[] =
        "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio "
        "rttime sigpending stack";

static bool name_known(const char *name)
{
	size_t len = strlen(name);
	const char *p = strstr(names, name);

	return len && p && (p == names || p[-1] == ' ') && (p[len] == ' ' || !p[len]);
}

int ulimit_parse(struct arena *a, const char *text, struct api_ulimit *out, struct err *e)
{
	const char *eq = strchr(text, '='), *colon;

	if (!eq)
		return err_set(e, ERR_INVALID, "invalid ulimit argument: %s", text);
	out->name = arena_strndup(a, text, (size_t)(eq - text));
	if (!name_known(out->name))
		return err_set(e, ERR_INVALID, "invalid ulimit type: %s", out->name);
	colon = strchr(eq, ':');
	text = arena_strndup(a, eq + 1, colon ? (size_t)(colon - eq - 1) : strlen(eq + 1));
	if (number_parse(text, -1, INT64_MAX, "ParseInt", &out->soft, e) < 0)
		return -1;
	out->hard = out->soft;
	if (colon && number_parse(colon + 1, -1, INT64_MAX, "ParseInt", &out->hard, e) < 0)
		return -1;
	if (out->hard != -1 && (out->soft == -1 || out->soft > out->hard))
		return err_set(e, ERR_INVALID,
		               "ulimit soft limit must be less than or equal to hard limit: %lld > "
		               "%lld",
		               (long long)out->soft, (long long)out->hard);
	return 0;
}
