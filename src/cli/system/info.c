/* docker info: GET /info as indented lines, or through a template. */
#include <stdio.h>

#include "cli/client/api_types.h"
#include "cli/commands.h"
#include "cli/format/units.h"
#include "cli/plugin.h"
#include "cli/single.h"
#include "cli/system/version.h"

struct info_options {
	const char *format;
};

static const struct flag info_flag_rows[] = {
	FLAG(info_options, STR, format, "format", 'f', FORMAT_HELP),
};
const struct flags info_flags = FLAGS(info_options, info_flag_rows);

/* How a member of the answer becomes lines. */
enum info_form {
	FORM_VALUE,    /* "Title: value"; nothing when it is absent or "" */
	FORM_SIZE,     /* bytes as 23.5GiB */
	FORM_COMMIT,   /* the ID of an object */
	FORM_KEYS,     /* the names in an object, on the line */
	FORM_LINES,    /* elements of a list, a line each */
	FORM_PAIRS,    /* a list of pairs, a line each, one deeper */
	FORM_PLUGINS,  /* an object of lists, a line each */
	FORM_SECURITY, /* "name=seccomp,profile=default": the name, the rest one deeper */
	FORM_CIDRS,    /* the insecure registries */
};

static const struct {
	const char *title, *path; /* members, separated by dots */
	enum info_form form;
} lines[] = {
	{ "Containers", "Containers", FORM_VALUE },
	{ " Running", "ContainersRunning", FORM_VALUE },
	{ " Paused", "ContainersPaused", FORM_VALUE },
	{ " Stopped", "ContainersStopped", FORM_VALUE },
	{ "Images", "Images", FORM_VALUE },
	{ "Server Version", "ServerVersion", FORM_VALUE },
	{ "Storage Driver", "Driver", FORM_VALUE },
	{ NULL, "DriverStatus", FORM_PAIRS },
	{ "Logging Driver", "LoggingDriver", FORM_VALUE },
	{ "Cgroup Driver", "CgroupDriver", FORM_VALUE },
	{ "Cgroup Version", "CgroupVersion", FORM_VALUE },
	{ "Plugins", "Plugins", FORM_PLUGINS },
	{ "Swarm", "Swarm.LocalNodeState", FORM_VALUE },
	{ "Runtimes", "Runtimes", FORM_KEYS },
	{ "Default Runtime", "DefaultRuntime", FORM_VALUE },
	{ "Init Binary", "InitBinary", FORM_VALUE },
	{ "containerd version", "ContainerdCommit", FORM_COMMIT },
	{ "runc version", "RuncCommit", FORM_COMMIT },
	{ "init version", "InitCommit", FORM_COMMIT },
	{ "Security Options", "SecurityOptions", FORM_SECURITY },
	{ "Kernel Version", "KernelVersion", FORM_VALUE },
	{ "Operating System", "OperatingSystem", FORM_VALUE },
	{ "OSType", "OSType", FORM_VALUE },
	{ "Architecture", "Architecture", FORM_VALUE },
	{ "CPUs", "NCPU", FORM_VALUE },
	{ "Total Memory", "MemTotal", FORM_SIZE },
	{ "Name", "Name", FORM_VALUE },
	{ "ID", "ID", FORM_VALUE },
	{ "Docker Root Dir", "DockerRootDir", FORM_VALUE },
	{ "Debug Mode", "Debug", FORM_VALUE },
	{ "HTTP Proxy", "HttpProxy", FORM_VALUE },
	{ "HTTPS Proxy", "HttpsProxy", FORM_VALUE },
	{ "No Proxy", "NoProxy", FORM_VALUE },
	{ "Labels", "Labels", FORM_LINES },
	{ "Experimental", "ExperimentalBuild", FORM_VALUE },
	{ "Insecure Registries", "RegistryConfig", FORM_CIDRS },
	{ "Registry Mirrors", "RegistryConfig.Mirrors", FORM_LINES },
	{ "Live Restore Enabled", "LiveRestoreEnabled", FORM_VALUE },
	{ "Product License", "ProductLicense", FORM_VALUE },
};

static const struct json_value *member(struct arena *a, const struct json_value *v,
                                       const char *path)
{
	while (v && *path) {
		size_t n = strcspn(path, ".");

		v = json_member(v, arena_strndup(a, path, n));
		path += n + (path[n] == '.');
	}
	return v;
}

