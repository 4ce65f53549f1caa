/* docker images: GET /images/json as a list, one row a tag. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/format/list.h"
#include "cli/format/units.h"
#include "oci/reference.h"

#define IMAGE_SUMMARY(F)                         \
	F(STR, id, "Id", 0)                      \
	F(STRS, tags, "RepoTags", 0)             \
	F(STRS, digests, "RepoDigests", 0)       \
	F(I64, created, "Created", 0)            \
	F(I64, size, "Size", 0)                  \
	F(OPT_I64, shared_size, "SharedSize", 0) \
	F(OPT_I64, containers, "Containers", 0)
JSON_STRUCT(image_summary, IMAGE_SUMMARY)
JSON_TYPE(image_summary, IMAGE_SUMMARY)

#define IMAGE_SUMMARIES(F) F(OBJS, list, "list", 0, image_summary)
JSON_STRUCT(image_summaries, IMAGE_SUMMARIES)
JSON_TYPE(image_summaries, IMAGE_SUMMARIES)

struct images_options {
	bool all, digests, no_trunc, quiet, tree;
	struct strs filter;
	const char *format;
};

static const struct flag images_flag_rows[] = {
	FLAG(images_options, BOOL, all, "all", 'a', "Images in between too"),
	FLAG(images_options, BOOL, digests, "digests", 0, "Show digests"),
	FLAG(images_options, LIST, filter, "filter", 'f', "Only what fulfils these conditions",
	     .type = "filter", .check = check_filter),
	FLAG(images_options, STR, format, "format", 0, FORMAT_LIST_HELP),
	FLAG(images_options, BOOL, no_trunc, "no-trunc", 0, "Do not shorten anything"),
	FLAG(images_options, BOOL, quiet, "quiet", 'q', "Only the ids"),
	FLAG(images_options, BOOL, tree, "tree", 0, "Platforms as a tree", .attrs = FLAG_LATER),
};
const struct flags images_flags = FLAGS(images_options, images_flag_rows);

#define NONE "<none>"

struct row {
	const struct image_summary *image;
	const char *repository, *tag, *digest;
	bool trunc;
};
struct rows {
	size_t n;
	const void **v;
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
	const struct image_summary *i = ((const struct row *)row)->image;

	return i->shared_size.value < 0 ? value_str("N/A") : size_text(a, i->shared_size.value, 4);
}

static struct value field_unique_size(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct image_summary *i = ((const struct row *)row)->image;

	return i->shared_size.value < 0 || i->size < 0
	               ? value_str("N/A")
	               : size_text(a, i->size - i->shared_size.value, 4);
}

static struct value field_containers(struct arena *a, const void *row, const char *arg unused_arg)
{
	int64_t n = ((const struct row *)row)->image->containers.value;

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
static const struct row_type row_type = { "*formatter.imageContext", fields, ARRAY_LEN(fields) };

/* --- rows --- */

struct expansion {
	struct arena *a;
	const struct images_options *o;
	bool digests; /* a row for each digest of a tag */
	struct rows *rows;
};

static void add_row(struct expansion *x, const struct image_summary *image, const char *repository,
                    const char *tag, const char *digest)
{
	struct row row = { image, repository, tag, digest, !x->o->no_trunc };

	arena_push(x->a, x->rows, arena_memdup(x->a, &row, sizeof(row)));
}

/* The digests of the repository that a tag is in, each a row; one row when there are none. */
static void add_tag(struct expansion *x, const struct image_summary *image,
                    const struct reference *tag)
{
	const char *repository = reference_familiar_name(x->a, tag);
	bool any = false;

	for (size_t i = 0; x->digests && i < image->digests.n; i++) {
		struct reference d;

		if (reference_parse(x->a, image->digests.v[i], &d, NULL) < 0 ||
		    !str_eq(reference_familiar_name(x->a, &d), repository))
			continue;
		add_row(x, image, repository, tag->tag, d.digest);
		any = true;
	}
	if (!any)
		add_row(x, image, repository, tag->tag, NONE);
}

static bool repository_has_tag(struct arena *a, const struct image_summary *image,
                               const char *familiar)
{
	struct reference t;

	for (size_t i = 0; i < image->tags.n; i++)
		if (reference_parse(a, image->tags.v[i], &t, NULL) == 0 &&
		    str_eq(reference_familiar_name(a, &t), familiar))
			return true;
	return false;
}

/* Digests of repositories where the image has no tag: one row a repository, or a row each. */
static void add_untagged(struct expansion *x, const struct image_summary *image)
{
	const char *last = "";

	for (size_t i = 0; i < image->digests.n; i++) {
		struct reference d;
		const char *repository;

		if (reference_parse(x->a, image->digests.v[i], &d, NULL) < 0)
			continue;
		repository = reference_familiar_name(x->a, &d);
		if (repository_has_tag(x->a, image, repository))
			continue;
		if (x->o->digests)
			add_row(x, image, repository, NONE, d.digest);
		else if (!str_eq(last, repository))
			add_row(x, image, repository, NONE, "");
		last = repository;
	}
}

static bool dangling(const struct image_summary *i)
{
	return (!i->tags.n && !i->digests.n) ||
	       (i->tags.n == 1 && str_eq(i->tags.v[0], NONE ":" NONE) && i->digests.n <= 1);
}

static void expand(struct expansion *x, const struct image_summary *image)
{
	if (dangling(image)) {
		add_row(x, image, NONE, NONE, NONE);
		return;
	}
	for (size_t i = 0; i < image->tags.n; i++) {
		struct reference t;

		if (reference_parse(x->a, image->tags.v[i], &t, NULL) == 0 && t.tag)
			add_tag(x, image, &t);
	}
	add_untagged(x, image);
}

/* --- the command --- */

static int newest_first(const void *a, const void *b)
{
	const struct image_summary *x = a, *y = b;

	return x->created == y->created ? 0 : x->created > y->created ? -1 : 1;
}

static int fetch(struct cli *cli, const struct call *call, struct image_summaries *out,
                 struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const struct images_options *o = call->options;
	struct strs filters = o->filter;

	if (call->args.n)
		arena_push(&cli->arena, &filters,
		           arena_printf(&cli->arena, "reference=%s", call->args.v[0]));
	api_path_start(&path, "/images/json", "", "");
	if (o->all)
		api_query(&path, "all", "1");
	api_query_filters(&path, &filters);
	if (api_list(cli, "GET", buf_cstr(&path.b), &image_summaries_type, out, e) < 0)
		return -1;
	if (out->list.n > 1)
		qsort(out->list.v, out->list.n, sizeof(*out->list.v), newest_first);
	return 0;
}

static const char *choose_format(struct cli *cli, const struct images_options *o)
{
	if (!str_empty(o->format))
		return o->format;
	return o->quiet ? "{{.ID}}" : cli->config.images_format;
}

int image_list(struct cli *cli, struct call *call, struct err *e)
{
	const struct images_options *o = call->options;
	const char *format = choose_format(cli, o);
	struct list list = { &row_type, format };
	struct image_summaries all;
	struct rows rows = { 0 };
	struct expansion x = { &cli->arena, o,
		               o->digests || (format && strstr(format, "{{.Digest}}")), &rows };

	list.columns = o->digests ? "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t"
	                            "{{.CreatedSince}}\t{{.Size}}"
	                          : "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t"
	                            "{{.Size}}";
	if (fetch(cli, call, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.list.n; i++)
		expand(&x, &all.list.v[i]);
	list.n = rows.n;
	list.rows = rows.v;
	return list_print(&cli->arena, &list, stdout, e);
}
