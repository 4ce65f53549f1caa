/*
 * Columns: text with tabs becomes aligned text, as Go's text/tabwriter does it with blanks.
 *
 * A cell is text that ends with a tab; what follows the last tab of a line is no cell. A column is
 * a run of lines that all have that cell; it is as wide as its widest cell plus the padding, at
 * least `min`.
 */
#ifndef CLI_FORMAT_TABLE_H
#define CLI_FORMAT_TABLE_H

#include "base/str.h"

void table_align(struct buf *out, struct slice text, size_t min, size_t padding);

/* What all lists of the docker program use. */
#define TABLE_MIN     10
#define TABLE_PADDING 3

#endif
