/*
 * At start: rows and disk are brought together. A row whose files are gone (a deletion that was not
 * yet on disk when the power went) is deleted, and files without a row (a creation that was never
 * acknowledged, a deletion that had not come to the files) are removed.
 */
#ifndef CONTAINERD_RECONCILE_H
#define CONTAINERD_RECONCILE_H

#include "containerd/daemon.h"

/* Before anything is served. */
int reconcile(struct daemon *d, struct err *e) must_check;

#endif
