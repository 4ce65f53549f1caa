/* GET /images/json. */
#include <fnmatch.h>
#include "base/clock.h"
#include "engine/routes/api.h"
#include "engine/routes/image.h"
#include "engine/filters.h"
#include "engine/image/view.h"

#define EITHER 2

struct selection {
	struct filters filters;
	int dangling;          /* 1, 0, or EITHER */
	int64_t before, since; /* ns; by the age of the named images */
};

struct summaries {
	size_t n;
	struct api_image_summary *v;
};

/* The creation time of the image that a before= or since= filter names. */
static int age_bound(struct api_call *c, struct image_store *s, const struct filters *f,
                     const char *name, int64_t *bound, struct err *e)
{
	struct strs refs = filters_get(f, name);
	struct image_content content;
	struct image_name found;

	for (size_t i = 0; i < refs.n; i++) {
		if (image_find(c->engine, refs.v[i], c->arena, &found, e) < 0 ||
		    image_content(c->engine, s, &found.target, NULL, c->arena, &content, e) < 0)
			return -1;
		*bound = content.config.created;
	}
	return 0;
}

static int read_selection(struct api_call *c, struct image_store *s, struct selection *sel,
                          struct err *e)
{
	static const char *const allowed[] = { "before", "dangling", "label", "reference",
		                               "since",  "until",    NULL };

	*sel = (struct selection){ .before = INT64_MAX, .since = INT64_MIN };
	if (filters_parse(c->arena, api_query(c, "filters"), allowed, &sel->filters, e) < 0)
		return -1;
	sel->dangling = filters_bool(&sel->filters, "dangling", EITHER, e);
	if (sel->dangling < 0 || age_bound(c, s, &sel->filters, "before", &sel->before, e) < 0)
		return -1;
	return age_bound(c, s, &sel->filters, "since", &sel->since, e);
}

/* A pattern is for the name, or for the name with its tag. */
static bool matches_pattern(struct arena *a, const char *pattern, const char *tag)
{
	const char *colon = strrchr(tag, ':'), *at = strchr(tag, '@'), *end = at ? at : colon;

	return fnmatch(pattern, tag, FNM_PATHNAME) == 0 ||
	       (end &&
	        fnmatch(pattern, arena_strndup(a, tag, (size_t)(end - tag)), FNM_PATHNAME) == 0);
}

/* Leaves the names that a reference= filter means; false when none is left. */
static bool keep_matching(struct arena *a, const struct filters *f, struct strs *names)
{
	struct strs patterns = filters_get(f, "reference"), kept = { 0 };

	if (patterns.n == 0)
		return true;
	for (size_t i = 0; i < names->n; i++)
		for (size_t k = 0; k < patterns.n; k++)
			if (matches_pattern(a, patterns.v[k], names->v[i])) {
				arena_push(a, &kept, names->v[i]);
				break;
			}
	*names = kept;
	return kept.n > 0;
}

static bool selects(struct arena *a, const struct selection *sel, struct image_view *v)
{
	const struct oci_image_params *config = v->content.config.config;
	const struct json_map none = { 0 };
	int64_t created = v->content.config.created;
	bool tags;

	if (sel->dangling != EITHER && (v->digests.n == 0) != sel->dangling)
		return false;
	if (created >= sel->before || created <= sel->since)
		return false;
	if (!filters_labels(&sel->filters, "label", config ? &config->labels : &none))
		return false;
	tags = keep_matching(a, &sel->filters, &v->tags);
	return keep_matching(a, &sel->filters, &v->digests) || tags;
}

/* Clients before 1.43 expect a name in any case. */
static void add_placeholders(struct api_call *c, struct api_image_summary *s)
{
	if (c->version >= 43)
		return;
	if (s->repo_tags.n == 0)
		arena_push(c->arena, &s->repo_tags, "<none>:<none>");
	if (s->repo_digests.n == 0)
		arena_push(c->arena, &s->repo_digests, "<none>@<none>");
}

struct api_image_summary api_image_summary_of(struct api_call *c, const struct image_view *v)
{
	const struct oci_image_params *config = v->content.config.config;
	struct api_image_summary s = {
		.containers = -1,
		.created = v->content.config.created / NS_PER_S,
		.id = v->id,
		.parent_id = "",
		.repo_digests = v->digests,
		.repo_tags = v->tags,
		.shared_size = -1,
		.size = v->size,
		.virtual_size = v->size,
	};

	if (config)
		s.labels = config->labels;
	add_placeholders(c, &s);
	return s;
}

static bool is_first_of_target(const struct image_names *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(all->v[k].target.digest, all->v[i].target.digest))
			return false;
	return true;
}

static int newest_first(const void *a, const void *b)
{
	const struct api_image_summary *x = a, *y = b;

	return (y->created > x->created) - (y->created < x->created);
}

int api_images_list(struct api_call *c, struct err *e)
{
	struct engine *g = c->engine;
	_cleanup_store_ struct image_store *s =
	        image_store_open(g->ctrd, g->opt.storage_driver, IMAGE_STORE_READ, e);
	struct summaries out = { 0 };
	struct selection sel;
	struct image_names all;

	if (!s || read_selection(c, s, &sel, e) < 0 || image_names(g, c->arena, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		struct image_view v;

		if (!is_first_of_target(&all, i))
			continue;
		if (image_view(g, s, &all, all.v[i].target.digest, c->arena, &v, e) < 0)
			return -1;
		if (selects(c->arena, &sel, &v))
			arena_push(c->arena, &out, api_image_summary_of(c, &v));
	}
	if (out.n > 1)
		qsort(out.v, out.n, sizeof(out.v[0]), newest_first);
	return api_answer_list(c, &api_image_summary_type, out.v, out.n);
}
