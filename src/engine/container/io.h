/*
 * The streams of containers and execs: where their fifos lie, and when the pump (engine/stdio) has
 * them. A container's stdio is opened by the first who attaches or starts it, and closed when
 * its process has ended and everything is written.
 */
#ifndef ENGINE_CONTAINER_IO_H
#define ENGINE_CONTAINER_IO_H

#include "engine/container/container.h"
#include "engine/ctrd/ctrd.h"
#include "engine/stdio/pump.h"

/* Opens it unless it is; *io are the paths for containerd (in the arena). */
int container_io_open(struct container *c, const struct container_record *r, struct arena *a,
                      struct ctrd_io *io, struct err *e) must_check;
/* Opens it if need be and attaches a client (whose fd is taken on success). */
int container_io_attach(struct container *c, const struct stdio_client *client, struct err *e)
        must_check;
/* The task runs: what clients have typed, and that it ended, reaches it. */
void container_io_started(struct container *c);
/* The process is gone: waits until everything is written, then closes. */
void container_io_close(struct container *c);

/* Folder of the fifos and pump state of a process; `exec` NULL is the container's init. */
char *container_io_dir(struct engine *g, struct arena *a, const char *id, const char *exec);
/* The paths of a process's fifos in that folder. */
struct ctrd_io container_io_paths(struct engine *g, struct arena *a, const char *id,
                                  const char *exec, bool in, bool terminal);

#endif
