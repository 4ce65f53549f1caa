/* What the handlers of containers share. */
#ifndef ENGINE_ROUTES_CONTAINER_H
#define ENGINE_ROUTES_CONTAINER_H

#include "engine/routes/api.h"
#include "engine/container/container.h"

/* The container that the path names; a reference, or NULL with the error. */
struct container *api_container(struct api_call *c, struct err *e) must_check;

/* "Up 3 minutes", "Exited (1) 2 hours ago" */
const char *api_status_words(struct arena *a, const struct container_state *s);
const char *api_status_name(const struct container_state *s);

/* Its networks by name: as they are, or as they were asked for while it does not run. */
void api_networks_of(struct arena *a, const struct container_view *v,
                     struct api_summary_networks *out);

/* A row of ps; the view must outlive the answer. */
struct api_summary api_summary_of(struct arena *a, const struct container_view *v);
/* What ps -s shows. A container whose snapshot does not answer has no size. */
void api_summary_sizes(struct engine *g, const struct container_record *r, struct api_summary *row);

/* ---- hijacked connections (attach, exec) ---- */

const char *api_stream_type(const struct api_call *c, bool tty); /* content type */
const char *api_detach_keys(bool tty, const char *given);        /* or Docker's */
/* The words of a failure on a connection that is no longer HTTP. */
void api_stream_error(int fd, bool mux, const struct err *e);

/* The parameters w and h. */
int api_window(struct api_call *c, unsigned *w, unsigned *h, struct err *e) must_check;

#endif
