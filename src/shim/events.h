/* The events of tasks, from our structs to containerd.events messages. Order is the caller's. */
#ifndef SHIM_EVENTS_H
#define SHIM_EVENTS_H

#include "proto/types.pb-c.h"
#include "shim/container.h"

void event_create(const struct process *init, Types__Mount **rootfs, size_t nrootfs);
void event_start(const struct process *p); /* init: start; exec: exec-started */
void event_exec_added(const struct process *p);
void event_exit(const struct process *p);
void event_delete(const struct process *init);
void event_paused(const struct process *init);
void event_resumed(const struct process *init);
void event_oom(const struct process *init);

#endif
