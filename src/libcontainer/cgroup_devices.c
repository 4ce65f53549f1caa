/* Device rules: the config's and the defaults, for both versions of cgroups. */
#include "libcontainer/cgroup_internal.h"

/*
 * What a container may always do, after its own rules: make nodes, and use the devices that
 * config-linux.md "Default Devices" lists, with consoles and pseudo-terminals.
 */
static const struct {
	const char *type;
	int major, minor; /* -1: any */
	const char *access;
} always[] = {
	{ "c", -1, -1, "m" }, { "b", -1, -1, "m" },    { "c", 1, 3, "rwm" }, { "c", 1, 8, "rwm" },
	{ "c", 1, 7, "rwm" }, { "c", 5, 0, "rwm" },    { "c", 1, 5, "rwm" }, { "c", 1, 9, "rwm" },
	{ "c", 5, 1, "rwm" }, { "c", 136, -1, "rwm" }, { "c", 5, 2, "rwm" },
};

static bool is_all(const struct oci_device_rule *rule)
{
	return (str_empty(rule->type) || str_eq(rule->type, "a")) &&
	       (!rule->major.set || rule->major.value < 0) &&
	       (!rule->minor.set || rule->minor.value < 0);
}

void cgroup_device_rules(struct arena *a, const struct oci_resources *r,
                         struct cgroup_device_rules *out)
{
	bool allows_all = false;

	*out = (struct cgroup_device_rules){ 0 };
	for (size_t i = 0; i < r->devices.n; i++)
		if (is_all(&r->devices.v[i]))
			allows_all = r->devices.v[i].allow;
	if (r->devices.n == 0 || !is_all(&r->devices.v[0]))
		arena_push(a, out, ((struct oci_device_rule){ .type = "a" }));
	for (size_t i = 0; i < r->devices.n; i++)
		arena_push(a, out, r->devices.v[i]);
	for (size_t i = 0; !allows_all && i < ARRAY_LEN(always); i++)
		arena_push(a, out,
		           ((struct oci_device_rule){ .allow = true,
		                                      .type = always[i].type,
		                                      .major = { true, always[i].major },
		                                      .minor = { true, always[i].minor },
		                                      .access = always[i].access }));
}
