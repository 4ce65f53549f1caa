/*
 * Removing images, as Docker does: a name is untagged; the image goes with its last name, if no
 * container uses it. By id all names go. See names.h.
 */
#include "engine/container/container.h"
#include "engine/image/names.h"
#include "oci/digest.h"
#include "oci/reference.h"
#include "proto/images.pb-c.h"
#include "rpc/wkt.h"

#define SHORT_ID 12

struct removal {
	struct engine *g;
	const char *ref;
	bool force, by_id;
	struct arena *a;
	struct image_name found;
	struct image_names same; /* all names of the image */
	const char *user;        /* a container that uses it, or NULL */
	bool user_runs;
};

static const char *short_id(struct arena *a, const char *id)
{
	const char *hex = str_after(id, DIGEST_PREFIX);

	return arena_strndup(a, hex ? hex : id, SHORT_ID);
}

/* ---- looking ---- */

static int find_names(struct removal *r, struct err *e)
{
	struct image_names all;

	if (image_names(r->g, r->a, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (str_eq(all.v[i].target.digest, r->found.target.digest))
			arena_push(r->a, &r->same, all.v[i]);
	return 0;
}

/* A running user counts more than a stopped one. */
static void find_user(struct removal *r)
{
	_cleanup_list_ struct container_list l = containers_list(r->g->containers, r->a);

	for (size_t i = 0; i < l.n && !r->user_runs; i++) {
		_cleanup_view_ struct container_view v = { 0 };

		container_view(l.v[i], &v);
		if (!str_eq(v.desc->r.image_id, r->found.target.digest))
			continue;
		r->user = arena_strdup(r->a, v.desc->r.id);
		r->user_runs = container_is_running(&v.state);
	}
}

/* ---- deciding ---- */

static const char *repository(struct arena *a, const char *name)
{
	struct reference ref;

	return reference_parse(a, name, &ref, NULL) == 0 ? reference_name(a, &ref) : name;
}

static bool in_several_repositories(const struct removal *r)
{
	for (size_t i = 1; i < r->same.n; i++)
		if (!str_eq(repository(r->a, r->same.v[0].name),
		            repository(r->a, r->same.v[i].name)))
			return true;
	return false;
}

static int check_id(const struct removal *r, struct err *e)
{
	const char *id = short_id(r->a, r->found.target.digest);

	if (in_several_repositories(r) && !r->force)
		return err_set(
		        e, ERR_PRECONDITION,
		        "conflict: unable to delete %s (must be forced) - image is referenced in "
		        "multiple repositories",
		        id);
	if (r->user_runs)
		return err_set(
		        e, ERR_PRECONDITION,
		        "conflict: unable to delete %s (cannot be forced) - image is being used by "
		        "running container %s",
		        id, short_id(r->a, r->user));
	if (r->user && !r->force)
		return err_set(
		        e, ERR_PRECONDITION,
		        "conflict: unable to delete %s (must be forced) - image is being used by "
		        "stopped container %s",
		        id, short_id(r->a, r->user));
	return 0;
}

static int check_name(const struct removal *r, struct err *e)
{
	if (!r->user || r->force)
		return 0;
	return err_set(e, ERR_PRECONDITION,
	               "conflict: unable to remove repository reference \"%s\" (must force) - "
	               "container %s "
	               "is using its referenced image %s",
	               r->ref, short_id(r->a, r->user), short_id(r->a, r->found.target.digest));
}

/* Names by digest were made by pulls; they go with the last tag of their repository. */
static bool goes_along(const struct removal *r, const struct image_name *other)
{
	return strchr(other->name, '@') &&
	       str_eq(repository(r->a, other->name), repository(r->a, r->found.name));
}

static void choose(const struct removal *r, struct image_names *out)
{
	bool last_tag = true;

	*out = (struct image_names){ 0 };
	for (size_t i = 0; i < r->same.n; i++)
		if (!str_eq(r->same.v[i].name, r->found.name) && !goes_along(r, &r->same.v[i]))
			last_tag = false;
	for (size_t i = 0; i < r->same.n; i++)
		if (r->by_id || str_eq(r->same.v[i].name, r->found.name) ||
		    (last_tag && goes_along(r, &r->same.v[i])))
			arena_push(r->a, out, r->same.v[i]);
}

/* ---- doing ---- */

static int remove_name(struct removal *r, const char *name, bool last, struct err *e)
{
	Images__DeleteImageRequest req = IMAGES__DELETE_IMAGE_REQUEST__INIT;
	void *resp;

	req.name = name;
	pb_set(&req, sync, last); /* with the last one the space is free when we answer */
	if (grpc_call(r->g->ctrd, NULL, RPC_IMAGES_DELETE, &req, r->a, &resp, e) == 0)
		return 0;
	if (e->kind != ERR_NOT_FOUND)
		return err_wrap(e, "remove image %s", name);
	err_clear(e);
	return 0;
}

static void report_untagged(struct removal *r, const char *name, struct image_removed *out)
{
	struct reference ref;
	const char *familiar = name;

	if (image_is_dangling(name))
		return;
	if (reference_parse(r->a, name, &ref, NULL) == 0)
		familiar = reference_familiar(r->a, &ref);
	arena_push(r->a, &out->untagged, familiar);
	image_event(r->g, "untag", r->found.target.digest, r->found.target.digest);
}

/* Containers need the image's layers only; the forced removal of its last name leaves it dangling. */
static int keep_for_user(struct removal *r, struct err *e)
{
	_cleanup_store_ struct image_store *s =
	        image_store_open(r->g->ctrd, r->g->opt.storage_driver, IMAGE_STORE_WRITE, e);

	if (!s)
		return -1;
	return s->ops->tag(s, arena_printf(r->a, IMAGE_DANGLING "%s", r->found.target.digest),
	                   &r->found.target, e) < 0
	               ? -1
	               : 0;
}

static int remove_names(struct removal *r, const struct image_names *names,
                        struct image_removed *out, struct err *e)
{
	bool all = names->n == r->same.n, kept = all && r->user && !r->by_id;

	if (kept && keep_for_user(r, e) < 0)
		return -1;
	for (size_t i = 0; i < names->n; i++) {
		if (remove_name(r, names->v[i].name, all && !kept && i + 1 == names->n, e) < 0)
			return -1;
		report_untagged(r, names->v[i].name, out);
	}
	if (all && !kept) {
		out->deleted = r->found.target.digest;
		image_event(r->g, "delete", out->deleted, out->deleted);
	}
	return 0;
}

int image_remove(struct engine *g, const char *ref, bool force, struct arena *a,
                 struct image_removed *out, struct err *e)
{
	struct removal r = { .g = g, .ref = ref, .force = force, .a = a };
	struct image_names chosen;

	*out = (struct image_removed){ 0 };
	if (image_find(g, ref, a, &r.found, e) < 0 || find_names(&r, e) < 0)
		return -1;
	r.by_id = image_found_by_id(&r.found, ref);
	find_user(&r);
	choose(&r, &chosen);
	if (r.by_id && check_id(&r, e) < 0)
		return -1;
	if (!r.by_id && chosen.n == r.same.n && check_name(&r, e) < 0)
		return -1;
	return remove_names(&r, &chosen, out, e);
}
