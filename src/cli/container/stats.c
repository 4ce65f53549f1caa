/*
 * docker stats: GET /containers/ID/stats of each container, on a connection of its own, all at once.
 * One poll loop reads what comes and draws twice a second; events say which containers come and go.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/inspect.h"
#include "base/clock.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/container/row.h"
#include "cli/client/json_stream.h"
#include "cli/container/stats_row.h"

#define DRAW_MS   500
#define SILENT_MS 2000 /* without a sample for that long there are no numbers to show */
#define CHUNK     (16 * 1024)

struct stats_options {
	bool all, no_stream, no_trunc;
	const char *format;
};
static const struct flag stats_rows[] = {
	FLAG(stats_options, BOOL, all, "all", 'a', "Stopped containers too, not only running ones"),
	FLAG(stats_options, STR, format, "format", 0, FORMAT_LIST_HELP),
	FLAG(stats_options, BOOL, no_stream, "no-stream", 0, "One look, then end"),
	FLAG(stats_options, BOOL, no_trunc, "no-trunc", 0, "Do not shorten anything"),
};
const struct flags stats_flags = FLAGS(stats_options, stats_rows);

/* One stream of JSON documents: the samples of a container, or events. */
struct stream {
	struct http_conn *conn; /* owned; NULL: over */
	bool answered;          /* the head of the answer was read */
	struct buf pending;
};

struct watched {
	struct stream in;
	struct stats_row row;
	bool seen;         /* had its first sample, or never will */
	int64_t seen_at;   /* monotonic ms */
	const char *error; /* it could not be asked */
};

struct stats {
	struct cli *cli;
	const struct stats_options *o;
	bool every; /* no names were given: whatever comes and goes */
	struct {
		size_t n;
		struct watched **v;
	} list;
	struct stream events;
	struct list view;
};

/* --- streams --- */

static void stream_close(struct stream *s)
{
	http_conn_free(s->conn);
	s->conn = NULL;
	buf_free(&s->pending);
}

/* Takes one document; what it keeps it copies out of the arena. */
typedef int document_fn(void *arg, struct arena *a, struct slice text, struct err *e);

/* One piece of the body; -1 at its end. */
static int stream_piece(struct stream *s, document_fn *fn, void *arg, struct err *e)
{
	char chunk[CHUNK];
	ssize_t got = http_body_read(s->conn, chunk, sizeof(chunk), e);
	size_t n;

	if (got <= 0)
		return -1;
	buf_add(&s->pending, chunk, (size_t)got);
	while ((n = json_stream_first((struct slice){ s->pending.data, s->pending.len }))) {
		_cleanup_arena_ struct arena a = { 0 };

		if (fn(arg, &a, (struct slice){ s->pending.data, n }, e) < 0)
			return -1;
		buf_drop(&s->pending, n);
	}
	return 0;
}

/* What has come; -1 at the end of the stream (*e is set when it is an error). */
static int stream_read(struct cli *cli, struct stream *s, document_fn *fn, void *arg, struct err *e)
{
	struct http_response rs;

	if (!s->answered) {
		s->answered = true;
		if (api_answer(cli, s->conn, "GET", &rs, e) < 0)
			return -1;
		if (!http_body_ready(s->conn))
			return 0;
	}
	do {
		if (stream_piece(s, fn, arg, e) < 0)
			return -1;
	} while (http_body_ready(s->conn));
	return 0;
}

/* --- containers --- */

struct sample_of {
	struct stats *s;
	struct watched *w;
};

static int take_sample(void *arg, struct arena *a, struct slice text, struct err *e)
{
	struct sample_of *of = arg;
	struct api_stats sample;

	if (json_decode(a, &api_stats_type, text, &sample, e) < 0)
		return -1;
	of->w->seen = true;
	of->w->seen_at = clock_mono_ms();
	of->w->row.failed = false;
	return stats_row_set(&of->s->cli->arena, &sample, &of->w->row, e);
}

