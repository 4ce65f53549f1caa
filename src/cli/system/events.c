/* docker events: the stream of GET /events, one line an event. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cli/client/api_types.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/format/timestamp.h"
#include "cli/client/json_stream.h"
#include "cli/single.h"

struct events_options {
	struct strs filter;
	const char *format, *since, *until;
};

static const struct flag events_flag_rows[] = {
	FLAG(events_options, LIST, filter, "filter", 'f', "Only what fulfils these conditions",
	     .type = "filter", .check = check_filter),
	FLAG(events_options, STR, format, "format", 0, FORMAT_HELP),
	FLAG(events_options, STR, since, "since", 0, "Events from then on"),
	FLAG(events_options, STR, until, "until", 0, "Events until then"),
};
const struct flags events_flags = FLAGS(events_options, events_flag_rows);

#define EVENT_ACTOR(F)      \
	F(STR, id, "ID", 0) \
	F(MAP, attributes, "Attributes", 0)
JSON_STRUCT(event_actor, EVENT_ACTOR)
JSON_TYPE(event_actor, EVENT_ACTOR)

#define EVENT(F)                                      \
	F(STR, type, "Type", 0)                       \
	F(STR, action, "Action", 0)                   \
	F(OBJ, actor, "Actor", REQUIRED, event_actor) \
	F(I64, time, "time", 0)                       \
	F(I64, nanos, "timeNano", 0)
JSON_STRUCT(event, EVENT)
JSON_TYPE(event, EVENT)

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct json_pair *)a)->key, ((const struct json_pair *)b)->key);
}

/* The time in local zone, nine digits, zone as +00:00. */
static void print_time(const struct event *ev)
{
	int64_t ns = ev->nanos ? ev->nanos : ev->time * NS_PER_S;
	time_t seconds = (time_t)(ns / NS_PER_S);
	char date[40], zone[16];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	printf("%s.%09lld", date, (long long)(ns % NS_PER_S));
	if (tm.tm_gmtoff == 0)
		fputs("Z ", stdout);
	else
		printf("%.3s:%s ", zone, zone + 3);
}

static int print_line(void *arg unused_arg, struct arena *a, struct slice text, struct err *e)
{
	struct event ev;
	struct json_map *m;

	if (json_decode(a, &event_type, text, &ev, e) < 0)
		return -1;
	print_time(&ev);
	printf("%s %s %s", ev.type, ev.action, ev.actor->id);
	m = &ev.actor->attributes;
	if (m->n > 1)
		qsort(m->v, m->n, sizeof(*m->v), by_key);
	for (size_t i = 0; i < m->n; i++)
		printf("%s%s=%s", i ? ", " : " (", m->v[i].key, m->v[i].value);
	puts(m->n ? ")" : "");
	fflush(stdout);
	return 0;
}

static int print_template(void *arg, struct arena *a, struct slice text, struct err *e)
{
	struct json_value event;

	if (json_parse(a, text, &event, e) < 0 || single_print(a, arg, &event, &api_event, e) < 0)
		return -1;
	fflush(stdout);
	return 0;
}

static int add_time(struct cli *cli, struct api_path *path, const char *name, const char *value,
                    struct err *e)
{
	const char *text;

	if (str_empty(value))
		return 0;
	if (timestamp_parse(&cli->arena, value, &text, e) < 0)
		return -1;
	api_query(path, name, text);
	return 0;
}

static int follow(struct cli *cli, const struct events_options *o, json_stream_fn *print, void *arg,
                  struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct http_response rs;
	struct http_conn *conn;
	int r;

	api_path_start(&path, "/events", "", "");
	api_query_filters(&path, &o->filter);
	if (add_time(cli, &path, "since", o->since, e) < 0 ||
	    add_time(cli, &path, "until", o->until, e) < 0)
		return -1;
	conn = api_open(cli, &(struct api_request){ .method = "GET", .path = buf_cstr(&path.b) },
	                &rs, e);
	if (!conn)
		return -1;
	r = json_stream_each(conn, print, arg, e);
	http_conn_free(conn);
	return r;
}

/* A template is tried on an event without content first: a wrong field shows at once. */
static struct template *parse_format(struct cli *cli, const char *format, struct err *e)
{
	_cleanup_buf_ struct buf unused = { 0 };
	struct value none = value_typed(NULL, &api_event);
	struct template *t = single_template(cli, "", format, e);

	return t && template_execute(t, &cli->arena, &none, 0, &unused, e) == 0 ? t : NULL;
}

int system_events(struct cli *cli, struct call *call, struct err *e)
{
	const struct events_options *o = call->options;
	struct template *t;

	if (str_empty(o->format))
		return follow(cli, o, print_line, NULL, e);
	t = parse_format(cli, o->format, e);
	if (!t) {
		fprintf(stderr, "Error parsing format: %s\n", e->text);
		return EXIT_TEMPLATE;
	}
	return follow(cli, o, print_template, t, e);
}
