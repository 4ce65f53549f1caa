/* Capabilities. See capabilities.h; the system calls are used directly, libcap is not needed. */
#include "libcontainer/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "libcontainer/warn.h"
#include "oci/capabilities.h"
#include "base/str.h"

#define BIT(n) (UINT64_C(1) << (n))

static int get(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d) < 0)
		return -1;
	*effective = d[0].effective | (uint64_t)d[1].effective << 32;
	*permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	*inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	return 0;
}

static int set(const struct capabilities *c)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = {
		{ (uint32_t)c->effective, (uint32_t)c->permitted, (uint32_t)c->inheritable },
		{ (uint32_t)(c->effective >> 32), (uint32_t)(c->permitted >> 32),
		  (uint32_t)(c->inheritable >> 32) },
	};

	return (int)syscall(SYS_capset, &h, d);
}

static uint64_t parse_set(const struct strs *list, uint64_t held, uint64_t *unheld)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < list->n; i++) {
		int n = capability_number(list->v[i]);

		if (n < 0)
			lc_warn("ignoring unknown capability %s", list->v[i]);
		else
			bits |= BIT(n);
	}
	*unheld |= bits & ~held;
	return bits & held;
}

static void warn_about(uint64_t unheld, uint64_t unraised)
{
	for (unsigned i = 0; i < OCI_CAPABILITIES_COUNT; i++) {
		if (unheld & BIT(i))
			lc_warn("%s is asked for but not held by the runtime: left out",
			        capability_name(i));
		if (unraised & BIT(i))
			lc_warn("can't raise ambient capability %s: it is not both permitted and "
			        "inheritable",
			        capability_name(i));
	}
}

void capabilities_parse(const struct oci_capabilities *in, struct capabilities *out)
{
	uint64_t effective = 0, held = 0, inheritable = 0, unheld = 0, ambient;

	*out = (struct capabilities){ 0 };
	if (!in || get(&effective, &held, &inheritable) < 0)
		return;
	out->bounding = parse_set(&in->bounding, held, &unheld);
	out->permitted = parse_set(&in->permitted, held, &unheld);
	out->effective = parse_set(&in->effective, held, &unheld) & out->permitted;
	out->inheritable = parse_set(&in->inheritable, held, &unheld);
	ambient = parse_set(&in->ambient, held, &unheld);
	out->ambient = ambient & out->permitted & out->inheritable;
	warn_about(unheld, ambient & ~out->ambient & ~unheld);
}

int capabilities_bound(const struct capabilities *c, struct err *e)
{
	for (unsigned i = 0; i < 64; i++) {
		if (c->bounding & BIT(i))
			continue;
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) < 0)
			break; /* past the kernel's last */
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0 && errno != EPERM)
			return err_errno(e, errno, "drop capability %u from the bounding set", i);
	}
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_errno(e, errno, "keep capabilities");
	return 0;
}

int capabilities_apply(const struct capabilities *c, struct err *e)
{
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0 || set(c) < 0)
		return err_errno(e, errno, "unable to apply caps");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return err_errno(e, errno, "clear ambient capabilities");
	for (unsigned i = 0; i < OCI_CAPABILITIES_COUNT; i++)
		if ((c->ambient & BIT(i)) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return err_errno(e, errno, "raise ambient capability %s",
			                 capability_name(i));
	return 0;
}
