/* What registry.c and registry_push.c share. */
#ifndef IMAGE_REGISTRY_INTERNAL_H
#define IMAGE_REGISTRY_INTERNAL_H

#include "image/registry.h"

/* A session that nobody else uses; given back once its answer was read, else closed. */
int registry_take_session(struct registry *r, struct err *e) must_check;
void registry_give_session(struct registry *r, int sock);

/* Waits for the last notice of a request. */
int registry_verdict(const struct registry *r, int sock, struct arena *a, struct fetch_notice *out,
                     struct err *e) must_check;

#endif
