/* What ctr's commands share. */
#ifndef CTR_CTR_H
#define CTR_CTR_H

#include "base/err.h"

#define CTR_ADDRESS "/run/containerd/containerd.sock"

struct ctr {
	const char *address, *ns;
};

int ctr_version(const struct ctr *c, struct err *e) must_check;

#endif
