/*
 * ctr's commands: a table (commands.c), one file a subject. Words, tables and messages are those of
 * containerd 1.6's ctr.
 */
#ifndef CTR_CTR_H
#define CTR_CTR_H

#include "base/arena.h"
#include "base/err.h"
#include "base/goflags.h"
#include "proto/pairs.pb-c.h"
#include "rpc/grpc_client.h"
#include "rpc/wkt.h"

#define CTR_ADDRESS     "/run/containerd/containerd.sock"
#define CTR_SNAPSHOTTER "overlayfs"

/* All flags of all commands; each command's table says which it has. */
struct ctr_options {
	bool all, bytes, detach, force, keep_snapshot, net_host, null_io, quiet;
	bool read_only, replace_all, rm, spec, sync, tty;
	const char *cwd, *exec_id, *fifo_dir, *id, *log_uri, *pid_file, *runc_binary, *runtime;
	const char *signal, *snapshotter, *user;
	struct strs env, label;
	int64_t memory_limit;
};

/* One command line. Everything lives in the arena until the program ends. */
struct ctr {
	const char *address, *ns, *snapshotter;
	struct arena a;
	struct grpc_client *client;
	struct ctr_options o;
	struct strs args;
	bool abandoned; /* a thread still uses the client */
};

/* The exit code, or -1 with the error. */
typedef int ctr_fn(struct ctr *c, struct err *e);

struct ctr_command {
	const char *group; /* of command_groups, or NULL */
	const char *names; /* "list ls" */
	const char *usage, *help;
	const struct flag *flags;
	size_t nflags;
	bool program;    /* what follows the first argument belongs to a program */
	size_t min;      /* arguments */
	const char *few; /* the error when there are fewer; NULL shows the help instead */
	ctr_fn *run;     /* NULL: not there yet */
};
struct ctr_group {
	const char *names, *help;
};
extern const struct ctr_command ctr_commands[];
extern const size_t ctr_ncommands;
extern const struct ctr_group ctr_groups[];
extern const size_t ctr_ngroups;

ctr_fn ctr_version;
ctr_fn ctr_namespace_list, ctr_namespace_create, ctr_namespace_remove, ctr_namespace_label;
ctr_fn ctr_image_list, ctr_image_remove, ctr_image_tag, ctr_image_label;
ctr_fn ctr_container_list, ctr_container_info, ctr_container_remove, ctr_container_label;
ctr_fn ctr_task_list, ctr_task_ps, ctr_task_kill, ctr_task_pause, ctr_task_resume, ctr_task_remove;
ctr_fn ctr_task_exec, ctr_task_start, ctr_task_attach, ctr_run;
ctr_fn ctr_snapshot_list, ctr_snapshot_remove, ctr_snapshot_usage, ctr_snapshot_tree,
        ctr_snapshot_mounts, ctr_snapshot_info;
ctr_fn ctr_content_list, ctr_content_get, ctr_content_remove, ctr_content_active;
ctr_fn ctr_lease_list, ctr_lease_create, ctr_lease_remove;
ctr_fn ctr_plugin_list, ctr_events;

/* One call; an error ends with its kind, as Go's clients have it ("...: not found"). */
int ctr_call(struct ctr *c, enum rpc_method_id method, const void *req, void *resp, struct err *e)
        must_check;

/* All messages of a server stream, one after another. */
typedef int ctr_message_fn(struct ctr *c, const void *message, void *arg, struct err *e);
int ctr_stream(struct ctr *c, enum rpc_method_id method, const void *req, ctr_message_fn *fn,
               void *arg, struct err *e) must_check;

/* A whole blob. */
int ctr_blob(struct ctr *c, const char *digest, struct buf *out, struct err *e) must_check;

static inline const char *ctr_text(const char *s)
{
	return s ? s : "";
}

/* ---- labels: "a=b,c=d", sorted ---- */

struct ctr_labels {
	size_t n;
	Pairs__StringPair **v;
};
void ctr_labels_sort(size_t n, Pairs__StringPair **v);
const char *ctr_labels_text(struct ctr *c, size_t n, Pairs__StringPair **v); /* sorts them */
/* key=value words from args.v[from] on; a word without "=" is true. */
int ctr_labels_parse(struct ctr *c, const struct strs *words, size_t from, struct ctr_labels *out,
                     struct err *e) must_check;
/* An update mask with "labels.KEY" for each; plain "labels" when all are replaced. */
Google__FieldMask *ctr_labels_mask(struct ctr *c, const struct ctr_labels *l, bool replace);

/* ---- tables, as Go's text/tabwriter lays them out ---- */

struct ctr_table {
	struct ctr *c;
	size_t min, padding; /* of a column */
	size_t n;
	struct ctr_row *v;
};
struct ctr_row {
	size_t n;
	const char **v;
	const char *rest; /* behind the last column, not aligned; or NULL */
};
#define CTR_TABLE_WIDE(c)  ((struct ctr_table){ (c), 4, 4, 0, NULL })
#define CTR_TABLE_TIGHT(c) ((struct ctr_table){ (c), 1, 1, 0, NULL })
/* Cells of a row, ended by NULL, then what stands behind them, or NULL. */
void ctr_row(struct ctr_table *t, ...);
void ctr_table_print(const struct ctr_table *t);

/* A protobuf message, as Go prints it in JSON. */
const char *ctr_message_json(struct ctr *c, const void *message);

/* "1012.6 KiB" */
const char *ctr_bytes(struct ctr *c, int64_t n);

#endif
