/*
 * containerd: images, snapshots and running containers for dockerd, ctr, nerdctl and Kubernetes, with
 * the original's flags, configuration, protocols and layout on disk.
 *
 *     containerd [--config FILE] [--root DIR] [--state DIR] [--address SOCKET] [--log-level LEVEL]
 *     containerd config default | dump
 *     containerd publish --topic TOPIC --namespace NS < EVENT
 *     containerd --version
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "containerd/config.h"
#include "containerd/daemon.h"
#include "containerd/flags.h"
#include "containerd/publish.h"
#include "containerd/version.h"

struct options {
	const char *config, *root, *state, *address, *log_level, *topic, *ns;
	bool version, help;
	const char *args[2];
	size_t nargs;
};

static const struct flag flags[] = {
	FLAG_TEXT("config", 'c', struct options, config, "path to the configuration file"),
	FLAG_TEXT("log-level", 'l', struct options, log_level,
	          "trace, debug, info, warn, error or fatal"),
	FLAG_TEXT("address", 'a', struct options, address, "socket of the gRPC server"),
	FLAG_TEXT("root", 0, struct options, root, "directory of persistent data"),
	FLAG_TEXT("state", 0, struct options, state, "directory of volatile state"),
	FLAG_TEXT("topic", 0, struct options, topic, "publish: the event's topic"),
	FLAG_TEXT("namespace", 0, struct options, ns, "publish: the event's namespace"),
	FLAG_BOOL("version", 'v', struct options, version, "print the version"),
	FLAG_BOOL("help", 'h', struct options, help, "print this help"),
};

/* ---- configuration ---- */

static int load_config(struct arena *a, const struct options *o, struct config *c, struct err *e)
{
	config_default(c);
	if (o->config && !str_eq(o->config, "none")) {
		if (config_read(a, o->config, c, e) < 0)
			return -1;
	} else if (!o->config && path_exists(CONFIG_FILE) &&
	           config_read(a, CONFIG_FILE, c, e) < 0) {
		return -1;
	}
	c->root = o->root ? o->root : c->root;
	c->state = o->state ? o->state : c->state;
	c->grpc_address = o->address ? o->address : c->grpc_address;
	c->debug_level = o->log_level ? o->log_level : c->debug_level;
	return config_finish(a, c, e);
}

static int set_log_level(const struct config *c, struct err *e)
{
	enum log_level level = LOG_INFO;

	if (*c->debug_level && !log_level_parse(c->debug_level, &level))
		return err_set(e, ERR_INVALID, "not a valid log level: \"%s\"", c->debug_level);
	log_setup(STDERR_FILENO, level, LOG_TEXT);
	return 0;
}

/* ---- commands ---- */

static int run_daemon(struct arena *a, const struct options *o, struct err *e)
{
	static struct config config;
	static struct daemon daemon;

	/* Threads of the pool share one heap: they are few, and each heap more costs memory. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, 128 * 1024);
	if (load_config(a, o, &config, e) < 0 || set_log_level(&config, e) < 0)
		return -1;
	proc_raise_nofile();
	log_info("starting containerd %s", CONTAINERD_VERSION);
	if (daemon_start(&daemon, &config, e) < 0)
		return -1;
	return daemon_run(&daemon, e);
}

static int run_config(struct arena *a, const struct options *o, struct err *e)
{
	bool dump = o->nargs > 1 && str_eq(o->args[1], "dump");
	_cleanup_buf_ struct buf text = { 0 };
	struct config c;

	if (!dump && !(o->nargs > 1 && str_eq(o->args[1], "default")))
		return err_set(e, ERR_INVALID, "usage: containerd config default | dump");
	config_default(&c);
	if (dump && load_config(a, o, &c, e) < 0)
		return -1;
	config_dump(&c, &text);
	fputs(text.data, stdout);
	return 0;
}

static int run_publish(struct arena *a, const struct options *o, struct err *e)
{
	struct config c;

	if (load_config(a, o, &c, e) < 0)
		return -1;
	return publish_event(c.grpc_address, o->ns, o->topic, STDIN_FILENO, e);
}

static const struct command {
	const char *name;
	int (*run)(struct arena *a, const struct options *o, struct err *e);
} commands[] = {
	{ "config", run_config },
	{ "publish", run_publish },
};

static int run(struct arena *a, const struct options *o, struct err *e)
{
	if (o->nargs == 0)
		return run_daemon(a, o, e);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (str_eq(o->args[0], commands[i].name))
			return commands[i].run(a, o, e);
	return err_set(e, ERR_UNIMPLEMENTED, "unknown command \"%s\"", o->args[0]);
}

int main(unused_arg int argc, char **argv)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct options o = { 0 };
	struct err e = { 0 };
	struct flag_args args = { .words = o.args, .max = ARRAY_LEN(o.args) };

	if (flags_parse(flags, ARRAY_LEN(flags), argv + 1, &o, &args, &e) < 0) {
		fprintf(stderr, "containerd: %s\n", e.text);
		return 1;
	}
	o.nargs = args.n;
	if (o.help) {
		printf("usage: containerd [flags] [config default|dump | publish]\n\n");
		flags_help(flags, ARRAY_LEN(flags), stdout);
		return 0;
	}
	if (o.version) {
		printf("containerd %s %s %s\n", CONTAINERD_PACKAGE, CONTAINERD_VERSION,
		       CONTAINERD_REVISION);
		return 0;
	}
	if (run(&a, &o, &e) < 0) {
		fprintf(stderr, "containerd: %s\n", e.text);
		return 1;
	}
	return 0;
}
