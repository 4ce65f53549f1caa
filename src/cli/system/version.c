/* docker version: what this client is, and what GET /version says of the engine. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "cli/client/api_types.h"
#include "cli/commands.h"
#include "cli/format/table.h"
#include "cli/single.h"
#include "cli/system/version.h"

#define VALUE_COLUMN 20

struct version_options {
	const char *format;
};

static const struct flag version_flag_rows[] = {
	FLAG(version_options, STR, format, "format", 'f', FORMAT_HELP),
};
const struct flags version_flags = FLAGS(version_options, version_flag_rows);

#define NAMED_PLATFORM(F) F(STR, name, "Name", 0)
JSON_STRUCT(named_platform, NAMED_PLATFORM)
JSON_TYPE(named_platform, NAMED_PLATFORM)

#define VERSION_COMPONENT(F)          \
	F(STR, name, "Name", 0)       \
	F(STR, version, "Version", 0) \
	F(MAP, details, "Details", 0)
JSON_STRUCT(version_component, VERSION_COMPONENT)
JSON_TYPE(version_component, VERSION_COMPONENT)

#define SERVER_VERSION(F)                               \
	F(OBJ, platform, "Platform", 0, named_platform) \
	F(OBJS, components, "Components", 0, version_component)
JSON_STRUCT(server_version, SERVER_VERSION)
JSON_TYPE(server_version, SERVER_VERSION)

#define CLIENT_VERSION(F)                                        \
	F(BOOL, debug, "Debug", OMIT_EMPTY)                      \
	F(OBJ, platform, "Platform", OMIT_EMPTY, named_platform) \
	F(STR, version, "Version", 0)                            \
	F(STR, api, "ApiVersion", OMIT_EMPTY)                    \
	F(STR, default_api, "DefaultAPIVersion", 0)              \
	F(STR, commit, "GitCommit", 0)                           \
	F(STR, os, "Os", 0)                                      \
	F(STR, arch, "Arch", 0)                                  \
	F(STR, context, "Context", 0)
JSON_STRUCT(client_version, CLIENT_VERSION)
JSON_TYPE(client_version, CLIENT_VERSION)

/* The machine's name as Go has it. */
static const char *architecture(struct arena *a)
{
	static const struct {
		const char *machine, *name;
	} names[] = { { "x86_64", "amd64" },   { "aarch64", "arm64" }, { "i686", "386" },
		      { "armv7l", "arm" },     { "armv6l", "arm" },    { "ppc64le", "ppc64le" },
		      { "riscv64", "riscv64" } };
	struct utsname u;

	if (uname(&u) < 0)
		return "unknown";
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(names[i].machine, u.machine))
			return names[i].name;
	return arena_strdup(a, u.machine);
}

static struct client_version client_version(struct cli *cli)
{
	static struct named_platform platform = { "Lighter" };
	int api = cli->api.version ? cli->api.version : API_NEWEST;

	return (struct client_version){
		.platform = &platform,
		.version = VERSION_CLIENT,
		.api = arena_printf(&cli->arena, "1.%d", api),
		.default_api = arena_printf(&cli->arena, "1.%d", API_NEWEST),
		.commit = VERSION_BUILD,
		.os = "linux",
		.arch = architecture(&cli->arena),
		.context = cli->context,
	};
}

const char *version_client_json(struct cli *cli)
{
	struct client_version client = client_version(cli);

	client.platform = NULL;
	client.api = NULL;
	client.debug = cli->global->debug;
	return json_text(&cli->arena, &client_version_type, &client);
}

/* --- as text --- */

static void add_platform(struct buf *b, const char *side, const struct named_platform *p)
{
	bool named = p && !str_empty(p->name);

	buf_printf(b, "%s:%s%s\n", side, named ? " " : "", named ? p->name : "");
}

static void add_client(struct buf *b, const struct client_version *c)
{
	add_platform(b, "Client", c->platform);
	buf_printf(b, " Version:\t%s\n API version:\t%s", c->version, c->api);
	if (!str_eq(c->api, c->default_api))
		buf_printf(b, " (downgraded from %s)", c->default_api);
	buf_printf(b, "\n OS/Arch:\t%s/%s\n Context:\t%s\n", c->os, c->arch, c->context);
}

static const char *detail(const struct version_component *c, const char *key)
{
	const char *v = json_map_get(&c->details, key);

	return v ? v : "";
}

