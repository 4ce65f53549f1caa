/*
 * See registry.h. Documents come back in a memfd, blobs through a pipe, whose other end the helper
 * fills. `idle` holds the sessions that nobody uses, under the lock.
 */
#include "image/registry_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/proc.h"
#include "oci/digest.h"

#define IDLE_MAX   16
#define PIPE_BYTES (1 << 20)
#define END_MS     2000
#define WATCH_MS   200

struct registry {
	struct image_source source;
	struct arena arena;
	bool (*canceled)(void *user); /* or NULL */
	void *user;
	int sock; /* to the helper's main thread */
	pid_t pid;
	int pidfd;
	pthread_mutex_t lock;
	int idle[IDLE_MAX];
	size_t nidle;
};

/* ---- sessions ---- */

static int new_session(struct registry *r, struct err *e)
{
	_cleanup_close_ int ours = -1, theirs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(e, errno, "make socket pair");
	ours = pair[0];
	theirs = pair[1];
	if (fd_send(r->sock, theirs, "s", 1, e) < 0)
		return err_wrap(e, "ask fetch for a session");
	return take_fd(&ours);
}

int registry_take_session(struct registry *r, struct err *e)
{
	int sock = -1;

	pthread_mutex_lock(&r->lock);
	if (r->nidle > 0)
		sock = r->idle[--r->nidle];
	pthread_mutex_unlock(&r->lock);
	return sock >= 0 ? sock : new_session(r, e);
}

void registry_give_session(struct registry *r, int sock)
{
	pthread_mutex_lock(&r->lock);
	if (r->nidle < IDLE_MAX)
		r->idle[r->nidle++] = take_fd(&sock);
	pthread_mutex_unlock(&r->lock);
	fd_close(&sock);
}

static enum err_kind kind_named(const char *name)
{
	for (int k = 0; k < ERR_KINDS; k++)
		if (str_eq(err_kind_name(k), name))
			return k;
	return ERR_UNKNOWN;
}

static int await_notice(const struct registry *r, int sock, struct err *e)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };

	while (r->canceled && poll(&p, 1, WATCH_MS) == 0)
		if (r->canceled(r->user))
			return err_set(e, ERR_CANCELED, "canceled");
	return 0;
}

int registry_verdict(const struct registry *r, int sock, struct arena *a, struct fetch_notice *out,
                     struct err *e)
{
	do {
		int got;

		if (await_notice(r, sock, e) < 0)
			return -1;
		got = fetch_recv(sock, a, &fetch_notice_type, out, NULL, e);
		if (got < 0)
			return -1;
		if (got == 0)
			return err_set(e, ERR_UNAVAILABLE, "fetch ended unexpectedly");
	} while (out->retry_in > 0);
	if (out->error)
		return err_set(e, kind_named(out->kind), "%s", out->error);
	return 0;
}

/* ---- documents ---- */

static int read_memfd(int fd, struct arena *a, struct slice *out, struct err *e)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text;

	if (size < 0 || size > (off_t)LIMIT_IMAGE_CONFIG)
		return err_set(e, ERR_EXHAUSTED, "document of %lld bytes", (long long)size);
	text = arena_alloc(a, (size_t)size + 1);
	if (pread(fd, text, (size_t)size, 0) != size)
		return err_errno(e, errno, "read document");
	*out = (struct slice){ text, (size_t)size };
	return 0;
}

static int get_document(struct registry *r, const struct fetch_request *req, struct arena *a,
                        struct fetch_notice *notice, struct slice *out, struct err *e)
{
	_cleanup_close_ int sock = registry_take_session(r, e), fd = -1;

	if (sock < 0)
		return -1;
	fd = memfd_create("document", MFD_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno, "make memory file");
	if (fetch_send(sock, &fetch_request_type, req, fd, e) < 0)
		return err_wrap(e, "ask fetch");
	if (registry_verdict(r, sock, a, notice, e) < 0 || read_memfd(fd, a, out, e) < 0)
		return -1;
	registry_give_session(r, take_fd(&sock));
	return 0;
}

int registry_manifest(struct registry *r, const char *reference, struct arena *a,
                      struct oci_descriptor *d, struct slice *text, struct err *e)
{
	struct fetch_request req = { .what = FETCH_MANIFEST, .reference = reference };
	struct fetch_notice notice;
	char digest[DIGEST_SIZE];
	const char *want;

	if (get_document(r, &req, a, &notice, text, e) < 0)
		return -1;
	digest_of(text->data, text->len, digest);
	want = digest_is_valid(reference) ? reference : notice.digest;
	if (!str_empty(want) && digest_is_sha256(want) && !str_eq(want, digest))
		return err_set(e, ERR_DATA_LOSS, "manifest verification failed for digest %s",
		               want);
	*d = (struct oci_descriptor){
		.media_type =
		        media_kind(notice.media_type) == MEDIA_OTHER ? NULL : notice.media_type,
		.digest = arena_strdup(a, digest),
		.size = (int64_t)text->len,
	};
	return 0;
}