static const char *text_of(struct arena *a, const struct json_value *v)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct value value = value_json(v);

	if (!v || v->kind == JV_NULL)
		return "";
	value_print(&b, &value);
	return arena_strdup(a, buf_cstr(&b));
}

static void add_value(struct buf *b, const char *title, const char *text)
{
	if (*text)
		buf_printf(b, " %s: %s\n", title, text);
}

static void add_size(struct arena *a, struct buf *b, const char *title, const struct json_value *v)
{
	char text[UNITS_TEXT];
	double size;

	if (float_parse(text_of(a, v), &size, NULL) == 0)
		add_value(b, title, size_format_binary(text, size));
}

static void add_keys(struct buf *b, const char *title, const struct json_value *v)
{
	if (!v || v->kind != JV_OBJECT || !v->n)
		return;
	buf_printf(b, " %s:", title);
	for (size_t i = 0; i < v->n; i++)
		buf_printf(b, " %s", v->keys[i]);
	buf_addc(b, '\n');
}

static void add_lines(struct arena *a, struct buf *b, const char *title, const struct json_value *v)
{
	if (!v || v->kind != JV_ARRAY || !v->n)
		return;
	buf_printf(b, " %s:\n", title);
	for (size_t i = 0; i < v->n; i++)
		buf_printf(b, "  %s\n", text_of(a, &v->values[i]));
}

static void add_pairs(struct arena *a, struct buf *b, const struct json_value *v)
{
	for (size_t i = 0; v && v->kind == JV_ARRAY && i < v->n; i++)
		if (v->values[i].n >= 2)
			buf_printf(b, "  %s: %s\n", text_of(a, &v->values[i].values[0]),
			           text_of(a, &v->values[i].values[1]));
}

static void add_plugins(struct arena *a, struct buf *b, const char *title,
                        const struct json_value *v)
{
	static const char *const kinds[] = { "Volume", "Network", "Authorization", "Log" };

	buf_printf(b, " %s:\n", title);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct json_value *list = v ? json_member(v, kinds[i]) : NULL;

		if (!list || list->kind != JV_ARRAY || (!list->n && i == 2))
			continue;
		buf_printf(b, "  %s:", kinds[i]);
		for (size_t k = 0; k < list->n; k++)
			buf_printf(b, " %s", text_of(a, &list->values[k]));
		buf_addc(b, '\n');
	}
}

/* One option: its name stands alone, its other fields below, with a capital. */
static void add_security_option(struct buf *b, const char *option)
{
	while (*option) {
		size_t n = strcspn(option, ","), eq = strcspn(option, "=");

		if (str_starts(option, "name="))
			buf_printf(b, "  %.*s\n", (int)(n - eq - 1), option + eq + 1);
		else
			buf_printf(b, "   %c%.*s: %.*s\n", option[0] - ('a' - 'A'), (int)(eq - 1),
			           option + 1, (int)(n - eq - 1), option + eq + 1);
		option += n + (option[n] == ',');
	}
}

static void add_security(struct arena *a, struct buf *b, const char *title,
                         const struct json_value *v)
{
	if (!v || v->kind != JV_ARRAY || !v->n)
		return;
	buf_printf(b, " %s:\n", title);
	for (size_t i = 0; i < v->n; i++)
		add_security_option(b, text_of(a, &v->values[i]));
}

/* Hosts of IndexConfigs that are not Secure, then the networks. */
static void add_insecure(struct arena *a, struct buf *b, const char *title,
                         const struct json_value *v)
{
	const struct json_value *hosts = member(a, v, "IndexConfigs");
	const struct json_value *networks = member(a, v, "InsecureRegistryCIDRs");
	_cleanup_buf_ struct buf found = { 0 };

	for (size_t i = 0; hosts && hosts->kind == JV_OBJECT && i < hosts->n; i++) {
		const struct json_value *secure = json_member(&hosts->values[i], "Secure");

		if (secure && !secure->boolean)
			buf_printf(&found, "  %s\n", hosts->keys[i]);
	}
	for (size_t i = 0; networks && networks->kind == JV_ARRAY && i < networks->n; i++)
		buf_printf(&found, "  %s\n", text_of(a, &networks->values[i]));
	if (found.len)
		buf_printf(b, " %s:\n%s", title, buf_cstr(&found));
}

