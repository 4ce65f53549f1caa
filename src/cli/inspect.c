/*
 * docker inspect, and inspect of containers, images, networks, volumes: the daemon's JSON as an indented array, on one
 * line (--format json), or through a template for each object.
 */
#include <stdio.h>

#include "cli/client/api_types.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/format/template.h"

#define EXIT_TEMPLATE 64 /* a template that does not parse */
#define INDENT        "    "

struct inspect_options {
	const char *format, *type, *platform;
	bool size, verbose;
};

static const struct flag inspect_flag_rows[] = {
	FLAG(inspect_options, STR, format, "format", 'f', FORMAT_HELP),
	FLAG(inspect_options, BOOL, size, "size", 's', "Sizes of the files of a container too"),
	FLAG(inspect_options, STR, type, "type", 0, "Only objects of this type"),
};
const struct flags inspect_flags = FLAGS(inspect_options, inspect_flag_rows);

static const struct flag container_inspect_flag_rows[] = {
	FLAG(inspect_options, STR, format, "format", 'f', FORMAT_HELP),
	FLAG(inspect_options, BOOL, size, "size", 's', "Sizes of the files too"),
};
const struct flags container_inspect_flags = FLAGS(inspect_options, container_inspect_flag_rows);

static const struct flag image_inspect_flag_rows[] = {
	FLAG(inspect_options, STR, platform, "platform", 0, "Platform, where an image has several",
	     .attrs = FLAG_LATER),
	FLAG(inspect_options, STR, format, "format", 'f', FORMAT_HELP),
};
const struct flags image_inspect_flags = FLAGS(inspect_options, image_inspect_flag_rows);

static const struct flag network_inspect_flag_rows[] = {
	FLAG(inspect_options, STR, format, "format", 'f', FORMAT_HELP),
	FLAG(inspect_options, BOOL, verbose, "verbose", 'v', "What a swarm knows of it too"),
};
const struct flags network_inspect_flags = FLAGS(inspect_options, network_inspect_flag_rows);

static const struct flag volume_inspect_flag_rows[] = {
	FLAG(inspect_options, STR, format, "format", 'f', FORMAT_HELP),
};
const struct flags volume_inspect_flags = FLAGS(inspect_options, volume_inspect_flag_rows);

/* In the order in which an object of no type is looked for. */
static const struct object_type {
	const char *type, *before, *after;
	const struct go_type *go; /* NULL: templates see the JSON */
	bool swarm; /* engines without Swarm answer with other errors than "not found" */
} types[] = {
	{ "container", "/containers/", "/json", &api_container, false },
	{ "image", "/images/", "/json", &api_image, false },
	{ "network", "/networks/", "", &api_network, false },
	{ "volume", "/volumes/", "", &api_volume, false },
	{ "service", "/services/", "", NULL, true },
	{ "task", "/tasks/", "", NULL, true },
	{ "node", "/nodes/", "", NULL, true },
	{ "plugin", "/plugins/", "/json", NULL, false },
	{ "secret", "/secrets/", "", NULL, true },
	{ "config", "/configs/", "", NULL, true },
};

struct inspection {
	struct cli *cli;
	const struct inspect_options *o;
	const char *type; /* NULL: any */
	struct template *t;
	struct buf out;
	size_t n; /* objects found */
};

static int fetch(struct inspection *in, const struct object_type *type, const char *name,
                 struct slice *body, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };

	api_path_start(&path, type->before, name, type->after);
	if (in->o->size && str_eq(type->type, "container"))
		api_query(&path, "size", "1");
	if (in->o->verbose)
		api_query(&path, "verbose", "true");
	return api_get(in->cli, buf_cstr(&path.b), body, e) < 0 ? -1 : 0;
}

static int find(struct inspection *in, const char *name, const struct object_type **type,
                struct slice *body, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		*type = &types[i];
		if (in->type && !str_eq(in->type, types[i].type))
			continue;
		if (fetch(in, *type, name, body, e) == 0)
			return 0;
		if (in->type || (e->kind != ERR_NOT_FOUND && !types[i].swarm))
			return -1;
		err_clear(e);
	}
	return err_set(e, ERR_NOT_FOUND, "Error: No such object: %s", name);
}

