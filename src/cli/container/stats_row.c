/* See stats_row.h. */
#include "cli/container/stats_row.h"

#include <stdlib.h>
#include <strings.h>

#include "cli/format/units.h"

/* --- from a sample to numbers --- */

/* Part of the host's time between the samples, in percent of one CPU. */
static double cpu_percent(const struct api_stats *s)
{
	const struct api_stats_cpu *now = s->cpu, *then = s->precpu;
	double used, all, cpus;

	if (!now || !now->usage || !then || !then->usage)
		return 0;
	used = (double)now->usage->total - (double)then->usage->total;
	all = (double)now->system - (double)then->system;
	cpus = now->online_cpus ? (double)now->online_cpus : (double)now->usage->percpu.n;
	return used > 0 && all > 0 ? used / all * cpus * 100 : 0;
}

static double number(const struct json_value *v)
{
	return v && v->kind == JV_NUMBER ? strtod(v->text.data, NULL) : 0;
}

/* Without the page cache that the kernel can drop: cgroup v1 and v2 name it differently. */
static int memory_used(struct arena *a, const struct api_stats_memory *m, double *out,
                       struct err *e)
{
	static const char *const names[] = { "total_inactive_file", "inactive_file" };
	struct json_value stats;

	*out = (double)m->usage;
	if (!m->stats.data)
		return 0;
	if (json_parse(a, m->stats, &stats, e) < 0)
		return -1;
	for (size_t i = 0; stats.kind == JV_OBJECT && i < ARRAY_LEN(names); i++) {
		const struct json_value *v = json_member(&stats, names[i]);

		if (v && number(v) < *out) {
			*out -= number(v);
			break;
		}
	}
	return 0;
}

static void add_blocks(const struct api_stats_blkio *b, struct stats_row *out)
{
	for (size_t i = 0; b && i < b->bytes.n; i++) {
		const char *op = b->bytes.v[i].op;

		if (op && (op[0] == 'r' || op[0] == 'R'))
			out->block_in += (double)b->bytes.v[i].value;
		else if (op && (op[0] == 'w' || op[0] == 'W'))
			out->block_out += (double)b->bytes.v[i].value;
	}
}

/* A text that seldom changes. */
static void keep(struct arena *a, const char **to, const char *text)
{
	if (!str_eq(*to, text ? text : ""))
		*to = arena_strdup(a, text ? text : "");
}

int stats_row_set(struct arena *a, const struct api_stats *s, struct stats_row *out, struct err *e)
{
	_cleanup_arena_ struct arena once = { 0 };

	keep(a, &out->name, s->name);
	keep(a, &out->id, s->id);
	out->net_in = out->net_out = out->block_in = out->block_out = 0;
	out->cpu = cpu_percent(s);
	out->memory = out->memory_limit = 0;
	if (s->memory && memory_used(&once, s->memory, &out->memory, e) < 0)
		return -1;
	if (s->memory)
		out->memory_limit = (double)s->memory->limit;
	out->memory_percent = out->memory_limit > 0 ? out->memory / out->memory_limit * 100 : 0;
	out->pids = s->pids ? s->pids->current : 0;
	for (size_t i = 0; i < s->networks.n; i++) {
		out->net_in += (double)s->networks.v[i].value->rx_bytes;
		out->net_out += (double)s->networks.v[i].value->tx_bytes;
	}
	add_blocks(s->blkio, out);
	return 0;
}

/* --- fields --- */

static struct value field_container(struct arena *a unused_arg, const void *row,
                                    const char *arg unused_arg)
{
	return value_str(((const struct stats_row *)row)->asked);
}

static struct value field_id(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct stats_row *r = row;

	return value_str(r->trunc ? short_id(a, r->id) : r->id);
}

static struct value field_name(struct arena *a unused_arg, const void *row,
                               const char *arg unused_arg)
{
	const char *name = ((const struct stats_row *)row)->name;

	return value_str(strlen(name) > 1 ? name + (*name == '/') : "--");
}

static struct value percent(struct arena *a, const struct stats_row *r, double v)
{
	return value_str(r->failed ? "--" : arena_printf(a, "%.2f%%", v));
}

static struct value field_cpu(struct arena *a, const void *row, const char *arg unused_arg)
{
	return percent(a, row, ((const struct stats_row *)row)->cpu);
}

static struct value field_memory_percent(struct arena *a, const void *row,
                                         const char *arg unused_arg)
{
	return percent(a, row, ((const struct stats_row *)row)->memory_percent);
}

static struct value pair(struct arena *a, const struct stats_row *r, const char *one,
                         const char *other)
{
	return value_str(r->failed ? "--" : arena_printf(a, "%s / %s", one, other));
}

static struct value field_memory(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct stats_row *r = row;
	char used[UNITS_TEXT], limit[UNITS_TEXT];

	if (r->failed)
		return value_str("-- / --");
	return pair(a, r, size_format_binary(used, r->memory),
	            size_format_binary(limit, r->memory_limit));
}

static struct value field_net(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct stats_row *r = row;
	char in[UNITS_TEXT], out[UNITS_TEXT];

	return pair(a, r, size_format(in, r->net_in, 3), size_format(out, r->net_out, 3));
}

static struct value field_block(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct stats_row *r = row;
	char in[UNITS_TEXT], out[UNITS_TEXT];

	return pair(a, r, size_format(in, r->block_in, 3), size_format(out, r->block_out, 3));
}

static struct value field_pids(struct arena *a, const void *row, const char *arg unused_arg)
{
	const struct stats_row *r = row;

	return value_str(r->failed ? "--" : arena_printf(a, "%llu", (unsigned long long)r->pids));
}

static const struct row_field fields[] = {
	{ "BlockIO", "BLOCK I/O", field_block, false },
	{ "CPUPerc", "CPU %", field_cpu, false },
	{ "Container", "CONTAINER", field_container, false },
	{ "ID", "CONTAINER ID", field_id, false },
	{ "MemPerc", "MEM %", field_memory_percent, false },
	{ "MemUsage", "MEM USAGE / LIMIT", field_memory, false },
	{ "Name", "NAME", field_name, false },
	{ "NetIO", "NET I/O", field_net, false },
	{ "PIDs", "PIDS", field_pids, false },
};
const struct row_type stats_row_type = { "*container.statsContext", fields, ARRAY_LEN(fields) };
