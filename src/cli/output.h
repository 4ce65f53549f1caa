/*
 * stdout and stderr behind a demultiplexer: what comes in one read goes out in as few writes as the
 * order of the streams allows. Many frames are short lines.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli/container/demux.h"

struct output {
	struct demux demux;
	struct buf held; /* not written yet */
	int stream;      /* of what is held: 1 or 2 */
};

void output_init(struct output *o, bool raw);
void output_free(struct output *o);

/* A piece of the daemon's stream; all its text has been written when this returns. */
int output_feed(struct output *o, const char *p, size_t n, struct err *e) must_check;
int output_end(struct output *o, struct err *e) must_check;

#endif
