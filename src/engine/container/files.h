/*
 * The files of a container, for cp and export: done by a confined child, the `files` helper
 * (image/files.h). This end starts it, tells it what to do and reads what it answers.
 *
 * A container that runs is reached through its init process; nobody is kept from changing it
 * meanwhile. One that does not run is kept from being started until files_close.
 */
#ifndef ENGINE_CONTAINER_FILES_H
#define ENGINE_CONTAINER_FILES_H

#include "engine/container/container.h"
#include "image/files.h"

struct files_call {
	struct engine *engine;
	struct container *container;
	struct container_view view;
	bool changing; /* we are its changer, and its volumes are mounted for us */
	int pid, pidfd;
	int in, out; /* the tar to write (closed by the user when done), the tar that is read */
	int result, errors;
};

/* Starts the job; `job` says what, path and options. files_close in any case. */
int files_open(struct files_call *x, struct container *c, struct files_job *job, struct arena *a,
               struct err *e) must_check;

/* Waits for the result; what the helper says went wrong is the error. */
int files_answer(struct files_call *x, struct arena *a, struct files_result *out, struct err *e)
        must_check;

/* Waits for the end of the helper: an error when it failed after its result. */
int files_finish(struct files_call *x, struct err *e) must_check;

/* Ends the helper if it still runs, and gives everything back. */
void files_close(struct files_call *x);
#define _cleanup_files_ cleanup_with(files_close)

#endif
