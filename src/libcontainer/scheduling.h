/*
 * What the kernel is told about how a process runs: scheduler, I/O priority, execution domain, memory
 * policy. Each sets it for the calling process, before capabilities go; absent settings are left alone.
 */
#ifndef LIBCONTAINER_SCHEDULING_H
#define LIBCONTAINER_SCHEDULING_H

#include "oci/runtime.h"

int scheduling_apply(const struct oci_process *p, const struct oci_linux *l, struct err *e)
        must_check;

#endif
