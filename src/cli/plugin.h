/*
 * CLI plugins: programs named docker-NAME that add the command NAME (compose, buildx).
 * Contract: https://docs.docker.com/engine/cli-plugins; what one is it tells when it is called with
 * docker-cli-plugin-metadata, a call is `docker-NAME [global options] NAME ARGS...`.
 */
#ifndef CLI_PLUGIN_H
#define CLI_PLUGIN_H

#include "cli/cli.h"

/* What `info` shows of one: its own words, then what we found. */
#define PLUGIN(F)                                    \
	F(STR, schema, "SchemaVersion", OMIT_EMPTY)  \
	F(STR, vendor, "Vendor", OMIT_EMPTY)         \
	F(STR, version, "Version", OMIT_EMPTY)       \
	F(STR, help, "ShortDescription", OMIT_EMPTY) \
	F(STR, url, "URL", OMIT_EMPTY)               \
	F(BOOL, hidden, "Hidden", OMIT_EMPTY)        \
	F(STR, name, "Name", OMIT_EMPTY)             \
	F(STR, path, "Path", OMIT_EMPTY)             \
	F(STR, error, "Err", OMIT_EMPTY) /* why it is none */
JSON_STRUCT(plugin, PLUGIN)

struct plugins {
	size_t n;
	struct plugin *v;
};

/* All candidates, by name; those that are no plugins have their error. Starts each of them. */
void plugins_list(struct cli *cli, struct plugins *out);

/* Path of a plugin's program in the arena, or NULL when there is no valid one. */
const char *plugin_find(struct cli *cli, const char *name);

/* Becomes the plugin; returns only when that fails. */
int plugin_exec(struct cli *cli, const char *path, const char *const *argv, struct err *e);

#endif
