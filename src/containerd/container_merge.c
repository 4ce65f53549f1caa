/* What a container's metadata may be, and how an update changes it. See containers.h. */
#include "containerd/containers.h"
#include "containerd/labels.h"
#include "containerd/request.h"

int container_check(const Containers__Container *c, struct err *e)
{
	if (identifier_check(c->id, e) < 0)
		return err_wrap(e, "container.ID");
	for (size_t i = 0; i < c->n_extensions; i++)
		if (str_empty(c->extensions[i]->key))
			return err_set(e, ERR_INVALID,
			               "container.Extension keys must not be zero-length: "
			               "invalid argument");
	if (labels_check(LABELS_OF(c), "containers.Labels", e) < 0)
		return -1;
	if (!c->runtime || str_empty(c->runtime->name))
		return err_set(e, ERR_INVALID,
		               "container.Runtime.Name must be set: invalid argument");
	if (!c->spec)
		return err_set(e, ERR_INVALID, "container.Spec must be set: invalid argument");
	if (!str_empty(c->snapshot_key) && str_empty(c->snapshotter))
		return err_set(e, ERR_INVALID,
		               "container.Snapshotter must be set if container.SnapshotKey is set: "
		               "invalid argument");
	return 0;
}

static void set_extension(struct arena *a, Containers__Container *to,
                          const Containers__Container *from, const char *key)
{
	Pairs__AnyPair **v = arena_array(a, Pairs__AnyPair *, to->n_extensions + 1);
	size_t n = 0;

	for (size_t i = 0; i < to->n_extensions; i++)
		if (!str_eq(to->extensions[i]->key, key))
			v[n++] = to->extensions[i];
	for (size_t i = 0; i < from->n_extensions; i++)
		if (str_eq(from->extensions[i]->key, key))
			v[n++] = from->extensions[i];
	to->extensions = v;
	to->n_extensions = n;
}

/* One path of the mask. */
static int merge_path(struct arena *a, Containers__Container *to, const Containers__Container *from,
                      const char *path, struct err *e)
{
	struct labels l = LABELS_OF(to);
	const char *key = str_after(path, "extensions.");

	if (labels_mask(a, &l, LABELS_OF(from), path)) {
		LABELS_TO(to, l);
	} else if (key) {
		set_extension(a, to, from, key);
	} else if (str_eq(path, "extensions")) {
		to->n_extensions = from->n_extensions;
		to->extensions = from->extensions;
	} else if (str_eq(path, "spec")) {
		to->spec = from->spec;
	} else if (str_eq(path, "image")) {
		to->image = from->image;
	} else if (str_eq(path, "snapshotkey") || str_eq(path, "snapshot_key")) {
		to->snapshot_key = from->snapshot_key;
	} else {
		return err_set(e, ERR_INVALID,
		               "cannot update \"%s\" field on \"%s\": invalid argument", path,
		               to->id);
	}
	return 0;
}

static int check_immutable(const Containers__Container *old, const Containers__Container *new,
                           struct err *e)
{
	const char *runtime = new->runtime ? field_text(new->runtime->name) : "";

	if (!str_eq(field_text(old->snapshotter), field_text(new->snapshotter)))
		return err_set(e, ERR_INVALID,
		               "container.Snapshotter field is immutable: invalid argument");
	if (!str_eq(old->runtime->name, runtime))
		return err_set(e, ERR_INVALID,
		               "container.Runtime.Name field is immutable: invalid argument");
	return 0;
}

int container_merge(struct arena *a, Containers__Container *to, const Containers__Container *from,
                    const Google__FieldMask *mask, struct err *e)
{
	static const char *const all[] = { "labels", "spec", "extensions", "image", "snapshotkey" };
	bool masked = mask && mask->n_paths > 0;
	const char *const *paths = masked ? mask->paths : all;
	size_t n = masked ? mask->n_paths : ARRAY_LEN(all);

	if (!masked && check_immutable(to, from, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (merge_path(a, to, from, paths[i], e) < 0)
			return -1;
	return container_check(to, e) < 0 ? err_wrap(e, "update failed validation") : 0;
}
