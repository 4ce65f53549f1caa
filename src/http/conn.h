/* The inside of a connection, for conn.c and arrival.c. */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include <http_parser.h>
#include "base/limits.h"
#include "http/http.h"

#define BLOCK (16 * KIB)

enum part { PART_NONE, PART_NAME, PART_VALUE };

struct http_conn {
	int fd;
	int timeout_ms;
	bool hijacked;
	bool is_socket;
	http_parser parser;
	char in[BLOCK]; /* bytes read, in_pos..in_len not yet parsed */
	size_t in_pos, in_len;
	struct buf body; /* decoded, body_pos.. not yet handed out */
	size_t body_pos;
	bool head_done, message_done, at_eof;
	/* While a head is read: */
	struct arena *arena;
	struct buf target, name, value;
	enum part part;
	size_t head_bytes;
	struct http_headers headers;
	bool skip_body;
	bool bad_name; /* of a header */
};

#endif
