/* Writing to a registry through the `fetch` helper. See registry.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fd.h"
#include "image/registry_internal.h"

#define PIPE_BYTES (1 << 20)

/* One request without bytes, or with those of a file. */
static int request(struct registry *r, const struct fetch_request *req, int fd, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int sock = registry_take_session(r, e);
	struct fetch_notice notice;

	if (sock < 0)
		return -1;
	if (fetch_send(sock, &fetch_request_type, req, fd, e) < 0)
		return err_wrap(e, "ask fetch");
	if (registry_verdict(r, sock, &a, &notice, e) < 0)
		return -1;
	registry_give_session(r, take_fd(&sock));
	return 0;
}

int registry_has(struct registry *r, const char *digest, struct err *e)
{
	struct fetch_request req = { .what = FETCH_HAS, .reference = digest };

	if (request(r, &req, -1, e) == 0)
		return 1;
	if (e->kind != ERR_NOT_FOUND)
		return -1;
	err_clear(e);
	return 0;
}

int registry_login(struct registry *r, struct err *e)
{
	struct fetch_request req = { .what = FETCH_LOGIN };

	return request(r, &req, -1, e);
}

int registry_put_manifest(struct registry *r, const char *reference, const char *media_type,
                          struct slice text, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("manifest", MFD_CLOEXEC);
	struct fetch_request req = { .what = FETCH_TAG,
		                     .reference = reference,
		                     .media_type = media_type,
		                     .size = (int64_t)text.len };

	if (fd < 0)
		return err_errno(e, errno, "make memory file");
	if (fd_write_all(fd, text.data, text.len, e) < 0)
		return -1;
	return request(r, &req, fd, e);
}

int registry_upload(struct registry *r, const struct oci_descriptor *d, const char *from,
                    struct blob_stream *out, struct err *e)
{
	struct fetch_request req = {
		.what = FETCH_UPLOAD, .reference = d->digest, .size = d->size, .from = from
	};
	_cleanup_close_ int sock = registry_take_session(r, e), in = -1, theirs = -1;
	int p[2];

	if (sock < 0)
		return -1;
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(e, errno, "make pipe");
	theirs = p[0];
	in = p[1];
	fcntl(in, F_SETPIPE_SZ, PIPE_BYTES); /* fewer switches; a smaller one works too */
	if (fetch_send(sock, &fetch_request_type, &req, theirs, e) < 0)
		return err_wrap(e, "ask fetch");
	*out = (struct blob_stream){ .fd = take_fd(&in),
		                     .left = d->size,
		                     .user = (void *)(intptr_t)take_fd(&sock) };
	return 0;
}

int registry_upload_end(struct registry *r, struct blob_stream *out, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int sock = (int)(intptr_t)out->user;
	struct fetch_notice notice;

	fd_close(&out->fd);
	if (registry_verdict(r, sock, &a, &notice, e) < 0)
		return -1;
	registry_give_session(r, take_fd(&sock));
	return 0;
}