static void read_container(struct stats *s, struct watched *w)
{
	struct sample_of of = { s, w };
	struct err e = { 0 };

	if (stream_read(s->cli, &w->in, take_sample, &of, &e) == 0)
		return;
	if (!w->seen && e.kind)
		w->error = arena_strdup(&s->cli->arena, cli_error_text(s->cli, &e));
	w->row.failed = !w->seen || !s->o->no_stream;
	w->seen = true;
	stream_close(&w->in);
}

static int add_container(struct stats *s, const char *name, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct watched *w;

	for (size_t i = 0; i < s->list.n; i++)
		if (str_eq(s->list.v[i]->row.asked, name))
			return 0;
	w = arena_new(&s->cli->arena, struct watched);
	w->row = (struct stats_row){ .asked = arena_strdup(&s->cli->arena, name),
		                     .id = "",
		                     .name = "",
		                     .trunc = !s->o->no_trunc };
	w->seen_at = clock_mono_ms();
	api_path_start(&path, "/containers/", name, "/stats");
	api_query(&path, "stream", s->o->no_stream ? "0" : "1");
	w->in.conn = api_send(
	        s->cli, &(struct api_request){ .method = "GET", .path = buf_cstr(&path.b) }, e);
	if (!w->in.conn)
		return -1;
	arena_push(&s->cli->arena, &s->list, w);
	return 0;
}

static void remove_container(struct stats *s, const char *name)
{
	for (size_t i = 0; i < s->list.n; i++) {
		if (!str_eq(s->list.v[i]->row.asked, name))
			continue;
		stream_close(&s->list.v[i]->in);
		for (size_t k = i + 1; k < s->list.n; k++)
			s->list.v[k - 1] = s->list.v[k];
		s->list.n--;
		return;
	}
}

/* --- every container: a list, and events about its changes --- */

static int take_event(void *arg, struct arena *a, struct slice text, struct err *e)
{
	struct stats *s = arg;
	struct api_event event;
	const char *name;

	if (json_decode(a, &api_event_type, text, &event, e) < 0)
		return -1;
	if (!event.actor || !event.actor->id || !event.action)
		return 0;
	name = short_id(a, event.actor->id);
	if (str_eq(event.action, "start") || (s->o->all && str_eq(event.action, "create")))
		return add_container(s, name, e);
	if (!s->o->all && str_eq(event.action, "die"))
		remove_container(s, name);
	return 0;
}

static int follow_events(struct stats *s, struct err *e)
{
	const char *filter = "type=container";
	_cleanup_path_ struct api_path path = { 0 };

	api_path_start(&path, "/events", "", "");
	api_query_filters(&path, &(struct strs){ 1, &filter });
	s->events.conn = api_send(
	        s->cli, &(struct api_request){ .method = "GET", .path = buf_cstr(&path.b) }, e);
	return s->events.conn ? 0 : -1;
}

