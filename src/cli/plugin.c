/* See plugin.h. */
#include "cli/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/proc.h"

#define PREFIX "docker-"

JSON_TYPE(plugin, PLUGIN)

static const char *const system_dirs[] = {
	"/usr/local/lib/docker/cli-plugins",
	"/usr/local/libexec/docker/cli-plugins",
	"/usr/lib/docker/cli-plugins",
	"/usr/libexec/docker/cli-plugins",
};

/* Lower-case letters and digits: a name never leaves the folders. */
static bool name_ok(const char *name)
{
	return *name >= 'a' && *name <= 'z' &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789")];
}

/* --- what a candidate says of itself --- */

/* Its standard output, and how it ended: the exit code. */
static int run_metadata(struct arena *a, const char *path, struct slice *out, struct err *e)
{
	const char *argv[] = { path, "docker-cli-plugin-metadata", NULL };
	_cleanup_close_ int from = -1, to = -1;
	char *text = arena_alloc(a, LIMIT_SMALL_FILE + 1);
	int fds[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(e, errno, "create pipe");
	from = fds[0];
	to = fds[1];
	pid = proc_spawn(&(struct proc_spawn){ .file = path,
	                                       .argv = argv,
	                                       .fd = { PROC_NULL, to, PROC_NULL } },
	                 NULL, e);
	if (pid < 0)
		return -1;
	fd_close(&to);
	n = fd_read_full(from, text, LIMIT_SMALL_FILE, e);
	fd_close(&from);
	*out = (struct slice){ text, n < 0 ? 0 : (size_t)n };
	return n < 0 ? -1 : proc_wait(pid, e);
}

static const char *fetch(struct arena *a, struct plugin *p)
{
	const char *name = p->name, *path = p->path;
	struct err e = { 0 };
	struct slice text;
	int status = run_metadata(a, path, &text, &e);

	if (status > 0)
		return arena_printf(a, "failed to fetch metadata: exit status %d", status);
	if (status < 0 || json_decode(a, &plugin_type, text, p, &e) < 0) {
		*p = (struct plugin){ .name = name, .path = path };
		return arena_strdup(a, e.text);
	}
	p->name = name;
	p->path = path;
	if (!str_eq(p->schema, "0.1.0"))
		return arena_printf(a, "plugin SchemaVersion \"%s\" is not valid, must be 0.1.0",
		                    p->schema ? p->schema : "");
	return str_empty(p->vendor) ? "plugin metadata does not define a vendor" : NULL;
}

static bool built_in(const char *name)
{
	if (command_find(NULL, name))
		return true;
	for (size_t i = 0; i < ncommand_groups; i++)
		if (str_eq(command_groups[i].name, name))
			return true;
	return false;
}

static void examine(struct arena *a, struct plugin *p)
{
	const char *name = p->name;

	if (!name_ok(name))
		p->error = arena_printf(
		        a, "plugin candidate \"%s\" did not match \"^[a-z][a-z0-9]*$\"", name);
	else if (built_in(name))
		p->error = arena_printf(a, "plugin \"%s\" duplicates builtin command", name);
	else
		p->error = fetch(a, p);
}

/* --- where they are --- */

/* The folders, first the user's. */
static struct strs folders(struct cli *cli)
{
	struct strs all = { 0 };

	for (size_t i = 0; i < cli->config.plugin_dirs.n; i++)
		arena_push(&cli->arena, &all, cli->config.plugin_dirs.v[i]);
	arena_push(&cli->arena, &all,
	           (const char *)path_join(&cli->arena, cli->config_dir, "cli-plugins"));
	for (size_t i = 0; i < ARRAY_LEN(system_dirs); i++)
		arena_push(&cli->arena, &all, system_dirs[i]);
	return all;
}

static const char *in_dir(struct cli *cli, const char *dir, const char *name)
{
	const char *path = arena_printf(&cli->arena, "%s/" PREFIX "%s", dir, name);

	return access(path, X_OK) == 0 ? path : NULL;
}

const char *plugin_find(struct cli *cli, const char *name)
{
	struct strs dirs = folders(cli);

	for (size_t i = 0; name_ok(name) && i < dirs.n; i++) {
		struct plugin p = { .name = name, .path = in_dir(cli, dirs.v[i], name) };

		if (p.path)
			return fetch(&cli->arena, &p) ? NULL : p.path;
	}
	return NULL;
}

struct listing {
	struct cli *cli;
	struct plugins *out;
	const char *dir;
};

static int add_candidate(void *arg, int dirfd unused_arg, const char *file)
{
	struct listing *l = arg;
	const char *name = str_after(file, PREFIX);
	struct plugin p = { 0 };

	if (!name)
		return 0;
	for (size_t i = 0; i < l->out->n; i++)
		if (str_eq(l->out->v[i].name, name))
			return 0;
	p.name = arena_strdup(&l->cli->arena, name);
	p.path = in_dir(l->cli, l->dir, name);
	if (p.path)
		arena_push(&l->cli->arena, l->out, p);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct plugin *)a)->name, ((const struct plugin *)b)->name);
}

void plugins_list(struct cli *cli, struct plugins *out)
{
	struct strs dirs = folders(cli);

	*out = (struct plugins){ 0 };
	for (size_t i = 0; i < dirs.n; i++) {
		struct listing l = { cli, out, dirs.v[i] };
		struct err missing = { 0 };

		if (dir_each(AT_FDCWD, dirs.v[i], add_candidate, &l, &missing) < 0)
			err_clear(&missing);
	}
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_name);
	for (size_t i = 0; i < out->n; i++)
		examine(&cli->arena, &out->v[i]);
}

/* --- being one --- */

/* The command line as it is: the plugin reads the global options itself. */
static struct strs plugin_words(struct cli *cli, const char *path, const char *const *argv)
{
	struct strs words = { 0 };

	arena_push(&cli->arena, &words, path);
	for (size_t i = 0; i < cli->nglobal; i++)
		arena_push(&cli->arena, &words, cli->words[i]);
	if (str_eq(argv[0], "build") || str_eq(argv[0], "builder")) { /* they belong to buildx */
		arena_push(&cli->arena, &words, "buildx");
		argv += str_eq(argv[0], "builder");
	}
	for (; *argv; argv++)
		arena_push(&cli->arena, &words, *argv);
	arena_push(&cli->arena, &words, (const char *)NULL);
	return words;
}

int plugin_exec(struct cli *cli, const char *path, const char *const *argv, struct err *e)
{
	struct strs words = plugin_words(cli, path, argv);

	setenv("DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND", cli->program, 1);
	execv(path, (char *const *)words.v);
	return err_errno(e, errno, "start plugin %s", path);
}
