/* docker top and docker port: what runs in a container, and where it can be reached. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/container/json.h"
#include "cli/format/table.h"

#define TOP_MIN 20 /* width of its columns */

#define TOP_ANSWER(F)                \
	F(STRS, titles, "Titles", 0) \
	F(RAW, processes, "Processes", 0)
JSON_STRUCT(top_answer, TOP_ANSWER)
JSON_TYPE(top_answer, TOP_ANSWER)

static const char *join_words(struct arena *a, const struct strs *words, size_t from)
{
	_cleanup_buf_ struct buf b = { 0 };

	for (size_t i = from; i < words->n; i++)
		buf_printf(&b, "%s%s", i > from ? " " : "", words->v[i]);
	return arena_strdup(a, buf_cstr(&b));
}

static int print_processes(struct arena *a, const struct top_answer *answer, struct err *e)
{
	_cleanup_buf_ struct buf text = { 0 }, aligned = { 0 };
	struct json_value rows = { 0 };

	if (answer->processes.len && json_parse(a, answer->processes, &rows, e) < 0)
		return -1;
	for (size_t i = 0; i < answer->titles.n; i++)
		buf_printf(&text, "%s%s", i ? "\t" : "", answer->titles.v[i]);
	buf_addc(&text, '\n');
	for (size_t i = 0; i < rows.n; i++) {
		const struct json_value *row = &rows.values[i];

		for (size_t k = 0; k < row->n; k++)
			buf_printf(&text, "%s%.*s", k ? "\t" : "", (int)row->values[k].text.len,
			           row->values[k].text.data);
		buf_addc(&text, '\n');
	}
	table_align(&aligned, (struct slice){ text.data, text.len }, TOP_MIN, TABLE_PADDING);
	fputs(buf_cstr(&aligned), stdout);
	return 0;
}

int container_top(struct cli *cli, struct call *call, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct top_answer answer;
	struct slice body;

	api_path_start(&path, "/containers/", call->args.v[0], "/top");
	if (call->args.n > 1)
		api_query(&path, "ps_args", join_words(&cli->arena, &call->args, 1));
	if (api_get(cli, buf_cstr(&path.b), &body, e) < 0 ||
	    json_decode(&cli->arena, &top_answer_type, body, &answer, e) < 0)
		return -1;
	return print_processes(&cli->arena, &answer, e);
}

/* --- port --- */

static int by_number(const void *a, const void *b)
{
	const __typeof__(((struct container_network *)0)->ports.v) x = (void *)a, y = (void *)b;
	long m = strtol(x->key, NULL, 10), n = strtol(y->key, NULL, 10);

	return m != n ? (m < n ? -1 : 1) : strcmp(x->key, y->key);
}

static const char *host_port(struct arena *a, const struct api_port_binding *b)
{
	const char *ip = b->host_ip ? b->host_ip : "";

	return arena_printf(a, strchr(ip, ':') ? "[%s]:%s" : "%s:%s", ip, b->host_port);
}

static int one_port(struct cli *cli, const struct container_network *net, const char *name,
                    const char *wanted, struct err *e)
{
	const char *key =
	        strchr(wanted, '/') ? wanted : arena_printf(&cli->arena, "%s/tcp", wanted);

	for (size_t i = 0; i < net->ports.n; i++) {
		if (!str_eq(net->ports.v[i].key, key) || !net->ports.v[i].n)
			continue;
		for (size_t k = 0; k < net->ports.v[i].n; k++)
			puts(host_port(&cli->arena, &net->ports.v[i].v[k]));
		return 0;
	}
	return err_set(e, ERR_NOT_FOUND, "Error: No public port '%s' published for %s", wanted,
	               name);
}

int container_port(struct cli *cli, struct call *call, struct err *e)
{
	struct container_json c;

	if (container_get(cli, call->args.v[0], &c, e) < 0)
		return -1;
	if (call->args.n > 1)
		return one_port(cli, c.network, call->args.v[0], call->args.v[1], e);
	if (c.network->ports.n > 1)
		qsort(c.network->ports.v, c.network->ports.n, sizeof(*c.network->ports.v),
		      by_number);
	for (size_t i = 0; i < c.network->ports.n; i++)
		for (size_t k = 0; k < c.network->ports.v[i].n; k++)
			printf("%s -> %s\n", c.network->ports.v[i].key,
			       host_port(&cli->arena, &c.network->ports.v[i].v[k]));
	return 0;
}
