/*
 * ctr run: snapshot, container, task, streams. What was made is taken away again when a later step
 * fails; with --rm it is at the end, too. (ctr tasks start: of a container that is there.)
 */
#include "ctr/run.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "ctr/containers.h"
#include "ctr/terminal.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/runc.pb-c.h"
#include "proto/snapshots.pb-c.h"
#include "proto/tasks.pb-c.h"

#define RUNTIME           "io.containerd.runc.v2"
#define SPEC_URL          "types.containerd.io/opencontainers/runtime-spec/1/Spec"
#define GC_ROOT_LABEL     "containerd.io/gc.root"
#define STOP_SIGNAL_LABEL "io.containerd.image.config.stop-signal"

struct rootfs {
	size_t n;
	Types__Mount **v;
};

static void add_label(struct ctr *c, struct ctr_labels *l, const char *key, const char *value)
{
	Pairs__StringPair *p = pb_new(&c->a, pairs__string_pair, Pairs__StringPair);

	p->key = key;
	p->value = value;
	arena_push(&c->a, l, p);
}

/* The garbage collector leaves it alone until the container refers to it. */
static int prepare(struct ctr *c, const struct ctr_image *image, const char *key, struct err *e)
{
	Snapshots__PrepareSnapshotRequest req = SNAPSHOTS__PREPARE_SNAPSHOT_REQUEST__INIT;
	struct ctr_labels labels = { 0 };
	void *resp;

	add_label(c, &labels, GC_ROOT_LABEL, "ctr");
	req.snapshotter = c->snapshotter;
	req.key = key;
	req.parent = ctr_chain_id(c, &image->config.rootfs->diff_ids);
	req.n_labels = labels.n;
	req.labels = labels.v;
	return ctr_call(c, RPC_SNAPSHOTS_PREPARE, &req, &resp, e);
}

static int drop_snapshot(struct ctr *c, const char *key, struct err *e)
{
	Snapshots__RemoveSnapshotRequest req = SNAPSHOTS__REMOVE_SNAPSHOT_REQUEST__INIT;
	void *resp;

	req.snapshotter = c->snapshotter;
	req.key = key;
	return ctr_call(c, RPC_SNAPSHOTS_REMOVE, &req, &resp, e);
}

static Google__Any *runtime_options(struct ctr *c)
{
	Runc__Options o = RUNC__OPTIONS__INIT;

	o.binary_name = c->o.runc_binary;
	return wkt_any(&c->a, &o);
}

static int labels_of(struct ctr *c, const struct ctr_image *image, struct ctr_labels *out,
                     struct err *e)
{
	const struct oci_image_params *p = image->config.config;

	if (ctr_labels_parse(c, &c->o.label, 0, out, e) < 0)
		return -1;
	for (size_t i = 0; p && i < p->labels.n; i++)
		add_label(c, out, p->labels.v[i].key, p->labels.v[i].value);
	add_label(c, out, STOP_SIGNAL_LABEL,
	          p && !str_empty(p->stop_signal) ? p->stop_signal : "SIGTERM");
	return 0;
}

static int create_container(struct ctr *c, const struct ctr_image *image, const char *id,
                            struct err *e)
{
	Containers__CreateContainerRequest req = CONTAINERS__CREATE_CONTAINER_REQUEST__INIT;
	Containers__Container__Runtime runtime = CONTAINERS__CONTAINER__RUNTIME__INIT;
	Containers__Container made = CONTAINERS__CONTAINER__INIT;
	struct ctr_labels labels;
	struct oci_spec spec;
	void *resp;

	if (run_spec(c, image, id, &spec, e) < 0 || labels_of(c, image, &labels, e) < 0)
		return -1;
	runtime.name = str_empty(c->o.runtime) ? RUNTIME : c->o.runtime;
	runtime.options = runtime_options(c);
	made.id = made.snapshot_key = id;
	made.image = image->name;
	made.snapshotter = c->snapshotter;
	made.runtime = &runtime;
	made.spec = wkt_any_raw(&c->a, SPEC_URL, slice_of(json_text(&c->a, &oci_spec_type, &spec)));
	made.n_labels = labels.n;
	made.labels = labels.v;
	req.container = &made;
	return ctr_call(c, RPC_CONTAINERS_CREATE, &req, &resp, e);
}

