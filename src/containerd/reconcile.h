/*
 * At start: rows and disk are brought together. Files without a row (a creation that was never
 * acknowledged, a deletion that had not come to the files) are removed. A snapshot that was prepared
 * and whose directories had not reached the disk gets them again. A row whose blob or layer is gone
 * is deleted, with a warning: those are on disk before their rows, so somebody else was at work.
 */
#ifndef CONTAINERD_RECONCILE_H
#define CONTAINERD_RECONCILE_H

#include "containerd/daemon.h"

/* Before anything is served. */
int reconcile(struct daemon *d, struct err *e) must_check;

#endif
