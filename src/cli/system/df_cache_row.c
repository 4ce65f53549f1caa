/* See df_cache_row.h. */
#include "cli/system/df_cache_row.h"

#include "base/clock.h"
#include "cli/format/units.h"

struct row {
	const struct api_build_cache *c;
	bool trunc;
};

static const struct api_build_cache *cache_of(const void *row)
{
	return ((const struct row *)row)->c;
}

static struct value field_id(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct row *r = row;

	return value_str(arena_printf(a, "%s%s", r->trunc ? short_id(a, r->c->id) : r->c->id,
	                              r->c->in_use ? "*" : ""));
}

static struct value field_type(struct arena *a unused_arg, const void *row,
                               const char *arg unused_arg)
{
	return value_str(cache_of(row)->type);
}

static struct value field_parent(struct arena *a, const void *row, const char *arg unused_arg)
{
	_cleanup_buf_ struct buf b = { 0 };
	const struct strs *parents = &cache_of(row)->parents;

	for (size_t i = 0; i < parents->n; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", parents->v[i]);
	return value_str(arena_strdup(a, buf_cstr(&b)));
}

static struct value field_description(struct arena *a unused_arg, const void *row,
                                      const char *arg unused_arg)
{
	return value_str(cache_of(row)->description);
}

static struct value field_size(struct arena *a, const void *row, const char *arg unused_arg)
{
	char text[UNITS_TEXT];

	return value_str(arena_strdup(a, size_format(text, (double)cache_of(row)->size, 3)));
}

static struct value field_created_at(struct arena *a, const void *row, const char *arg unused_arg)
{
	return value_str(exact_time(a, cache_of(row)->created_at));
}

static struct value field_created(struct arena *a, const void *row, const char *arg unused_arg)
{
	return value_str(time_ago(a, cache_of(row)->created_at / NS_PER_S));
}

static struct value field_used_at(struct arena *a, const void *row, const char *arg unused_arg)
{
	int64_t at = cache_of(row)->last_used_at;

	return value_str(at ? exact_time(a, at) : "");
}

static struct value field_used(struct arena *a, const void *row, const char *arg unused_arg)
{
	int64_t at = cache_of(row)->last_used_at;

	return value_str(at ? time_ago(a, at / NS_PER_S) : "");
}

static struct value field_count(struct arena *a, const void *row, const char *arg unused_arg)
{
	return value_str(arena_printf(a, "%lld", (long long)cache_of(row)->usage_count));
}

static struct value field_in_use(struct arena *a unused_arg, const void *row,
                                 const char *arg unused_arg)
{
	return value_str(cache_of(row)->in_use ? "true" : "false");
}

static struct value field_shared(struct arena *a unused_arg, const void *row,
                                 const char *arg unused_arg)
{
	return value_str(cache_of(row)->shared ? "true" : "false");
}

static const struct row_field fields[] = {
	{ "CacheType", "CACHE TYPE", field_type, false },
	{ "CreatedAt", "CREATED AT", field_created_at, false },
	{ "CreatedSince", "CREATED", field_created, false },
	{ "Description", "DESCRIPTION", field_description, false },
	{ "ID", "CACHE ID", field_id, false },
	{ "InUse", "IN USE", field_in_use, false },
	{ "LastUsedAt", "LAST USED AT", field_used_at, false },
	{ "LastUsedSince", "LAST USED", field_used, false },
	{ "Parent", "PARENT", field_parent, false },
	{ "Shared", "SHARED", field_shared, false },
	{ "Size", "SIZE", field_size, false },
	{ "UsageCount", "USAGE", field_count, false },
};
const struct row_type df_cache_row_type = { "*formatter.buildCacheContext", fields,
	                                    ARRAY_LEN(fields) };

const void *const *df_cache_rows(struct arena *a, const struct api_build_cache *v, size_t n,
                                 bool trunc)
{
	struct row *rows = arena_array(a, struct row, n);

	for (size_t i = 0; i < n; i++)
		rows[i] = (struct row){ &v[i], trunc };
	return list_rows(a, rows, n, sizeof(*rows));
}
