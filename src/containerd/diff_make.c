/*
 * containerd.services.diff.v1.Diff/Diff: what the right mounts have over the left ones, as a layer in
 * the content store. With overlayfs that is one directory, when the left mounts are what the right ones
 * stand on; the `pack` helper makes the tar of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "containerd/blobs.h"
#include "containerd/content.h"
#include "containerd/diff.h"
#include "containerd/helper.h"
#include "containerd/reaper.h"
#include "containerd/request.h"
#include "oci/image.h"
#include "proto/diff.pb-c.h"
#include "rpc/wkt.h"

/* A layer that takes longer than this is stuck. */
#define PACK_TIMEOUT_MS (3600 * 1000)

/* Directories of one mount, the uppermost first. */
static void stack_of(struct arena *a, const Types__Mount *m, struct strs *out)
{
	const char *upper = NULL, *lower = NULL;

	if (str_eq(m->type, "bind"))
		upper = m->source;
	for (size_t i = 0; i < m->n_options && str_eq(m->type, "overlay"); i++) {
		upper = upper ? upper : str_after(m->options[i], "upperdir=");
		lower = lower ? lower : str_after(m->options[i], "lowerdir=");
	}
	if (upper)
		arena_push(a, out, upper);
	while (lower && *lower) {
		size_t n = strcspn(lower, ":");

		arena_push(a, out, (const char *)arena_strndup(a, lower, n));
		lower += n + (lower[n] == ':');
	}
}

/* The one directory that the right side has more than the left one. */
static const char *layer_of(struct arena *a, const Diff__DiffRequest *req, struct err *e)
{
	struct strs left = { 0 }, right = { 0 };
	bool fits;

	if (req->n_left > 0)
		stack_of(a, req->left[0], &left);
	if (req->n_right > 0)
		stack_of(a, req->right[0], &right);
	fits = req->n_left <= 1 && req->n_right == 1 && right.n == left.n + 1;
	for (size_t i = 0; fits && i < left.n; i++)
		fits = str_eq(left.v[i], right.v[i + 1]);
	if (fits)
		return right.v[0];
	err_set(e, ERR_UNIMPLEMENTED,
	        "diff of these mounts is not there yet: the left ones must be what the right ones "
	        "stand on: not implemented");
	return NULL;
}

static int pack(struct arena *a, const char *folder, int out, struct err *e)
{
	_cleanup_close_ int in = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int words = helper_output(e);
	const char *path = helper_path(a, "pack"), *argv[] = { path, NULL };
	struct proc_spawn s = {
		.file = path, .argv = argv, .fd = { in, out, words }, .die_with_parent = true
	};
	int code;

	if (in < 0)
		return err_errno(e, errno, "open %s", folder);
	if (words < 0)
		return -1;
	code = reaper_run(&s, PACK_TIMEOUT_MS, e);
	return code > 0 ? err_set(e, ERR_UNKNOWN, "%s", helper_text(a, words)) : code;
}

/* Nothing of it is compressed: who wants that says so, and hears that it is not there. */
static int check_type(const char *type, struct err *e)
{
	if (str_eq(type, MEDIA_OCI_LAYER) || str_eq(type, MEDIA_DOCKER_LAYER))
		return 0;
	return err_set(e, ERR_UNIMPLEMENTED,
	               "diff as \"%s\" is not there yet: uncompressed layers are: not implemented",
	               type);
}

int diff_make(struct rpc_call *call, const void *reqp, void *respp, struct err *e)
{
	const Diff__DiffRequest *req = reqp;
	Diff__DiffResponse *resp = respp;
	struct arena *a = rpc_call_arena(call);
	const char *type = field_text(req->media_type), *ref = field_text(req->ref);
	const char *folder = layer_of(a, req, e), *digest;
	_cleanup_close_ int scratch = -1;
	Types__Descriptor *d = pb_new(a, types__descriptor, Types__Descriptor);
	int64_t size;

	if (!folder || check_type(type, e) < 0)
		return -1;
	if (!*ref)
		ref = arena_printf(a, "diff-%lld", (long long)clock_mono_ns());
	scratch = ingest_scratch(request_daemon(call)->blobs, e);
	if (scratch < 0 || pack(a, folder, scratch, e) < 0)
		return -1;
	if (lseek(scratch, 0, SEEK_SET) < 0)
		return err_errno(e, errno, "seek");
	if (content_put(call, ref, scratch, &digest, &size, e) < 0)
		return -1;
	d->media_type = type;
	d->digest = digest;
	pb_set(d, size, size);
	resp->diff = d;
	return 0;
}
