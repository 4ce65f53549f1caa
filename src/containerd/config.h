/*
 * The configuration: defaults, then the file (version 2 of containerd's format), then the flags.
 * One table (config.c) lists the keys; reading, dumping and the flags come from it.
 */
#ifndef CONTAINERD_CONFIG_H
#define CONTAINERD_CONFIG_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define CONFIG_FILE "/etc/containerd/config.toml"

struct config {
	int64_t version;
	const char *root, *state;
	struct strs disabled_plugins;
	int64_t oom_score;
	const char *grpc_address;
	int64_t grpc_uid, grpc_gid;
	const char *ttrpc_address; /* "": the gRPC address with .ttrpc behind it */
	const char *debug_level;
};

void config_default(struct config *c);

/* Keys that are not in the table are skipped with a line in the log. */
int config_read(struct arena *a, const char *path, struct config *c, struct err *e) must_check;

/* As TOML. */
void config_dump(const struct config *c, struct buf *out);

/* Fills in what depends on the rest, and refuses what cannot work. */
int config_finish(struct arena *a, struct config *c, struct err *e) must_check;

#endif
