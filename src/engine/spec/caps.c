/* Capabilities of a container: Docker's fourteen, --cap-add, --cap-drop, --privileged. */
#include "engine/spec/spec.h"

#include <fcntl.h>
#include <strings.h>
#include "base/file.h"
#include "oci/capabilities.h"

/* CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT
 * MKNOD AUDIT_WRITE SETFCAP. */
#define DOCKER_DEFAULT 0xa80425fbULL

/* What this kernel knows, as a mask. */
static uint64_t known_mask(struct arena *a)
{
	struct slice text;
	uint64_t last = OCI_CAPABILITIES_COUNT - 1, n;

	if (file_read(a, AT_FDCWD, "/proc/sys/kernel/cap_last_cap", 32, &text, NULL) == 0 &&
	    str_u64(arena_strndup(a, text.data, strcspn(text.data, "\n")), &n))
		last = MIN(n, last);
	return (2ULL << last) - 1;
}

/* "net_admin", "CAP_NET_ADMIN", "ALL" -> mask; `option` names the field in the error. */
static int parse(const char *option, const char *text, uint64_t known, uint64_t *mask,
                 struct err *e)
{
	const char *bare = strncasecmp(text, "CAP_", 4) == 0 ? text + 4 : text;

	if (strcasecmp(text, "ALL") == 0) {
		*mask = known;
		return 0;
	}
	for (unsigned i = 0; i < OCI_CAPABILITIES_COUNT; i++) {
		if (strcasecmp(capability_name(i) + 4, bare) == 0 && (known >> i & 1)) {
			*mask = 1ULL << i;
			return 0;
		}
	}
	return err_set(e, ERR_INVALID, "invalid %s: unknown capability: \"%s%s\"", option,
	               bare == text ? "CAP_" : "", text);
}

static int parse_all(const char *option, const struct strs *list, uint64_t known, uint64_t *mask,
                     bool *all, struct err *e)
{
	*mask = 0;
	*all = false;
	for (size_t i = 0; i < list->n; i++) {
		uint64_t m = 0;

		if (parse(option, list->v[i], known, &m, e) < 0)
			return -1;
		*all |= strcasecmp(list->v[i], "ALL") == 0;
		*mask |= m;
	}
	return 0;
}

/*
 * Docker's precedence: with "add ALL" everything but what is dropped by name; with "drop ALL" only
 * what is added by name; else the default with both applied.
 */
static uint64_t combine(uint64_t known, uint64_t add, bool add_all, uint64_t drop, bool drop_all)
{
	if (add_all && !drop_all)
		return known & ~drop;
	if (drop_all)
		return add;
	return ((DOCKER_DEFAULT & known) & ~drop) | add;
}

int spec_caps(struct arena *a, const struct strs *add, const struct strs *drop, bool privileged,
              struct strs *out, struct err *e)
{
	uint64_t known = known_mask(a), add_mask, drop_mask, mask;
	bool add_all, drop_all;

	if (parse_all("CapAdd", add, known, &add_mask, &add_all, e) < 0 ||
	    parse_all("CapDrop", drop, known, &drop_mask, &drop_all, e) < 0)
		return -1;
	mask = privileged ? known : combine(known, add_mask, add_all, drop_mask, drop_all);
	*out = (struct strs){ 0 };
	for (unsigned i = 0; i < OCI_CAPABILITIES_COUNT; i++)
		if (mask >> i & 1)
			arena_push(a, out, capability_name(i));
	return 0;
}
