/*
 * ctr: containerd's debugging client. Finds the command in the table (commands.c), reads its flags,
 * runs it; prints help from the same tables.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "ctr/ctr.h"
#include "base/log.h"
#include "base/str.h"

#define EXIT_NO_TOPIC 3 /* of the original, for a command that it does not know */

struct globals {
	const char *address, *ns;
	bool help, version, debug;
};

#define G(kind, member, name, letter, help)                                              \
	{                                                                                \
		name, letter, FLAG_##kind, offsetof(struct globals, member), help, false \
	}
static const struct flag global_rows[] = {
	G(BOOL, debug, "debug", "", "enable debug output in logs"),
	G(STRING, address, "address", "a", "address for containerd's GRPC server"),
	G(STRING, ns, "namespace", "n", "namespace to use with commands"),
	G(BOOL, help, "help", "h", "show help"),
	G(BOOL, version, "version", "v", "print the version"),
};
static const struct flag_table global_table = { global_rows, ARRAY_LEN(global_rows) };

/* Is `name` one of a blank-separated list of names? */
static bool is_one_of(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; *p; p += strcspn(p, " "), p += *p == ' ')
		if (strcspn(p, " ") == n && memcmp(p, name, n) == 0)
			return true;
	return false;
}

/* ---- help ---- */

static void print_names(const char *names, const char *help)
{
	char text[64];
	size_t n = 0;

	for (const char *p = names; *p && n + 3 < sizeof(text); p++) {
		text[n++] = *p == ' ' ? ',' : *p;
		if (*p == ' ')
			text[n++] = ' ';
	}
	text[n] = '\0';
	printf("   %-24s %s\n", text, help);
}

static void print_commands(const char *group)
{
	printf("COMMANDS:\n");
	for (size_t i = 0; i < ctr_ncommands; i++)
		if (str_eq(ctr_commands[i].group, group))
			print_names(ctr_commands[i].names, ctr_commands[i].help);
	for (size_t i = 0; i < ctr_ngroups && !group; i++)
		print_names(ctr_groups[i].names, ctr_groups[i].help);
}

static void print_usage(void)
{
	printf("NAME:\n   ctr - containerd CLI\n\n"
	       "USAGE:\n   ctr [global options] command [command options] [arguments...]\n\n");
	print_commands(NULL);
	printf("\nGLOBAL OPTIONS:\n");
	goflags_print_help(&global_table);
}

static void print_group(const char *name, const char *help)
{
	printf("NAME:\n   ctr %s - %s\n\nUSAGE:\n   ctr %s command [command options] "
	       "[arguments...]\n\n",
	       name, help, name);
	print_commands(name);
}

static void print_command(const struct ctr_command *cmd)
{
	const struct flag_table flags = { cmd->flags, cmd->nflags };
	const char *group = cmd->group ? cmd->group : "";
	int n = (int)strcspn(cmd->names, " ");

	printf("NAME:\n   ctr %s%s%.*s - %s\n\nUSAGE:\n   ctr %s%s%.*s %s%s\n", group,
	       *group ? " " : "", n, cmd->names, cmd->help, group, *group ? " " : "", n, cmd->names,
	       cmd->nflags ? "[command options] " : "", cmd->usage);
	if (cmd->nflags) {
		printf("\nOPTIONS:\n");
		goflags_print_help(&flags);
	}
}

/* ---- running ---- */

static int parse_options(struct ctr *c, const struct ctr_command *cmd, const struct strs *words,
                         struct err *e)
{
	const struct flag_table flags = { cmd->flags, cmd->nflags };

	if (goflags_parse(&c->a, &flags, words, cmd->program, &c->o, &c->args, e) < 0)
		return -1;
	if (c->args.n < cmd->min && cmd->few)
		return err_set(e, ERR_INVALID, "%s", cmd->few);
	if (!str_empty(c->o.snapshotter))
		c->snapshotter = c->o.snapshotter;
	return 0;
}