static void add_line(struct arena *a, struct buf *b, size_t i, const struct json_value *info)
{
	const struct json_value *v = member(a, info, lines[i].path);
	const char *title = lines[i].title;

	switch (lines[i].form) {
	case FORM_VALUE:
		add_value(b, title, text_of(a, v));
		break;
	case FORM_SIZE:
		add_size(a, b, title, v);
		break;
	case FORM_COMMIT:
		add_value(b, title, text_of(a, v ? json_member(v, "ID") : NULL));
		break;
	case FORM_KEYS:
		add_keys(b, title, v);
		break;
	case FORM_LINES:
		add_lines(a, b, title, v);
		break;
	case FORM_PAIRS:
		add_pairs(a, b, v);
		break;
	case FORM_PLUGINS:
		add_plugins(a, b, title, v);
		break;
	case FORM_SECURITY:
		add_security(a, b, title, v);
		break;
	case FORM_CIDRS:
		add_insecure(a, b, title, v);
		break;
	}
}

static void print_plugin(const struct plugin *p)
{
	printf("  %s: %s (%s)\n", p->name, p->help ? p->help : "", p->vendor);
	if (!str_empty(p->version))
		printf("    Version:  %s\n", p->version);
	printf("    Path:     %s\n", p->path);
}

static void print_plugins(struct cli *cli)
{
	struct plugins all;
	size_t good = 0;

	plugins_list(cli, &all);
	for (size_t i = 0; i < all.n; i++) {
		if (all.v[i].error)
			continue;
		if (!good++)
			puts(" Plugins:");
		print_plugin(&all.v[i]);
	}
	fflush(stdout);
	for (size_t i = 0; i < all.n; i++)
		if (all.v[i].error)
			fprintf(stderr, "WARNING: Plugin \"%s\" is not valid: %s\n", all.v[i].path,
			        all.v[i].error);
}

static void print_client(struct cli *cli)
{
	printf("Client: Lighter\n Version:    %s\n Context:    %s\n Debug Mode: %s\n",
	       VERSION_CLIENT, cli->context, cli->global->debug ? "true" : "false");
	print_plugins(cli);
	puts("\nServer:");
}

static int print_text(struct cli *cli, const struct json_value *info)
{
	_cleanup_buf_ struct buf b = { 0 };
	const struct json_value *warnings = json_member(info, "Warnings");

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		add_line(&cli->arena, &b, i, info);
	print_client(cli);
	printf("%s\n", buf_cstr(&b));
	fflush(stdout);
	for (size_t i = 0; warnings && warnings->kind == JV_ARRAY && i < warnings->n; i++)
		fprintf(stderr, "%s\n", text_of(&cli->arena, &warnings->values[i]));
	return 0;
}

static const char *plugins_json(struct cli *cli)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct plugins all;

	plugins_list(cli, &all);
	for (size_t i = 0; i < all.n; i++) {
		buf_adds(&b, i ? "," : "");
		json_encode(&b, &plugin_type, &all.v[i]);
	}
	return arena_strdup(&cli->arena, buf_cstr(&b));
}

/* The answer with what the client says of itself behind it. */
static const char *with_client(struct cli *cli, struct slice body)
{
	const char *client = version_client_json(cli);

	while (body.len && body.data[body.len - 1] != '}')
		body.len--;
	return arena_printf(&cli->arena, "%.*s,\"ClientInfo\":%.*s,\"Plugins\":[%s]}}",
	                    (int)body.len - 1, body.data, (int)strlen(client) - 1, client,
	                    plugins_json(cli));
}

static int print_template(struct cli *cli, const char *format, struct slice body, struct err *e)
{
	struct template *t = single_template(cli, "", format, e);
	struct json_value info;

	if (!t) {
		fprintf(stderr, "template parsing error: %s\n", e->text);
		return EXIT_TEMPLATE;
	}
	if (json_parse(&cli->arena, slice_of(with_client(cli, body)), &info, e) < 0)
		return -1;
	return single_print(&cli->arena, t, &info, &api_info, e);
}

int system_info(struct cli *cli, struct call *call, struct err *e)
{
	const struct info_options *o = call->options;
	struct json_value info;
	struct slice body;

	if (api_get(cli, "/info", &body, e) < 0) {
		if (str_empty(o->format))
			print_client(cli);
		return -1;
	}
	if (!str_empty(o->format))
		return print_template(cli, o->format, body, e);
	return json_parse(&cli->arena, body, &info, e) < 0 ? -1 : print_text(cli, &info);
}
