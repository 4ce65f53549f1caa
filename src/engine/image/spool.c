/* Archives of clients. See spool.h. */
#include "engine/image/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"

#define WORDS_MAX 512 /* of what the helper complains about */

struct expander {
	int in, words; /* where to write, what it says when it fails */
	pid_t pid;
};

static int open_file(struct engine *g, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	int fd = open(engine_data_path(g, &a, "tmp"), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd < 0 ? err_errno(e, errno, "make a temporary file") : fd;
}

static int start(struct expander *x, int out, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int from = -1;
	const char *argv[] = { "unpack", "--expand", NULL };
	struct proc_spawn s = { .file = proc_beside(&a, "../libexec/lighter/unpack"),
		                .argv = argv };
	int p[2];

	x->words = memfd_create("words", MFD_CLOEXEC);
	if (x->words < 0 || pipe2(p, O_CLOEXEC) < 0)
		return err_errno(e, errno, "make pipe");
	from = p[0];
	x->in = p[1];
	s.fd[0] = from;
	s.fd[1] = out;
	s.fd[2] = x->words;
	x->pid = proc_spawn(&s, NULL, e);
	return x->pid < 0 ? err_wrap(e, "start unpack") : 0;
}

/* A write that fails because the helper has ended is explained by what the helper says. */
static int feed(struct api_call *c, struct expander *x, struct err *e)
{
	char *block = arena_alloc(c->arena, 128 * KIB);
	ssize_t n;

	while ((n = http_body_read(c->reply->conn, block, 128 * KIB, e)) > 0)
		if (fd_write_all(x->in, block, (size_t)n, e) < 0)
			return e->errnum == EPIPE ? 0 : -1;
	return (int)n;
}

static int finish(struct expander *x, int fed, struct err *e)
{
	char words[WORDS_MAX] = "";
	struct err died = { 0 };
	int code;

	fd_close(&x->in);
	code = proc_wait(x->pid, &died);
	if (fed < 0 || code == 0)
		return fed;
	if (code > 0 && pread(x->words, words, sizeof(words) - 1, 0) > 0)
		words[strcspn(words, "\n")] = '\0';
	return err_set(e, strstr(words, strerror(ENOSPC)) ? ERR_EXHAUSTED : ERR_INVALID,
	               "read archive: %s", *words ? words : "the helper failed");
}

int image_spool(struct api_call *c, struct err *e)
{
	_cleanup_close_ int out = open_file(c->engine, e);
	struct expander x = { -1, -1, -1 };
	int r = out < 0 ? -1 : start(&x, out, e);

	if (r == 0)
		r = finish(&x, feed(c, &x, e), e);
	fd_close(&x.in);
	fd_close(&x.words);
	if (r == 0 && lseek(out, 0, SEEK_SET) < 0)
		r = err_errno(e, errno, "seek");
	return r < 0 ? -1 : take_fd(&out);
}
