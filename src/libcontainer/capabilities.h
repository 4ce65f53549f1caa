/* Capabilities: the five sets of a process. capabilities(7). */
#ifndef LIBCONTAINER_CAPABILITIES_H
#define LIBCONTAINER_CAPABILITIES_H

#include <stdint.h>
#include "oci/runtime.h"

struct capabilities {
	uint64_t bounding, effective, inheritable, permitted, ambient; /* bit = number */
};

/* Unknown names and those that we do not hold ourselves are dropped with a warning. NULL: none at all. */
void capabilities_parse(const struct oci_capabilities *in, struct capabilities *out);

/* Before the user changes: drops from the bounding set, asks to keep capabilities over setuid. */
int capabilities_bound(const struct capabilities *c, struct err *e) must_check;
/* After: the remaining sets. */
int capabilities_apply(const struct capabilities *c, struct err *e) must_check;

#endif
