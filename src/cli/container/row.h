/* Containers as rows: of `ps` and of `system df -v`. */
#ifndef CLI_CONTAINER_ROW_H
#define CLI_CONTAINER_ROW_H

#include "api/inspect.h"
#include "cli/format/list.h"

/* An array of GET /containers/json. */
struct container_summaries {
	size_t n;
	struct api_summary *v;
};

struct container_row {
	const struct api_summary *c;
	bool trunc;
};
extern const struct row_type container_row_type;

/* The rows of summaries. */
const void *const *container_rows(struct arena *a, const struct api_summary *v, size_t n,
                                  bool trunc);

/* "0.0.0.0:8080->80/tcp, 127.0.0.1:90-92->90-92/tcp"; sorts the ports. */
const char *ports_display(struct arena *a, struct api_port *v, size_t n);

#endif
