/* Bodies of requests and answers that are more than a small document. See api.h. */
#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/cli.h"

#define CHUNK (64 * 1024)

int api_post_json(struct cli *cli, const char *path, const struct json_table *type, const void *in,
                  struct slice *answer, struct err *e)
{
	_cleanup_buf_ struct buf body = { 0 };

	if (api_ping(cli, e) < 0)
		return -1;
	json_encode_for(&body, type, in, cli->api.version);
	return api_call(cli,
	                &(struct api_request){
	                        .method = "POST", .path = path, .body = { body.data, body.len } },
	                answer, e);
}

void api_upload_free(struct api_upload *u)
{
	http_conn_free(u->conn);
	u->conn = NULL;
}

int api_upload_start(struct cli *cli, const struct api_request *rq, struct api_upload *u,
                     struct err *e)
{
	*u = (struct api_upload){ .method = rq->method };
	u->conn = api_send(cli, rq, e);
	return u->conn ? 0 : -1;
}

void api_upload_write(struct api_upload *u, const void *p, size_t n)
{
	u->stopped = u->stopped || http_write_chunk(u->conn, p, n, NULL) < 0;
}

int api_upload_fd(struct api_upload *u, int fd, struct err *e)
{
	char chunk[CHUNK];
	ssize_t n;

	while (!u->stopped && (n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, errno, "read input");
		api_upload_write(u, chunk, (size_t)n);
	}
	return 0;
}

int api_upload_end(struct cli *cli, struct api_upload *u, struct http_response *rs, struct err *e)
{
	u->stopped = u->stopped || http_write_last_chunk(u->conn, NULL) < 0;
	return api_answer(cli, u->conn, u->method, rs, e);
}

int api_body_to_fd(struct http_conn *conn, int fd, struct err *e)
{
	char chunk[CHUNK];
	ssize_t n;

	while ((n = http_body_read(conn, chunk, sizeof(chunk), e)) > 0)
		if (fd_write_all(fd, chunk, (size_t)n, e) < 0)
			return -1;
	return n < 0 ? -1 : 0;
}
