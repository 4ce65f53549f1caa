/* A tar becomes files, by the same means as a layer does, but with nothing special about names. */
#include "helpers/files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "helpers/unpack/layer.h"

/* Acknowledged is on disk. */
static int sync_all(int root, const char *path, struct err *e)
{
	_cleanup_close_ int fd = open_in_root(root, path, O_RDONLY | O_DIRECTORY);

	return fd < 0 || syncfs(fd) < 0 ? err_errno(e, errno, "sync %s", path) : 0;
}

int write_tree(int root, const char *path, const struct files_job *job, struct err *e)
{
	struct tree t = { .root = root, .dir = -1 };
	struct layer_options o = { .plain = true,
		                   .lowest = true,
		                   .below = path + 1,
		                   .keep_kinds = job->keep_kinds,
		                   .owner = job->uid.set,
		                   .uid = (uid_t)job->uid.value,
		                   .gid = (gid_t)job->gid.value };
	struct stream *s = stream_new(STDIN_FILENO, "auto", e);
	int r;

	if (!s)
		return -1;
	r = layer_apply(s, &t, &o, e);
	stream_free(s);
	t.root = -1; /* the caller's */
	tree_close(&t);
	if (r < 0)
		return e->kind == ERR_DATA_LOSS ? err_kind_set(e, ERR_INVALID) : -1;
	return sync_all(root, path, e);
}
