/* From the options of `run` and `create` to the body of the request. See create_body.h. */
#include "cli/container/create_body.h"

#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/container/create_parts.h"
#include "cli/spec/env.h"
#include "cli/spec/mount.h"
#include "cli/spec/port.h"

/* What one part of the body is made by. */
typedef int part_fn(struct arena *a, const struct call *call, struct api_create *out,
                    struct err *e);

static int make_plain(struct arena *a, const struct call *call, struct api_create *out,
                      struct err *e unused_arg)
{
	const struct create_options *o = call->options;

	out->hostname = o->hostname;
	out->domainname = o->domainname;
	out->user = o->user;
	out->tty = o->tty;
	out->working_dir = o->workdir;
	out->mac_address = o->mac_address;
	out->stop_signal = o->stop_signal;
	if (GIVEN(call, create_options, stop_timeout))
		out->stop_timeout = (struct json_opt_i64){ true, o->stop_timeout };
	out->image = call->args.v[0];
	out->cmd = (struct strs){ call->args.n - 1, call->args.v + 1 };
	if (GIVEN(call, create_options, entrypoint))
		arena_push(a, &out->entrypoint, o->entrypoint);
	return 0;
}

/* Without -a: STDOUT and STDERR; -i always adds STDIN. */
static int make_attach(struct arena *a unused_arg, const struct call *call, struct api_create *out,
                       struct err *e unused_arg)
{
	const struct create_options *o = call->options;

	out->attach_stdin = o->interactive;
	out->attach_stdout = out->attach_stderr = !o->attach.n;
	for (size_t i = 0; i < o->attach.n; i++) {
		const char *name = o->attach.v[i];

		out->attach_stdin |= str_ieq(name, "stdin");
		out->attach_stdout |= str_ieq(name, "stdout");
		out->attach_stderr |= str_ieq(name, "stderr");
	}
	out->open_stdin = o->interactive;
	out->stdin_once = out->open_stdin && out->attach_stdin;
	return 0;
}

static int make_env(struct arena *a, const struct call *call, struct api_create *out, struct err *e)
{
	const struct create_options *o = call->options;

	if (env_collect(a, &o->env_file, &o->env, &out->env, e) < 0)
		return -1;
	return labels_collect(a, &o->label_file, &o->label, &out->labels, e);
}

static int make_ports(struct arena *a, const struct call *call, struct api_create *out,
                      struct err *e)
{
	const struct create_options *o = call->options;
	struct port_sets ports = { 0 };

	for (size_t i = 0; i < o->publish.n; i++)
		if (port_publish(a, o->publish.v[i], &ports, e) < 0)
			return -1;
	for (size_t i = 0; i < o->expose.n; i++)
		if (port_expose(a, o->expose.v[i], &ports, e) < 0)
			return -1;
	out->exposed_ports = ports.exposed;
	memcpy(&out->host_config->port_bindings, &ports.bindings, sizeof(ports.bindings));
	out->host_config->publish_all_ports = o->publish_all;
	return 0;
}

/* "./a:/b" counts from here; a name alone or a path alone is an anonymous volume's target. */
static const char *absolute_bind(struct arena *a, const char *bind)
{
	size_t n = strcspn(bind, ":");
	char cwd[4096];

	if (bind[0] != '.' || !getcwd(cwd, sizeof(cwd)))
		return bind;
	return arena_printf(a, "%s%s", path_clean(a, path_join(a, cwd, arena_strndup(a, bind, n))),
	                    bind + n);
}

static int make_volumes(struct arena *a, const struct call *call, struct api_create *out,
                        struct err *e)
{
	const struct create_options *o = call->options;

	for (size_t i = 0; i < o->volume.n; i++) {
		const char *v = o->volume.v[i];

		if (!*v)
			return err_set(e, ERR_INVALID, "invalid empty volume spec");
		if (strchr(v, ':'))
			arena_push(a, &out->host_config->binds, absolute_bind(a, v));
		else
			arena_push(a, &out->volumes, v);
	}
	for (size_t i = 0; i < o->mount.n; i++) {
		struct api_mount m;

		if (mount_parse(a, o->mount.v[i], &m, e) < 0)
			return -1;
		arena_push(a, &out->host_config->mounts, m);
	}
	for (size_t i = 0; i < o->tmpfs.n; i++) {
		size_t n = strcspn(o->tmpfs.v[i], ":");

		json_map_set(a, &out->host_config->tmpfs, arena_strndup(a, o->tmpfs.v[i], n),
		             o->tmpfs.v[i][n] ? o->tmpfs.v[i] + n + 1 : "");
	}
	out->host_config->volumes_from = o->volumes_from;
	out->host_config->volume_driver = o->volume_driver;
	return 0;
}

static int check_health(const struct create_options *o, struct err *e)
{
	const struct {
		int64_t value;
		const char *name;
	} all[] = { { o->health_interval, "interval" },
		    { o->health_timeout, "timeout" },
		    { o->health_retries, "retries" },
		    { o->health_start_period, "start-period" },
		    { o->health_start_interval, "start-interval" } };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i].value < 0)
			return err_set(e, ERR_INVALID, "--health-%s cannot be negative",
			               all[i].name);
	return 0;
}

