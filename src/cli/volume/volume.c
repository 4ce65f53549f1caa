/* docker volume create, rm, update. */
#include <stdio.h>

#include "api/volume.h"
#include "cli/commands.h"
#include "cli/each.h"
#include "cli/flag_checks.h"
#include "cli/spec/env.h"

/* --- create --- */

struct volume_create_options {
	const char *driver, *name;
	struct strs label, opt;
	/* What only volumes of a Swarm have. */
	const char *availability, *group, *scope, *sharing, *access_type;
	int64_t limit_bytes, required_bytes;
	struct strs secret, preferred, required;
};

#define ROW(...) FLAG(volume_create_options, __VA_ARGS__)
#define SWARM    .since = 42, .attrs = FLAG_LATER | FLAG_HIDDEN
static const struct flag create_rows[] = {
	ROW(STR, driver, "driver", 'd', "What the volume is made by", .def = "local"),
	ROW(STR, name, "name", 0, "Name of the volume", .attrs = FLAG_HIDDEN),
	ROW(LIST, label, "label", 0, "Label of the volume", .check = check_label),
	ROW(LIST, opt, "opt", 'o', "Options of the driver", .type = "map", .shown = "map[]"),
	ROW(STR, availability, "availability", 0, "Of a swarm's volume", SWARM),
	ROW(STR, group, "group", 0, "Of a swarm's volume", SWARM),
	ROW(BYTES, limit_bytes, "limit-bytes", 0, "Of a swarm's volume", SWARM),
	ROW(BYTES, required_bytes, "required-bytes", 0, "Of a swarm's volume", SWARM),
	ROW(STR, scope, "scope", 0, "Of a swarm's volume", SWARM),
	ROW(LIST, secret, "secret", 0, "Of a swarm's volume", SWARM),
	ROW(STR, sharing, "sharing", 0, "Of a swarm's volume", SWARM),
	ROW(LIST, preferred, "topology-preferred", 0, "Of a swarm's volume", SWARM),
	ROW(LIST, required, "topology-required", 0, "Of a swarm's volume", SWARM),
	ROW(STR, access_type, "type", 0, "Of a swarm's volume", SWARM),
};
#undef ROW
const struct flags volume_create_flags = FLAGS(volume_create_options, create_rows);

int volume_create(struct cli *cli, struct call *call, struct err *e)
{
	const struct volume_create_options *o = call->options;
	struct api_volume_create body = { .name = o->name, .driver = o->driver };
	struct api_volume made;
	struct slice answer;

	if (call->args.n && !str_empty(o->name))
		return err_set(e, ERR_INVALID,
		               "conflicting options: cannot specify a volume-name through both "
		               "--name and as a positional arg");
	if (call->args.n)
		body.name = call->args.v[0];
	pairs_to_map(&cli->arena, &o->opt, &body.driver_opts);
	pairs_to_map(&cli->arena, &o->label, &body.labels);
	if (api_post_json(cli, "/volumes/create", &api_volume_create_type, &body, &answer, e) < 0 ||
	    json_decode(&cli->arena, &api_volume_type, answer, &made, e) < 0)
		return -1;
	puts(made.name ? made.name : "");
	return 0;
}

/* --- rm --- */

struct volume_rm_options {
	bool force;
};
static const struct flag rm_rows[] = {
	FLAG(volume_rm_options, BOOL, force, "force", 'f', "Remove it by force", .since = 25),
};
const struct flags volume_rm_flags = FLAGS(volume_rm_options, rm_rows);

static int rm_one(struct cli *cli, struct call *call, const char *name, struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	const struct volume_rm_options *o = call->options;
	struct api_request rq = { .method = "DELETE" };
	struct slice answer;

	api_path_start(&path, "/volumes/", name, "");
	if (o->force)
		api_query(&path, "force", "1");
	rq.path = buf_cstr(&path.b);
	if (api_call(cli, &rq, &answer, e) < 0)
		return -1;
	puts(name);
	return 0;
}

int volume_rm(struct cli *cli, struct call *call, struct err *e unused_arg)
{
	return each_argument(cli, call, rm_one);
}
