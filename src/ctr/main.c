/*
 * ctr: containerd's debugging client. The table has the original's commands; those without a
 * function say that they are not there yet. A command is a row here and a file of its own.
 */
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "ctr/ctr.h"

static const struct command {
	const char *name, *alias;
	int (*run)(const struct ctr *c, struct err *e);
	const char *help;
} commands[] = {
	{ "version", NULL, ctr_version, "versions of client and server" },
	{ "containers", "c", NULL, "manage containers" },
	{ "content", NULL, NULL, "manage content" },
	{ "events", "event", NULL, "show events" },
	{ "images", "i", NULL, "manage images" },
	{ "info", NULL, NULL, "show what the server says about itself" },
	{ "leases", NULL, NULL, "manage leases" },
	{ "namespaces", "ns", NULL, "manage namespaces" },
	{ "oci", NULL, NULL, "print runtime specifications" },
	{ "plugins", "plugin", NULL, "list plugins" },
	{ "pprof", NULL, NULL, "profile the server" },
	{ "run", NULL, NULL, "run a container" },
	{ "snapshots", "snapshot", NULL, "manage snapshots" },
	{ "tasks", "t", NULL, "manage running containers" },
	{ "install", NULL, NULL, "install a package from an image" },
	{ "shim", NULL, NULL, "talk to a shim" },
};

static void usage(FILE *out)
{
	fprintf(out, "usage: ctr [--address SOCKET] [--namespace NS] COMMAND\n\ncommands:\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %-12s %s%s\n", commands[i].name, commands[i].help,
		        commands[i].run ? "" : " (not there yet)");
}

/* --name VALUE, --name=VALUE, -n VALUE; the number of words that it took, 0 if it is another flag. */
static int take_flag(char **argv, const char *name, const char *letter, const char **value)
{
	const char *text = argv[0], *rest = str_after(text, name);

	if (rest && *rest == '=') {
		*value = rest + 1;
		return 1;
	}
	if ((str_eq(text, name) || str_eq(text, letter)) && argv[1]) {
		*value = argv[1];
		return 2;
	}
	return 0;
}

/* The global flags; returns where the command begins. */
static char **parse(char **argv, struct ctr *c, struct err *e)
{
	while (*argv && **argv == '-') {
		int n = take_flag(argv, "--address", "-a", &c->address);

		if (n == 0)
			n = take_flag(argv, "--namespace", "-n", &c->ns);
		if (n == 0) {
			err_set(e, ERR_INVALID, "flag %s is not there yet", *argv);
			return NULL;
		}
		argv += n;
	}
	return argv;
}

static int run(const char *name, const struct ctr *c, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (!str_eq(name, commands[i].name) && !str_eq(name, commands[i].alias))
			continue;
		if (commands[i].run)
			return commands[i].run(c, e);
		return err_set(e, ERR_UNIMPLEMENTED, "%s: not there yet", commands[i].name);
	}
	return err_set(e, ERR_INVALID, "no such command: %s", name);
}

int main(unused_arg int argc, char **argv)
{
	const char *address = getenv("CONTAINERD_ADDRESS"), *ns = getenv("CONTAINERD_NAMESPACE");
	struct ctr c = { .address = str_empty(address) ? CTR_ADDRESS : address,
		         .ns = str_empty(ns) ? "default" : ns };
	struct err e = { 0 };
	char **args;

	if (argv[1] && (str_eq(argv[1], "--version") || str_eq(argv[1], "-v"))) {
		printf("ctr %s\n", LIGHTER_VERSION);
		return 0;
	}
	if (!argv[1] || str_eq(argv[1], "--help") || str_eq(argv[1], "-h")) {
		usage(stdout);
		return 0;
	}
	args = parse(argv + 1, &c, &e);
	if (args && !*args)
		usage(stdout);
	else if (!args || run(*args, &c, &e) < 0)
		fprintf(stderr, "ctr: %s\n", e.text);
	return e.kind != ERR_NONE;
}
