/* Messages between the engine and the port server. See port_protocol.h. */
#include "libnetwork/port_protocol.h"

#include <arpa/inet.h>
#include "base/fd.h"

JSON_TYPE(port_bind, PORT_BIND)
JSON_TYPE(name_record, NAME_RECORD)
JSON_TYPE(name_link, NAME_LINK)
JSON_TYPE(name_server, NAME_SERVER)
JSON_TYPE(name_resolver, NAME_RESOLVER)
JSON_TYPE(port_owner, PORT_OWNER)
JSON_TYPE(port_request, PORT_REQUEST)
JSON_TYPE(port_reply, PORT_REPLY)

int port_message_send(int fd, const struct json_table *t, const void *o, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	uint32_t n;

	buf_add(&b, "\0\0\0\0", 4);
	json_encode(&b, t, o);
	n = htonl((uint32_t)(b.len - 4));
	memcpy(b.data, &n, sizeof(n));
	return fd_write_all(fd, b.data, b.len, e);
}

int port_message_recv(struct arena *a, int fd, const struct json_table *t, void *out, struct err *e)
{
	struct slice text;
	uint32_t n;
	ssize_t k = fd_read_full(fd, &n, sizeof(n), e);

	if (k <= 0)
		return (int)k;
	n = ntohl(n);
	if (k != sizeof(n) || n > PORT_MESSAGE_LIMIT)
		return err_set(e, ERR_INVALID, "port server: malformed message");
	text.data = arena_alloc(a, (size_t)n + 1);
	text.len = n;
	k = fd_read_full(fd, (char *)text.data, n, e);
	if (k < 0)
		return -1;
	if ((size_t)k != n)
		return err_set(e, ERR_UNAVAILABLE, "port server: message cut short");
	return json_decode(a, t, text, out, e) < 0 ? -1 : 1;
}
