/* Constants of Go source text, as templates contain them. */
#ifndef CLI_FORMAT_GO_LITERAL_H
#define CLI_FORMAT_GO_LITERAL_H

#include "cli/format/value.h"

/* "..." with escapes, or `...`; quotes included in `s`. False when malformed. */
bool go_unquote(struct arena *a, struct slice s, struct slice *out);
bool go_unquote_char(struct slice s, int64_t *rune); /* 'x' */

/* 12, -0x1f, 1_000, 1.5e3; a number without fraction is an int. */
bool go_number(struct slice s, struct value *out);

/* strconv.Quote: appends s in double quotes. */
void go_quote(struct buf *b, struct slice s);

/* UTF-8: bytes of the character at s (1 for a broken one), and its code point (U+FFFD then). */
size_t utf8_decode(struct slice s, uint32_t *rune);
void utf8_encode(struct buf *b, uint32_t rune);

#endif