static int add_every(struct stats *s, struct err *e)
{
	struct container_summaries all;

	if (!s->o->no_stream && follow_events(s, e) < 0)
		return -1;
	if (api_list(s->cli, "GET", s->o->all ? "/containers/json?all=1" : "/containers/json",
	             &api_summary_type, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (add_container(s, short_id(&s->cli->arena, all.v[i].id), e) < 0)
			return -1;
	return 0;
}

/* --- drawing --- */

static void print_erased(const char *text)
{
	fputs("\x1b[H", stdout);
	for (;;) {
		size_t n = strcspn(text, "\n");

		printf("%.*s \x1b[K\n", (int)n, text);
		if (!text[n])
			break;
		text += n + 1;
	}
	fputs("\x1b[J", stdout);
}

/* Over what was drawn before: from the top left corner, each line and the rest erased. */
static int draw(struct stats *s, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const void **rows = arena_array(&a, const void *, s->list.n);
	char *text = NULL;
	size_t size;
	FILE *out;
	int r;

	for (size_t i = 0; i < s->list.n; i++) {
		struct watched *w = s->list.v[i];

		if (!s->o->no_stream && clock_mono_ms() - w->seen_at > SILENT_MS)
			w->row.failed = true;
		rows[i] = &w->row;
	}
	s->view.n = s->list.n;
	s->view.rows = rows;
	if (s->o->no_stream)
		return list_print(&a, &s->view, stdout, e);
	out = open_memstream(&text, &size);
	if (!out)
		abort();
	r = list_print(&a, &s->view, out, e);
	fclose(out);
	if (r == 0)
		print_erased(text);
	free(text);
	fflush(stdout);
	return r;
}

/* --- the loop --- */

static bool all_seen(const struct stats *s)
{
	for (size_t i = 0; i < s->list.n; i++)
		if (!s->list.v[i]->seen)
			return false;
	return true;
}

static bool anything_open(const struct stats *s)
{
	for (size_t i = 0; i < s->list.n; i++)
		if (s->list.v[i]->in.conn)
			return true;
	return s->events.conn != NULL;
}

/* Names that could not be asked are told together. */
static int check_errors(const struct stats *s, struct err *e)
{
	_cleanup_buf_ struct buf text = { 0 };

	for (size_t i = 0; !s->every && i < s->list.n; i++)
		if (s->list.v[i]->error)
			buf_printf(&text, "%s%s", text.len ? "\n" : "", s->list.v[i]->error);
	return text.len ? err_set(e, ERR_UNKNOWN, "%s", buf_cstr(&text)) : 0;
}

/* Reads all that comes within `ms`; -1 when events ended or failed. */
static int read_some(struct stats *s, int ms, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	size_t n = s->list.n;
	struct pollfd *fds = arena_array(&a, struct pollfd, n + 1);
	struct watched **of = arena_memdup(&a, s->list.v, n * sizeof(struct watched *));

	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){ of[i]->in.conn ? http_conn_fd(of[i]->in.conn) : -1,
			                  POLLIN, 0 };
	fds[n] = (struct pollfd){ s->events.conn ? http_conn_fd(s->events.conn) : -1, POLLIN, 0 };
	if (poll(fds, n + 1, ms) <= 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (fds[i].revents)
			read_container(s, of[i]);
	if (!fds[n].revents)
		return 0;
	return stream_read(s->cli, &s->events, take_event, s, e);
}

static int run(struct stats *s, struct err *e)
{
	int64_t next = clock_mono_ms() + DRAW_MS;

	for (;;) {
		int64_t now = clock_mono_ms();
		int wait = s->o->no_stream ? -1 : (int)MAX(next - now, 0);

		if (s->o->no_stream && all_seen(s))
			break;
		if (read_some(s, wait, e) < 0)
			return e->kind ? -1 : 0;
		if (s->o->no_stream || clock_mono_ms() < next)
			continue;
		next += DRAW_MS;
		if (!all_seen(s))
			continue;
		if (check_errors(s, e) < 0 || draw(s, e) < 0)
			return -1;
		if (!anything_open(s))
			return 0;
	}
	return check_errors(s, e) < 0 ? -1 : draw(s, e);
}

int container_stats(struct cli *cli, struct call *call, struct err *e)
{
	const struct stats_options *o = call->options;
	struct stats s = { .cli = cli, .o = o, .every = !call->args.n };
	int r = 0;

	s.view = (struct list){ .type = &stats_row_type,
		                .format =
		                        str_empty(o->format) ? cli->config.stats_format : o->format,
		                .columns = STATS_COLUMNS };
	if (s.every)
		r = add_every(&s, e);
	for (size_t i = 0; r == 0 && i < call->args.n; i++)
		r = add_container(&s, call->args.v[i], e);
	if (r == 0)
		r = run(&s, e);
	for (size_t i = 0; i < s.list.n; i++)
		stream_close(&s.list.v[i]->in);
	stream_close(&s.events);
	return r;
}