static int source_document(struct image_source *s, const struct oci_descriptor *d, struct arena *a,
                           struct slice *out, struct err *e)
{
	struct registry *r = container_of(s, struct registry, source);
	enum media_kind kind = media_kind(d->media_type);
	struct fetch_request req = {
		.what = kind == MEDIA_MANIFEST || kind == MEDIA_INDEX ? FETCH_MANIFEST : FETCH_BLOB,
		.reference = d->digest,
		.size = d->size,
	};
	struct fetch_notice notice;

	return get_document(r, &req, a, &notice, out, e);
}

/* ---- blobs ---- */

static int source_open(struct image_source *s, const struct oci_descriptor *d, int64_t offset,
                       struct blob_stream *out, struct err *e)
{
	struct registry *r = container_of(s, struct registry, source);
	struct fetch_request req = { .what = FETCH_BLOB,
		                     .reference = d->digest,
		                     .offset = offset,
		                     .size = d->size,
		                     .urls = d->urls };
	_cleanup_close_ int sock = registry_take_session(r, e), from = -1, to = -1;
	int p[2];

	if (sock < 0)
		return -1;
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_errno(e, errno, "make pipe");
	from = p[0];
	to = p[1];
	fcntl(from, F_SETPIPE_SZ, PIPE_BYTES); /* fewer switches; a smaller one works too */
	if (fetch_send(sock, &fetch_request_type, &req, to, e) < 0)
		return err_wrap(e, "ask fetch");
	*out = (struct blob_stream){ .fd = take_fd(&from),
		                     .left = -1,
		                     .user = (void *)(intptr_t)take_fd(&sock) };
	return 0;
}

/* The pipe is closed first: if there was more to come, the helper's next write fails. */
static int source_close(struct image_source *s, struct blob_stream *b, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct registry *r = container_of(s, struct registry, source);
	_cleanup_close_ int sock = (int)(intptr_t)b->user;
	struct fetch_notice notice;

	fd_close(&b->fd);
	if (registry_verdict(r, sock, &a, &notice, e) < 0)
		return -1;
	registry_give_session(r, take_fd(&sock));
	return 0;
}

static const struct image_source_ops source_ops = {
	.document = source_document,
	.open = source_open,
	.close = source_close,
};

struct image_source *registry_source(struct registry *r)
{
	return &r->source;
}

/* ---- the helper ---- */

static int start_helper(struct registry *r, int theirs, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *argv[] = { "fetch", NULL };
	struct proc_spawn s = {
		.file = proc_beside(&a, "../libexec/lighter/fetch"),
		.argv = argv,
		.fd = { theirs, PROC_NULL, PROC_INHERIT },
		.new_group = true,
	};

	r->pid = proc_spawn(&s, &r->pidfd, e);
	return r->pid < 0 ? err_wrap(e, "start fetch") : 0;
}

static int start(struct registry *r, const struct fetch_setup *setup, struct err *e)
{
	_cleanup_close_ int theirs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(e, errno, "make socket pair");
	r->sock = pair[0];
	theirs = pair[1];
	if (start_helper(r, theirs, e) < 0)
		return -1;
	return fetch_send(r->sock, &fetch_setup_type, setup, -1, e);
}

struct registry *registry_open(const char *host, const struct fetch_setup *setup, struct err *e)
{
	struct registry *r = xalloc(sizeof(*r));

	r->sock = r->pidfd = r->pid = -1;
	pthread_mutex_init(&r->lock, NULL);
	r->source.ops = &source_ops;
	r->source.host = arena_strdup(&r->arena, host);
	r->source.repository = arena_strdup(&r->arena, setup->repository);
	if (start(r, setup, e) == 0)
		return r;
	registry_free(r);
	return NULL;
}

void registry_watch(struct registry *r, bool (*canceled)(void *user), void *user)
{
	r->canceled = canceled;
	r->user = user;
}

/* The helper ends when its socket is closed; one that does not is killed. */
static void end_helper(struct registry *r)
{
	struct err e = { 0 };

	if (r->pid < 0)
		return;
	if (proc_wait_fd(r->pidfd, r->pid, END_MS, &e) < 0 && e.kind == ERR_DEADLINE) {
		(void)!proc_pidfd_kill(r->pidfd, SIGKILL, NULL);
		(void)!proc_wait(r->pid, NULL);
	}
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	fd_close(&r->sock);
	for (size_t i = 0; i < r->nidle; i++)
		fd_close(&r->idle[i]);
	end_helper(r);
	fd_close(&r->pidfd);
	pthread_mutex_destroy(&r->lock);
	arena_free(&r->arena);
	free(r);
}