static int make(struct ctr *c, const struct ctr_image *image, const char *id, struct err *e)
{
	struct err ignored = { 0 };

	if (prepare(c, image, id, e) < 0)
		return -1;
	if (create_container(c, image, id, e) == 0)
		return 0;
	if (drop_snapshot(c, id, &ignored) < 0)
		log_warn_of(&ignored, "snapshot %s", id);
	return -1;
}

/* ---- the task ---- */

static int mounts_of(struct ctr *c, const Containers__Container *found, struct rootfs *out,
                     struct err *e)
{
	Snapshots__MountsRequest req = SNAPSHOTS__MOUNTS_REQUEST__INIT;
	Snapshots__MountsResponse *resp;

	*out = (struct rootfs){ 0 };
	if (str_empty(found->snapshot_key))
		return 0;
	req.snapshotter = found->snapshotter;
	req.key = found->snapshot_key;
	if (ctr_call(c, RPC_SNAPSHOTS_MOUNTS, &req, &resp, e) < 0)
		return -1;
	*out = (struct rootfs){ resp->n_mounts, resp->mounts };
	return 0;
}

static int create_task(struct ctr *c, const char *id, const struct ctr_io *io, struct err *e)
{
	Tasks__CreateTaskRequest req = TASKS__CREATE_TASK_REQUEST__INIT;
	Containers__Container *found;
	struct rootfs rootfs;
	void *resp;

	if (ctr_container_get(c, id, &found, e) < 0 || mounts_of(c, found, &rootfs, e) < 0)
		return -1;
	req.container_id = id;
	req.n_rootfs = rootfs.n;
	req.rootfs = rootfs.v;
	req.stdin = io->in;
	req.stdout = io->out;
	req.stderr = io->err;
	pb_set(&req, terminal, io->terminal);
	req.options = found->runtime ? found->runtime->options : NULL;
	return ctr_call(c, RPC_TASKS_CREATE, &req, &resp, e);
}

static int write_pid(struct ctr *c, const struct ctr_process *p, struct err *e)
{
	char *text = arena_printf(&c->a, "%u", (unsigned)p->pid);

	return str_empty(c->o.pid_file)
	               ? 0
	               : file_write(AT_FDCWD, c->o.pid_file, text, strlen(text), 0644, e);
}

/* Creates and starts the task of a container; the exit code, or 0 when detached. */
static int run_task(struct ctr *c, const char *id, struct err *e)
{
	_cleanup_io_ struct ctr_io io = CTR_IO_NONE;
	struct ctr_process p = { .id = id };
	int code;

	if (ctr_io_open(c, id, &io, e) < 0 || create_task(c, id, &io, e) < 0)
		return -1;
	if (c->o.detach) {
		if (ctr_process_start(c, &p, e) == 0 && write_pid(c, &p, e) == 0)
			return 0;
		ctr_process_give_up(c, &p);
		return -1;
	}
	code = ctr_process_follow(c, &p, &io, e);
	return code < 0 || ctr_process_delete(c, &p, e) < 0 ? -1 : code;
}

int ctr_task_start(struct ctr *c, struct err *e)
{
	Containers__Container *found;
	struct oci_spec spec = { 0 };
	struct slice text;

	if (ctr_container_get(c, c->args.v[0], &found, e) < 0)
		return -1;
	if (found->spec) {
		text = (struct slice){ (const char *)found->spec->value.data,
			               found->spec->value.len };
		if (json_decode(&c->a, &oci_spec_type, text, &spec, e) < 0)
			return -1;
	}
	c->o.tty = spec.process && spec.process->terminal;
	terminal_block_signals(c->o.tty);
	return run_task(c, c->args.v[0], e);
}

int ctr_run(struct ctr *c, struct err *e)
{
	const char *id = c->args.v[1];
	struct err ignored = { 0 };
	Images__Image *found;
	struct ctr_image image;
	int code;

	if (c->o.rm && c->o.detach)
		return err_set(e, ERR_INVALID,
		               "flags --detach and --rm cannot be specified together");
	terminal_block_signals(c->o.tty);
	if (ctr_image_get(c, c->args.v[0], &found, e) < 0 ||
	    ctr_image_read(c, found, &image, e) < 0 || make(c, &image, id, e) < 0)
		return -1;
	code = run_task(c, id, e);
	if (c->o.rm && ctr_container_delete(c, id, false, &ignored) < 0)
		log_error_of(&ignored, "failed to cleanup container");
	return code;
}
