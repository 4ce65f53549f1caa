/* JSON as Go writes it with SetEscapeHTML(false): base/json escapes <, > and &, this undoes it. */
#ifndef CLI_FORMAT_JSON_PLAIN_H
#define CLI_FORMAT_JSON_PLAIN_H

#include "base/str.h"

void json_unescape_html(struct buf *json);

#endif
