/*
 * The multiplexed stream of attach, exec and logs without a TTY: frames of eight bytes of head
 * (stream, three zeros, big-endian length) and their text.
 * https://docs.docker.com/reference/api/engine/version/v1.50/#tag/Container/operation/ContainerAttach
 */
#ifndef CLI_CONTAINER_DEMUX_H
#define CLI_CONTAINER_DEMUX_H

#include <stdint.h>
#include "base/err.h"
#include "base/str.h"

/* Takes text of stream 1 (stdout) or 2 (stderr). */
typedef int demux_sink_fn(void *arg, int stream, const char *p, size_t n, struct err *e);

struct demux {
	demux_sink_fn *sink;
	void *arg;
	bool raw; /* no frames: all is stdout */
	unsigned char head[8];
	size_t have;      /* bytes of head */
	uint32_t left;    /* bytes of text still to come */
	struct buf error; /* text of a stream 3: the daemon could not go on */
};

void demux_free(struct demux *d);

/* Any piece of the stream; frames may be cut anywhere. */
int demux_feed(struct demux *d, const char *p, size_t n, struct err *e) must_check;

/* At the end of the stream: an error when it came in the middle of a frame. */
int demux_end(const struct demux *d, struct err *e) must_check;

#endif