static int make_health(struct arena *a, const struct call *call, struct api_create *out,
                       struct err *e)
{
	const struct create_options *o = call->options;
	bool any = o->health_cmd || o->health_interval || o->health_timeout || o->health_retries ||
	           o->health_start_period || o->health_start_interval;
	struct api_healthcheck *h;

	if (o->no_healthcheck && any)
		return err_set(e, ERR_INVALID,
		               "--no-healthcheck conflicts with --health-* options");
	if (!o->no_healthcheck && !any)
		return 0;
	if (check_health(o, e) < 0)
		return -1;
	h = out->healthcheck = arena_new(a, struct api_healthcheck);
	if (o->no_healthcheck) {
		arena_push(a, &h->test, "NONE");
		return 0;
	}
	if (!str_empty(o->health_cmd)) {
		arena_push(a, &h->test, "CMD-SHELL");
		arena_push(a, &h->test, o->health_cmd);
	}
	h->interval = o->health_interval;
	h->timeout = o->health_timeout;
	h->retries = o->health_retries;
	h->start_period = o->health_start_period;
	h->start_interval = o->health_start_interval;
	return 0;
}

static int check_storage(const struct strs *options, struct err *e)
{
	for (size_t i = 0; i < options->n; i++)
		if (!strchr(options->v[i], '='))
			return err_set(e, ERR_INVALID, "invalid storage option");
	return 0;
}

static int make_host(struct arena *a, const struct call *call, struct api_create *out,
                     struct err *e)
{
	const struct create_options *o = call->options;
	struct api_host_config *h = out->host_config;

	h->auto_remove = o->rm;
	h->cap_add = create_capabilities(a, &o->cap_add);
	h->cap_drop = create_capabilities(a, &o->cap_drop);
	h->container_id_file = o->cidfile;
	h->dns = o->dns;
	h->dns_options = o->dns_option;
	h->dns_search = o->dns_search;
	h->group_add = o->group_add;
	h->isolation = o->isolation;
	h->links = o->link;
	h->oom_score_adj = o->oom_score_adj;
	h->privileged = o->privileged;
	h->readonly_rootfs = o->read_only;
	h->runtime = o->runtime;
	h->log_config = arena_new(a, struct api_log_config);
	h->log_config->type = o->log_driver;
	pairs_to_map(a, &o->log_opt, &h->log_config->config);
	pairs_to_map(a, &o->annotation, &h->annotations);
	pairs_to_map(a, &o->storage_opt, &h->storage_opt);
	pairs_to_map(a, &o->sysctl, &h->sysctls);
	if (GIVEN(call, create_options, init))
		h->init = (struct json_opt_bool){ true, o->init };
	if (check_storage(&o->storage_opt, e) < 0 || create_extra_hosts(a, o, h, e) < 0 ||
	    create_restart(a, o->restart, &h->restart_policy, e) < 0)
		return -1;
	if (o->rm && !str_eq(h->restart_policy->name, "no") && *h->restart_policy->name)
		return err_set(e, ERR_INVALID,
		               "conflicting options: cannot specify both --restart and --rm");
	return create_security(a, o, h, e);
}

static int check_pull(struct arena *a unused_arg, const struct call *call,
                      struct api_create *out unused_arg, struct err *e)
{
	const struct create_options *o = call->options;

	if (name_listed("always missing never", o->pull))
		return 0;
	return err_set(e, ERR_INVALID,
	               "invalid pull option: '%s': must be one of \"always\", \"missing\" or "
	               "\"never\"",
	               o->pull);
}

static part_fn *const parts[] = {
	check_pull, make_plain,        make_attach,    make_env,
	make_ports, make_volumes,      make_health,    create_resources,
	make_host,  create_namespaces, create_devices, create_networks,
};

static bool names(const struct strs *env, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], name, n) == 0 && (env->v[i][n] == '=' || !env->v[i][n]))
			return true;
	return false;
}

/* "proxies" of the configuration for this daemon, or "default", in capitals and in small letters. */
static void add_proxies(struct cli *cli, struct strs *env)
{
	const struct proxy_entry *p = config_proxies(&cli->config, cli->address);
	const struct {
		const char *upper, *lower, *value;
	} all[] = { { "HTTP_PROXY", "http_proxy", p ? p->http : NULL },
		    { "HTTPS_PROXY", "https_proxy", p ? p->https : NULL },
		    { "NO_PROXY", "no_proxy", p ? p->no : NULL },
		    { "FTP_PROXY", "ftp_proxy", p ? p->ftp : NULL },
		    { "ALL_PROXY", "all_proxy", p ? p->all : NULL } };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (str_empty(all[i].value))
			continue;
		if (!names(env, all[i].upper))
			arena_push(&cli->arena, env,
			           arena_printf(&cli->arena, "%s=%s", all[i].upper, all[i].value));
		if (!names(env, all[i].lower))
			arena_push(&cli->arena, env,
			           arena_printf(&cli->arena, "%s=%s", all[i].lower, all[i].value));
	}
}

int create_body_make(struct cli *cli, const struct call *call, struct api_create *out,
                     struct err *e)
{
	struct arena *a = &cli->arena;

	*out = (struct api_create){ .host_config = arena_new(a, struct api_host_config),
		                    .networking = arena_new(a, struct api_networking_config) };
	out->host_config->console_size = (struct json_i64s){ 2, arena_array(a, int64_t, 2) };
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (parts[i](a, call, out, e) < 0)
			return -1;
	add_proxies(cli, &out->env);
	return 0;
}
