/* See prune.h. */
#include "cli/system/prune.h"

#include <stdio.h>

#include "api/network.h"
#include "api/prune.h"
#include "cli/format/units.h"

/* Space that came back, and a line for each object. */
typedef uint64_t report_fn(const void *answer, struct buf *lines);

static void add_names(struct buf *lines, const struct strs *names)
{
	for (size_t i = 0; i < names->n; i++)
		buf_printf(lines, "%s\n", names->v[i]);
}

static uint64_t report_containers(const void *answer, struct buf *lines)
{
	const struct api_containers_pruned *p = answer;

	add_names(lines, &p->containers);
	return p->reclaimed;
}

static uint64_t report_networks(const void *answer, struct buf *lines)
{
	add_names(lines, &((const struct api_networks_pruned *)answer)->deleted);
	return 0;
}

static uint64_t report_volumes(const void *answer, struct buf *lines)
{
	const struct api_volumes_pruned *p = answer;

	add_names(lines, &p->volumes);
	return p->reclaimed;
}

static uint64_t report_images(const void *answer, struct buf *lines)
{
	const struct api_images_pruned *p = answer;

	for (size_t i = 0; i < p->images.n; i++) {
		const struct api_image_deleted *d = &p->images.v[i];

		if (!str_empty(d->untagged))
			buf_printf(lines, "untagged: %s\n", d->untagged);
		else
			buf_printf(lines, "deleted: %s\n", d->deleted ? d->deleted : "");
	}
	return p->reclaimed;
}

static uint64_t report_caches(const void *answer, struct buf *lines)
{
	const struct api_build_pruned *p = answer;

	add_names(lines, &p->caches);
	return p->reclaimed;
}

static const struct {
	const char *path, *title;
	const struct json_table *type;
	report_fn *report;
} kinds[] = {
	[PRUNE_CONTAINERS] = { "/containers/prune", "Deleted Containers",
	                       &api_containers_pruned_type, report_containers },
	[PRUNE_NETWORKS] = { "/networks/prune", "Deleted Networks", &api_networks_pruned_type,
	                     report_networks },
	[PRUNE_VOLUMES] = { "/volumes/prune", "Deleted Volumes", &api_volumes_pruned_type,
	                    report_volumes },
	[PRUNE_IMAGES] = { "/images/prune", "Deleted Images", &api_images_pruned_type,
	                   report_images },
	[PRUNE_BUILD_CACHE] = { "/build/prune", "Deleted build cache objects",
	                        &api_build_pruned_type, report_caches },
};

static void make_path(struct cli *cli, enum prune_kind kind, const struct prune_request *rq,
                      struct api_path *path)
{
	struct strs filters = { 0 };

	for (size_t i = 0; i < rq->filters.n; i++)
		arena_push(&cli->arena, &filters, rq->filters.v[i]);
	if (kind == PRUNE_IMAGES)
		arena_push(&cli->arena, &filters, rq->all ? "dangling=false" : "dangling=true");
	if (kind == PRUNE_VOLUMES && rq->all)
		arena_push(&cli->arena, &filters, "all=true");
	api_path_start(path, kinds[kind].path, "", "");
	if (kind == PRUNE_BUILD_CACHE && rq->all)
		api_query(path, "all", "1");
	if (rq->keep_storage)
		api_query(path, "keep-storage",
		          arena_printf(&cli->arena, "%lld", (long long)rq->keep_storage));
	api_query_filters(path, &filters);
}

int prune(struct cli *cli, enum prune_kind kind, const struct prune_request *rq, uint64_t *space,
          struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	_cleanup_buf_ struct buf lines = { 0 };
	void *answer = arena_alloc(&cli->arena, kinds[kind].type->size);
	struct slice body;

	make_path(cli, kind, rq, &path);
	if (api_call(cli, &(struct api_request){ .method = "POST", .path = buf_cstr(&path.b) },
	             &body, e) < 0 ||
	    json_decode(&cli->arena, kinds[kind].type, body, answer, e) < 0)
		return -1;
	*space += kinds[kind].report(answer, &lines);
	if (lines.len)
		printf("%s:\n%s\n", kinds[kind].title, buf_cstr(&lines));
	return 0;
}

static bool contains(const struct strs *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i], text))
			return true;
	return false;
}

/* A label of the configuration gives way to the same label, denied or not, of the command line. */
static bool overruled(struct arena *a, const struct strs *given, const char *filter)
{
	const char *label = str_after(filter, "label="), *other = str_after(filter, "label!=");

	if (label)
		return contains(given, arena_printf(a, "label!=%s", label));
	return other && contains(given, arena_printf(a, "label=%s", other));
}

struct strs prune_filters(struct cli *cli, const struct strs *given)
{
	struct strs all = { 0 };

	for (size_t i = 0; i < given->n; i++)
		arena_push(&cli->arena, &all, given->v[i]);
	for (size_t i = 0; i < cli->config.prune_filters.n; i++)
		if (!overruled(&cli->arena, given, cli->config.prune_filters.v[i]))
			arena_push(&cli->arena, &all, cli->config.prune_filters.v[i]);
	return all;
}

void prune_print_total(uint64_t space)
{
	char text[UNITS_TEXT];

	printf("Total reclaimed space: %s\n", size_format(text, (double)space, 4));
}