/* "2026-05-07T21:09:36.000000000+00:00" as "Thu May  7 21:09:36 2026", in the zone it has. */
static const char *build_time(struct arena *a, const char *text)
{
	char out[64];
	struct tm tm = { 0 };

	if (!strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
		return text;
	strftime(out, sizeof(out), "%a %b %e %H:%M:%S %Y", &tm);
	return arena_strdup(a, out);
}

static void add_line(struct buf *b, const char *title, const char *value)
{
	if (*value)
		buf_printf(b, "  %s:\t%s\n", title, value);
}

static void add_engine(struct arena *a, struct buf *b, const struct version_component *c)
{
	buf_printf(b, "  Version:\t%s\n  API version:\t%s (minimum version %s)\n", c->version,
	           detail(c, "ApiVersion"), detail(c, "MinAPIVersion"));
	add_line(b, "Go version", detail(c, "GoVersion"));
	add_line(b, "Git commit", detail(c, "GitCommit"));
	add_line(b, "Built", build_time(a, detail(c, "BuildTime")));
	buf_printf(b, "  OS/Arch:\t%s/%s\n", detail(c, "Os"), detail(c, "Arch"));
	add_line(b, "Experimental", detail(c, "Experimental"));
}

static void add_server(struct arena *a, struct buf *b, const struct server_version *s)
{
	buf_addc(b, '\n');
	add_platform(b, "Server", s->platform);
	for (size_t i = 0; i < s->components.n; i++) {
		const struct version_component *c = &s->components.v[i];

		buf_printf(b, " %s:\n", c->name);
		if (str_eq(c->name, "Engine")) {
			add_engine(a, b, c);
			continue;
		}
		buf_printf(b, "  Version:\t%s\n", c->version);
		for (size_t k = 0; k < c->details.n; k++)
			buf_printf(b, "  %s:\t%s\n", c->details.v[k].key, c->details.v[k].value);
	}
}

static int print_text(struct cli *cli, const struct slice *server, struct err *e)
{
	_cleanup_buf_ struct buf text = { 0 }, aligned = { 0 };
	struct client_version client = client_version(cli);
	struct server_version s;

	add_client(&text, &client);
	if (server) {
		if (json_decode(&cli->arena, &server_version_type, *server, &s, e) < 0)
			return -1;
		add_server(&cli->arena, &text, &s);
	}
	table_align(&aligned, (struct slice){ text.data, text.len }, VALUE_COLUMN, 1);
	fputs(buf_cstr(&aligned), stdout);
	return 0;
}

/* --- through a template --- */

/* The engine's build time is shown as in the text form. */
static void reformat_build_time(struct arena *a, const struct json_value *server)
{
	const struct json_value *components = json_member(server, "Components");

	for (size_t i = 0; components && components->kind == JV_ARRAY && i < components->n; i++) {
		const struct json_value *details = json_member(&components->values[i], "Details");
		struct json_value *time = (struct json_value *)json_member(details, "BuildTime");

		if (time && time->kind == JV_STRING)
			time->text = slice_of(
			        build_time(a, arena_strndup(a, time->text.data, time->text.len)));
	}
}

static int print_template(struct cli *cli, const char *format, const struct slice *server,
                          struct err *e)
{
	struct client_version client = client_version(cli);
	const char *text =
	        arena_printf(&cli->arena, "{\"Client\":%s,\"Server\":%.*s}",
	                     json_text(&cli->arena, &client_version_type, &client),
	                     server ? (int)server->len : 4, server ? server->data : "null");
	struct template *t = single_template(cli, "version", format, e);
	struct json_value tree;

	if (!t) {
		fprintf(stderr, "template parsing error: %s\n", e->text);
		return EXIT_TEMPLATE;
	}
	if (json_parse(&cli->arena, slice_of(text), &tree, e) < 0)
		return -1;
	reformat_build_time(&cli->arena, json_member(&tree, "Server"));
	return single_print(&cli->arena, t, &tree, &api_version, e);
}

int version_show(struct cli *cli, struct call *call, struct err *e)
{
	const struct version_options *o = call->options;
	struct slice server;
	struct err unreachable = { 0 };
	bool there = api_get(cli, "/version", &server, &unreachable) >= 0;
	int code = str_empty(o->format) ? print_text(cli, there ? &server : NULL, e)
	                                : print_template(cli, o->format, there ? &server : NULL, e);

	if (code != 0 || there)
		return code;
	*e = unreachable;
	return -1;
}