static int run_command(struct ctr *c, const struct ctr_command *cmd, const struct strs *words,
                       struct err *e)
{
	int r;

	if (words->n && (str_eq(words->v[0], "--help") || str_eq(words->v[0], "-h"))) {
		print_command(cmd);
		return 0;
	}
	if (!cmd->run)
		return err_set(e, ERR_UNIMPLEMENTED, "%.*s is not there yet",
		               (int)strcspn(cmd->names, " "), cmd->names);
	if (parse_options(c, cmd, words, e) < 0)
		return -1;
	if (c->args.n < cmd->min) {
		print_command(cmd);
		return 0;
	}
	c->client = grpc_client_new(c->address, c->ns);
	r = cmd->run(c, e);
	if (!c->abandoned)
		grpc_client_free(c->client);
	return r;
}

static const struct ctr_group *find_group(const char *name)
{
	for (size_t i = 0; i < ctr_ngroups; i++)
		if (is_one_of(ctr_groups[i].names, name))
			return &ctr_groups[i];
	return NULL;
}

static const struct ctr_command *find(const char *group, const char *name)
{
	for (size_t i = 0; i < ctr_ncommands; i++)
		if (str_eq(ctr_commands[i].group, group) && is_one_of(ctr_commands[i].names, name))
			return &ctr_commands[i];
	return NULL;
}

static int dispatch(struct ctr *c, const struct strs *words, struct err *e)
{
	const struct ctr_group *group = find_group(words->v[0]);
	size_t used = group ? 2 : 1;
	const char *name = words->v[used - 1]; /* NULL behind the last */
	char *first = group ? arena_strndup(&c->a, group->names, strcspn(group->names, " ")) : NULL;
	const struct ctr_command *cmd;
	struct strs rest;

	if (group && (!name || str_eq(name, "--help") || str_eq(name, "-h"))) {
		print_group(first, group->help);
		return 0;
	}
	cmd = find(first, name);
	if (!cmd) {
		fprintf(stderr, "No help topic for '%s'\n", name);
		return EXIT_NO_TOPIC;
	}
	rest = (struct strs){ .n = words->n - used, .v = words->v + used };
	return run_command(c, cmd, &rest, e);
}

static const char *from_environment(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return str_empty(value) ? otherwise : value;
}

static int run(struct ctr *c, const struct strs *args, struct err *e)
{
	struct globals g = { .address = from_environment("CONTAINERD_ADDRESS", CTR_ADDRESS),
		             .ns = from_environment("CONTAINERD_NAMESPACE", "default") };
	struct strs words = { 0 };

	if (goflags_parse(&c->a, &global_table, args, true, &g, &words, e) < 0)
		return -1;
	if (g.version) {
		printf("ctr %s\n", LIGHTER_VERSION);
		return 0;
	}
	if (g.help || words.n == 0 || str_eq(words.v[0], "help")) {
		print_usage();
		return 0;
	}
	log_setup(STDERR_FILENO, g.debug ? LOG_DEBUG : LOG_INFO, LOG_TEXT);
	arena_push(&c->a, &words, NULL);
	words.n--;
	c->address = str_after(g.address, "unix://") ? str_after(g.address, "unix://") : g.address;
	c->ns = g.ns;
	c->snapshotter = from_environment("CONTAINERD_SNAPSHOTTER", CTR_SNAPSHOTTER);
	return dispatch(c, &words, e);
}

int main(int argc, char **argv)
{
	struct strs args = { .n = (size_t)(argc ? argc - 1 : 0), .v = (const char **)argv + 1 };
	struct err e = { 0 };
	struct ctr c = { 0 };
	int code = run(&c, &args, &e);

	if (code < 0) {
		fprintf(stderr, "ctr: %s\n", e.text);
		code = 1;
	}
	arena_free(&c.a);
	return code;
}