/* Fields by their Go names; a template that fails so may still name them as the JSON does. */
static int add_template(struct inspection *in, const struct go_type *type,
                        const struct json_value *object, struct err *e)
{
	struct value typed = value_typed(object, type), raw = value_json(object);
	struct arena *a = &in->cli->arena;
	size_t before = in->out.len;
	int r = type ? template_execute(in->t, a, &typed, 0, &in->out, NULL) : -1;

	if (r < 0) {
		in->out.len = before;
		r = template_execute(in->t, a, &raw, TEMPLATE_MISSING_KEY_IS_ERROR, &in->out, e);
	}
	if (r < 0) {
		in->out.len = before;
		return err_wrap(e, "template parsing error");
	}
	buf_addc(&in->out, '\n');
	return 0;
}

static int add(struct inspection *in, const struct object_type *type, struct slice body,
               struct err *e)
{
	struct json_value object;

	if (json_parse(&in->cli->arena, body, &object, e) < 0)
		return -1;
	if (in->t)
		return add_template(in, type->go, &object, e);
	if (in->n++)
		buf_addc(&in->out, ',');
	json_write(&in->out, &object, NULL);
	return 0;
}

/* The found objects, all on one line, as the array that is printed. */
static int print_array(struct inspection *in, struct err *e)
{
	_cleanup_buf_ struct buf text = { 0 };
	struct json_value array;

	buf_printf(&text, "[%s]", buf_cstr(&in->out));
	if (str_empty(in->o->format) &&
	    json_parse(&in->cli->arena, (struct slice){ text.data, text.len }, &array, e) < 0)
		return -1;
	if (str_empty(in->o->format)) {
		buf_reset(&text);
		json_write(&text, &array, INDENT);
	}
	puts(buf_cstr(&text));
	return 0;
}

static int print(struct inspection *in, struct err *e)
{
	if (!in->t)
		return print_array(in, e);
	if (!in->out.len)
		buf_addc(&in->out, '\n');
	fwrite(in->out.data, 1, in->out.len, stdout);
	return 0;
}

/* Errors come behind what was found. */
static int inspect_all(struct inspection *in, const struct strs *names, struct err *e)
{
	_cleanup_buf_ struct buf errors = { 0 };

	for (size_t i = 0; i < names->n; i++) {
		const struct object_type *type;
		struct slice body;
		struct err one = { 0 };

		if (find(in, names->v[i], &type, &body, &one) == 0 &&
		    add(in, type, body, &one) == 0)
			continue;
		buf_printf(&errors, "%s\n", cli_error_text(in->cli, &one));
	}
	if (print(in, e) < 0)
		return -1;
	fflush(stdout);
	fputs(buf_cstr(&errors), stderr);
	return errors.len > 0;
}

static int inspect(struct cli *cli, struct call *call, const char *type, struct err *e)
{
	struct inspection in = { .cli = cli, .o = call->options, .type = type };
	int r;

	if (!str_empty(in.o->format) && !str_eq(in.o->format, "json")) {
		in.t = template_parse(&cli->arena, "", in.o->format, e);
		if (!in.t) {
			fprintf(stderr, "template parsing error: %s\n", e->text);
			return EXIT_TEMPLATE;
		}
	}
	r = inspect_all(&in, &call->args, e);
	buf_free(&in.out);
	return r;
}

static bool type_known(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_eq(types[i].type, type))
			return true;
	return false;
}

int inspect_any(struct cli *cli, struct call *call, struct err *e)
{
	const struct inspect_options *o = call->options;

	if (str_empty(o->type))
		return inspect(cli, call, NULL, e);
	if (!type_known(o->type))
		return err_set(e, ERR_INVALID,
		               "unknown type: \"%s\": must be one of \"config\", \"container\", "
		               "\"image\", \"network\", \"node\", \"plugin\", \"secret\", "
		               "\"service\", \"task\", \"volume\"",
		               o->type);
	return inspect(cli, call, o->type, e);
}

int container_inspect(struct cli *cli, struct call *call, struct err *e)
{
	return inspect(cli, call, "container", e);
}

int image_inspect(struct cli *cli, struct call *call, struct err *e)
{
	return inspect(cli, call, "image", e);
}

int network_inspect(struct cli *cli, struct call *call, struct err *e)
{
	return inspect(cli, call, "network", e);
}

int volume_inspect(struct cli *cli, struct call *call, struct err *e)
{
	return inspect(cli, call, "volume", e);
}
