/*
 * Writing to a registry: is the blob there, here is one, this is the manifest. The distribution
 * specification, "Push". Each is a row of the session's table.
 */
#ifndef FETCH_PUSH_H
#define FETCH_PUSH_H

#include "helpers/fetch/session.h"

int push_has(struct session *s, const struct fetch_request *req, struct exchange *x, struct err *e)
        must_check;
int push_blob(struct session *s, const struct fetch_request *req, struct exchange *x, struct err *e)
        must_check;
int push_manifest(struct session *s, const struct fetch_request *req, struct exchange *x,
                  struct err *e) must_check;

#endif
