/*
 * The progress stream of pull and its kin: JSON objects one behind the other, drawn as one line a
 * layer on a terminal, printed one line a state elsewhere.
 */
#ifndef CLI_IMAGE_PROGRESS_H
#define CLI_IMAGE_PROGRESS_H

#include <stdio.h>
#include "cli/cli.h"

/* Reads the body to its end. `out` NULL shows nothing. An error in the stream is an error. */
int progress_show(struct cli *cli, struct http_conn *conn, FILE *out, struct err *e) must_check;

/* The bar and numbers of a layer: "[====>      ]  12.3MB/45.6MB". For tests. */
void progress_bar(struct buf *b, int64_t current, int64_t total, bool hide_counts, size_t width);

#endif
