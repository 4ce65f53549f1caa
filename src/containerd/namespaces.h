/* Namespaces come into being with the first thing that is made in them. */
#ifndef CONTAINERD_NAMESPACES_H
#define CONTAINERD_NAMESPACES_H

#include "containerd/db.h"

int namespace_ensure(struct tx *tx, const char *ns, struct err *e) must_check;

#endif
