/* Any bytes as requests on a connection, then as responses: heads, bodies, queries, escapes. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "http/http.h"
#include "http/route.h"

static struct http_conn *feed(const uint8_t *data, size_t size, int *peer)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
		abort();
	if (write(sv[1], data, size) != (ssize_t)size)
		abort();
	shutdown(sv[1], SHUT_WR);
	*peer = sv[1];
	return http_conn_new(sv[0]);
}

static void requests(const uint8_t *data, size_t size)
{
	int peer;
	struct http_conn *c = feed(data, size, &peer);
	_cleanup_arena_ struct arena a = { 0 };
	struct http_request req;
	struct http_params p;
	struct slice body;

	while (http_read_request(c, &a, &req, NULL) == 1 &&
	       http_body_all(c, &a, 1 << 20, &body, NULL) == 0) {
		http_query_all(&a, req.query, "filters");
		http_route_match(&a, "/images/{name...}/json", req.path, &p);
	}
	http_conn_free(c);
	close(peer);
}

static void responses(const uint8_t *data, size_t size)
{
	int peer;
	struct http_conn *c = feed(data, size, &peer);
	_cleanup_arena_ struct arena a = { 0 };
	struct http_response resp;
	struct slice body;

	while (http_read_response(c, &a, "GET", &resp, NULL) == 0 &&
	       http_body_all(c, &a, 1 << 20, &body, NULL) == 0)
		;
	http_conn_free(c);
	close(peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 60000) /* one socket buffer */
		return 0;
	requests(data, size);
	responses(data, size);
	return 0;
}
