/* A layer's tar: what overlayfs marks, the OCI image specification ("Whiteouts") says by names. */
#include "helpers/files/packer.h"

#include <string.h>
#include <sys/xattr.h>

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"
#define OPAQUE_XATTR    "trusted.overlay.opaque"

static int write_mark(struct packer *p, const char *folder, size_t n, const char *prefix,
                      const char *name, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct archive_entry *ae = archive_entry_new();
	const struct stat empty = { .st_mode = S_IFREG | 0600 };
	int r;

	entry_describe(ae, arena_printf(&a, "%.*s%s%s", (int)n, folder, prefix, name), &empty);
	r = entry_header(p, ae, e);
	archive_entry_free(ae);
	return r;
}

bool layer_is_whiteout(const struct packer *p, const struct stat *st)
{
	return p->layer && S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

int layer_mark_whiteout(struct packer *p, const char *name, struct err *e)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;

	return write_mark(p, name, (size_t)(base - name), WHITEOUT_PREFIX, base, e);
}

int layer_mark_opaque(struct packer *p, int dir, const char *prefix, struct err *e)
{
	char value = 0;

	if (!p->layer || fgetxattr(dir, OPAQUE_XATTR, &value, 1) != 1 || value != 'y')
		return 0;
	return write_mark(p, prefix, strlen(prefix), "", WHITEOUT_OPAQUE, e);
}
