/*
 * The streams of a process: fifos in a folder of their own, and the loop that carries bytes between
 * them and this program's streams until the process has ended and all it said has been passed on.
 * One thread carries; a second one waits for containerd to say how the process ended.
 */
#ifndef CTR_IO_H
#define CTR_IO_H

#include "ctr/process.h"

struct ctr_io {
	const char *dir;            /* made here, removed by ctr_io_close unless `keep`; or NULL */
	const char *in, *out, *err; /* what containerd is told; NULL for none */
	int in_fd, out_fd, err_fd;  /* our ends, or -1 */
	bool terminal, keep;
};
#define CTR_IO_NONE  ((struct ctr_io){ .in_fd = -1, .out_fd = -1, .err_fd = -1 })
#define _cleanup_io_ cleanup_with(ctr_io_close)

/* By the options: fifos, or a log's address, or nothing. */
int ctr_io_open(struct ctr *c, const char *name, struct ctr_io *io, struct err *e) must_check;
/* Those of a process that runs already. */
int ctr_io_adopt(const struct ctr_process *p, struct ctr_io *io, struct err *e) must_check;
void ctr_io_close(struct ctr_io *io);

/* A process's end, told by a thread of its own; begun before the process is started. */
struct ctr_waiter;
struct ctr_waiter *ctr_waiter_new(struct ctr *c, const struct ctr_process *p, struct err *e)
        must_check;
void ctr_waiter_free(struct ctr_waiter *w);    /* NULL is fine */
int ctr_waiter_fd(const struct ctr_waiter *w); /* readable once it has ended */
int ctr_waiter_result(struct ctr_waiter *w, struct err *e) must_check; /* the exit code */

/* Until the end of the process; its exit code. */
int ctr_io_carry(struct ctr *c, struct ctr_io *io, const struct ctr_process *p,
                 struct ctr_waiter *w, struct err *e) must_check;

#endif
