/*
 * An HTTP/1.1 client over unix and tcp sockets: one connection, requests one after the other.
 * TLS is not here: the registry client has its own (libcurl, in the fetch helper).
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "http/http.h"

/* "unix:///run/docker.sock", "tcp://127.0.0.1:2375", "http://host:port". ERR_UNAVAILABLE when
 * nobody listens. */
struct http_conn *http_dial(const char *address, struct err *e) must_check;

/*
 * Sends a request. `host` is the Host header. With body.data NULL there is none; a body of unknown
 * length is announced by `chunked` and then written with http_write_chunk / http_write_last_chunk.
 * Then http_read_response and http_body_read, or http_hijack after a 101 or 200.
 */
struct http_send {
	const char *method, *target, *host;
	const struct http_header *headers;
	size_t nheaders;
	const char *content_type; /* with a body */
	struct slice body;
	bool chunked;
};
int http_send(struct http_conn *c, const struct http_send *s, struct err *e) must_check;

#endif
