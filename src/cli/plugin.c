/*
 * CLI plugins: programs named docker-NAME that add the command NAME (compose, buildx).
 * Contract: https://docs.docker.com/engine/cli-plugins; a call is
 * `docker-NAME [global options] NAME ARGS...`.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/cli.h"

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

static const char *in_dir(struct cli *cli, const char *dir, const char *name)
{
	const char *path = arena_printf(&cli->arena, "%s/docker-%s", dir, name);

	return access(path, X_OK) == 0 ? path : NULL;
}

const char *plugin_find(struct cli *cli, const char *name)
{
	const char *path = NULL;

	if (!name_ok(name))
		return NULL;
	for (size_t i = 0; !path && i < cli->config.plugin_dirs.n; i++)
		path = in_dir(cli, cli->config.plugin_dirs.v[i], name);
	if (!path)
		path = in_dir(cli, path_join(&cli->arena, cli->config_dir, "cli-plugins"), name);
	for (size_t i = 0; !path && i < ARRAY_LEN(system_dirs); i++)
		path = in_dir(cli, system_dirs[i], name);
	return path;
}

/* The command line as it is: the plugin reads the global options itself. */
static struct strs plugin_words(struct cli *cli, const char *path, const char *const *argv)
{
	const char *name = strrchr(path, '-') + 1;
	struct strs words = { 0 };

	arena_push(&cli->arena, &words, path);
	for (size_t i = 0; i < cli->nglobal; i++)
		arena_push(&cli->arena, &words, cli->words[i]);
	if (!str_eq(name, argv[0])) /* `docker build` is `docker-buildx buildx build` */
		arena_push(&cli->arena, &words, name);
	for (; *argv; argv++)
		arena_push(&cli->arena, &words, *argv);
	arena_push(&cli->arena, &words, (const char *)NULL);
	return words;
}

int plugin_exec(struct cli *cli, const char *path, const char *const *argv, struct err *e)
{
	struct strs words = plugin_words(cli, path, argv);

	setenv("DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND", "docker", 1);
	execv(path, (char *const *)words.v);
	return err_errno(e, errno, "start plugin %s", path);
}
