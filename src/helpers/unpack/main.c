/*
 * unpack: a layer comes in on standard input, a directory tree comes out.
 *
 *     unpack [--compression auto|gzip|zstd|none] [--parent DIR]... [--lowest] --target DIR
 *     unpack [--compression ...] --expand
 *
 * The tar may be compressed. Whiteouts become overlayfs's. --parent names the lower layers'
 * directories, topmost first: a directory that the layer uses and does not hold gets their mode and
 * owner. --lowest says that there is no layer below, so that whiteouts have nothing to hide.
 *
 * --expand only decompresses, from standard input to standard output.
 *
 * On success one line on standard output, `sha256:<digest> <bytes>`, of the uncompressed tar. On
 * failure one line on standard error that names the entry, exit code 1, and whatever was unpacked
 * so far: the caller throws the directory away. Nothing is synced: whoever commits the layer does
 * that.
 *
 * Two threads: one reads, decompresses and hashes (stream.c), this one makes files (layer.c,
 * tree.c), both in a jail (helpers/sandbox.c).
 */
#include <linux/capability.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/err.h"
#include "base/fd.h"
#include "base/str.h"
#include "helpers/sandbox.h"
#include "helpers/unpack/decompress.h"
#include "helpers/unpack/layer.h"
#include "helpers/unpack/stream.h"
#include "helpers/unpack/tree.h"

#define USAGE                                                                             \
	"usage: unpack [--compression auto|gzip|zstd|none] [--parent DIR]... [--lowest] " \
	"--target DIR | --expand"

struct options {
	const char *compression, *target;
	const char *parents[TREE_PARENTS_MAX];
	size_t nparents;
	bool lowest, expand;
};

static bool parse_value(struct options *o, const char *name, const char *value)
{
	if (str_eq(name, "--target"))
		o->target = value;
	else if (str_eq(name, "--compression") && decompress_is_known(value))
		o->compression = value;
	else if (str_eq(name, "--parent") && o->nparents < TREE_PARENTS_MAX)
		o->parents[o->nparents++] = value;
	else
		return false;
	return true;
}

static int parse(struct options *o, char **argv, struct err *e)
{
	*o = (struct options){ .compression = "auto" };
	for (argv++; *argv; argv++) {
		bool *flag = str_eq(*argv, "--lowest")   ? &o->lowest
		             : str_eq(*argv, "--expand") ? &o->expand
		                                         : NULL;

		if (flag) {
			*flag = true;
			continue;
		}
		if (!argv[1] || !parse_value(o, argv[0], argv[1]))
			return err_set(e, ERR_INVALID, USAGE);
		argv++;
	}
	return o->expand != !!o->target ? 0 : err_set(e, ERR_INVALID, USAGE);
}

static int open_dirs(struct tree *t, const struct options *o, struct err *e)
{
	if (tree_open(t, o->target, e) < 0)
		return -1;
	for (size_t i = 0; i < o->nparents; i++)
		if (tree_add_parent(t, o->parents[i], e) < 0)
			return -1;
	return 0;
}

#define CAP(name) (1ULL << CAP_##name)

/* What making other people's files takes; SYS_ADMIN is for trusted.* attributes. */
#define CAPABILITIES                                                                              \
	(CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) | CAP(MKNOD) | CAP(SETFCAP) | \
	 CAP(SYS_ADMIN))

static int unpack(struct tree *t, const struct options *o, struct err *e)
{
	char digest[DIGEST_SIZE];
	struct stream *s;
	uint64_t bytes;
	int rc;

	umask(0);
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return err_set(e, ERR_INTERNAL, "the C.UTF-8 locale is missing");
	if (open_dirs(t, o, e) < 0)
		return -1;
	if (sandbox_enter(&(struct sandbox){ .root = t->root, .keep = CAPABILITIES }, e) < 0)
		return -1;
	s = stream_new(STDIN_FILENO, o->compression, e);
	if (!s)
		return -1;
	rc = layer_apply(s, t, &(struct layer_options){ .lowest = o->lowest }, e);
	stream_digest(s, digest, &bytes);
	stream_free(s);
	if (rc == 0)
		printf("%s %llu\n", digest, (unsigned long long)bytes);
	return rc;
}

static int copy_out(struct stream *s, struct err *e)
{
	const void *data;
	ssize_t n;

	while ((n = stream_next(s, &data, e)) > 0)
		if (fd_write_all(STDOUT_FILENO, data, (size_t)n, e) < 0)
			return -1;
	return (int)n;
}

static int expand(const struct options *o, struct err *e)
{
	struct stream *s;
	int rc;

	if (sandbox_enter(&(struct sandbox){ .root = -1 }, e) < 0)
		return -1;
	s = stream_new(STDIN_FILENO, o->compression, e);
	if (!s)
		return -1;
	rc = copy_out(s, e);
	stream_free(s);
	return rc;
}

int main(int argc unused_arg, char **argv)
{
	struct tree t = { .root = -1, .dir = -1 };
	struct options o;
	struct err e = { 0 };
	int rc = parse(&o, argv, &e);

	if (rc == 0)
		rc = o.expand ? expand(&o, &e) : unpack(&t, &o, &e);

	tree_close(&t);
	if (rc < 0)
		fprintf(stderr, "%s\n", e.text);
	return rc < 0;
}
