/* Making and running containers. See run.c, run_spec.c, exec.c. */
#ifndef CTR_RUN_H
#define CTR_RUN_H

#include "ctr/images.h"
#include "ctr/io.h"
#include "oci/runtime.h"

/* The configuration of a container of the image, by the options and arguments. */
int run_spec(struct ctr *c, const struct ctr_image *image, const char *id, struct oci_spec *out,
             struct err *e) must_check;
/* "UID[:GID]", or root; names would need the container's files. */
int run_user(struct arena *a, const char *text, struct oci_process *p, struct err *e) must_check;

/* Starts it and carries its streams to the end; the exit code. */
int ctr_process_follow(struct ctr *c, struct ctr_process *p, struct ctr_io *io, struct err *e)
        must_check;
void ctr_process_give_up(struct ctr *c, struct ctr_process *p);

#endif
