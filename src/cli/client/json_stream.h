/* A body of JSON values one behind the other, with or without line ends between them. */
#ifndef CLI_CLIENT_JSON_STREAM_H
#define CLI_CLIENT_JSON_STREAM_H

#include "base/arena.h"
#include "http/http.h"

/* Gets each value as it comes; the arena is emptied behind it. Non-zero ends the reading. */
typedef int json_stream_fn(void *arg, struct arena *a, struct slice value, struct err *e);

int json_stream_each(struct http_conn *conn, json_stream_fn *fn, void *arg, struct err *e)
        must_check;

/* Length of the first whole object or array in `s` (blanks before it included); 0: not whole. */
size_t json_stream_first(struct slice s);

#endif
