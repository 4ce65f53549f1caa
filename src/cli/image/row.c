/* See row.h. */
#include "cli/image/row.h"

#include "cli/format/units.h"
#include "oci/reference.h"

#define NONE "<none>"

struct row {
	const struct api_image_summary *image;
	const char *repository, *tag, *digest;
	bool trunc;
};

/* --- fields --- */

static struct value field_id(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;

	return value_str(r->trunc ? short_id(a, r->image->id) : r->image->id);
}

static struct value field_repository(struct arena *a unused_arg, const void *row,
                                     const char *arg unused_arg)
{
	return value_str(((const struct row *)row)->repository);
}

static struct value field_tag(struct arena *a unused_arg, const void *row,
                              const char *arg unused_arg)
{
	return value_str(((const struct row *)row)->tag);
}

static struct value field_digest(struct arena *a unused_arg, const void *row,
                                 const char *arg unused_arg)
{
	return value_str(((const struct row *)row)->digest);
}

static struct value field_created_since(struct arena *a, const void *row,
                                        const char *arg unused_arg)
{
	int64_t created = ((const struct row *)row)->image->created;

	return value_str(created <= 0 ? "N/A" : time_ago(a, created));
}

static struct value field_created_at(struct arena *a, const void *row, const char *arg unused_arg)
{
	return value_str(local_time(a, ((const struct row *)row)->image->created));
}

static struct value size_text(struct arena *a, int64_t size, int digits)
{
	char text[UNITS_TEXT];

	return value_str(arena_strdup(a, size_format(text, (double)size, digits)));
}

static struct value field_size(struct arena *a, const void *row, const char *arg unused_arg)
{
	return size_text(a, ((const struct row *)row)->image->size, 3);
}

static struct value field_virtual_size(struct arena *a, const void *row, const char *arg unused_arg)
{
	return size_text(a, ((const struct row *)row)->image->size, 4);
}

static struct value field_shared_size(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct api_image_summary *i = ((const struct row *)row)->image;

	return i->shared_size < 0 ? value_str("N/A") : size_text(a, i->shared_size, 4);
}

static struct value field_unique_size(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct api_image_summary *i = ((const struct row *)row)->image;

	return i->shared_size < 0 || i->size < 0 ? value_str("N/A")
	                                         : size_text(a, i->size - i->shared_size, 4);
}

static struct value field_containers(struct arena *a, const void *row, const char *arg unused_arg)
{
	int64_t n = ((const struct row *)row)->image->containers;

	return value_str(n < 0 ? "N/A" : arena_printf(a, "%lld", (long long)n));
}

static const struct row_field fields[] = {
	{ "Containers", "CONTAINERS", field_containers, false },
	{ "CreatedAt", "CREATED AT", field_created_at, false },
	{ "CreatedSince", "CREATED", field_created_since, false },
	{ "Digest", "DIGEST", field_digest, false },
	{ "ID", "IMAGE ID", field_id, false },
	{ "Repository", "REPOSITORY", field_repository, false },
	{ "SharedSize", "SHARED SIZE", field_shared_size, false },
	{ "Size", "SIZE", field_size, false },
	{ "Tag", "TAG", field_tag, false },
	{ "UniqueSize", "UNIQUE SIZE", field_unique_size, false },
	{ "VirtualSize", "SIZE", field_virtual_size, false },
};
const struct row_type image_row_type = { "*formatter.imageContext", fields, ARRAY_LEN(fields) };

/* --- rows --- */

struct expansion {
	struct arena *a;
	const struct image_view *view;
	struct rows *rows;
};

static void add_row(struct expansion *x, const struct api_image_summary *image,
                    const char *repository, const char *tag, const char *digest)
{
	struct row row = { image, repository, tag, digest, x->view->trunc };

	arena_push(x->a, x->rows, arena_memdup(x->a, &row, sizeof(row)));
}

/* The digests of the repository that a tag is in, each a row; one row when there are none. */
static void add_tag(struct expansion *x, const struct api_image_summary *image,
                    const struct reference *tag)
{
	const char *repository = reference_familiar_name(x->a, tag);
	bool any = false;

	for (size_t i = 0; x->view->each_digest && i < image->repo_digests.n; i++) {
		struct reference d;

		if (reference_parse(x->a, image->repo_digests.v[i], &d, NULL) < 0 ||
		    !str_eq(reference_familiar_name(x->a, &d), repository))
			continue;
		add_row(x, image, repository, tag->tag, d.digest);
		any = true;
	}
	if (!any)
		add_row(x, image, repository, tag->tag, NONE);
}

static bool repository_has_tag(struct arena *a, const struct api_image_summary *image,
                               const char *familiar)
{
	struct reference t;

	for (size_t i = 0; i < image->repo_tags.n; i++)
		if (reference_parse(a, image->repo_tags.v[i], &t, NULL) == 0 &&
		    str_eq(reference_familiar_name(a, &t), familiar))
			return true;
	return false;
}

/* Digests of repositories where the image has no tag: one row a repository, or a row each. */
static void add_untagged(struct expansion *x, const struct api_image_summary *image)
{
	const char *last = "";

	for (size_t i = 0; i < image->repo_digests.n; i++) {
		struct reference d;
		const char *repository;

		if (reference_parse(x->a, image->repo_digests.v[i], &d, NULL) < 0)
			continue;
		repository = reference_familiar_name(x->a, &d);
		if (repository_has_tag(x->a, image, repository))
			continue;
		if (x->view->digests)
			add_row(x, image, repository, NONE, d.digest);
		else if (!str_eq(last, repository))
			add_row(x, image, repository, NONE, "");
		last = repository;
	}
}

static bool dangling(const struct api_image_summary *i)
{
	return (!i->repo_tags.n && !i->repo_digests.n) ||
	       (i->repo_tags.n == 1 && str_eq(i->repo_tags.v[0], NONE ":" NONE) &&
	        i->repo_digests.n <= 1);
}

static void expand_one(struct expansion *x, const struct api_image_summary *image)
{
	if (dangling(image)) {
		add_row(x, image, NONE, NONE, NONE);
		return;
	}
	for (size_t i = 0; i < image->repo_tags.n; i++) {
		struct reference t;

		if (reference_parse(x->a, image->repo_tags.v[i], &t, NULL) == 0 && t.tag)
			add_tag(x, image, &t);
	}
	add_untagged(x, image);
}

void image_rows_add(struct arena *a, const struct image_view *view,
                    const struct api_image_summary *image, struct rows *rows)
{
	struct expansion x = { a, view, rows };

	expand_one(&x, image);
}

void image_row_add_one(struct arena *a, bool trunc, const struct api_image_summary *image,
                       struct rows *rows)
{
	struct image_view view = { .trunc = trunc };
	struct expansion x = { a, &view, rows };
	struct reference t = { 0 };
	bool named = !dangling(image) && image->repo_tags.n &&
	             reference_parse(a, image->repo_tags.v[0], &t, NULL) == 0 && t.tag;

	add_row(&x, image, named ? reference_familiar_name(a, &t) : NONE, named ? t.tag : NONE, "");
}
