/*
 * The tables of ctr's commands and their flags. A row without a function is a command of the
 * original that is not there yet: it says so.
 */
#include "ctr/ctr.h"

#define F(kind, member, name, letter, help)                                                  \
	{                                                                                    \
		name, letter, FLAG_##kind, offsetof(struct ctr_options, member), help, false \
	}
#define QUIET(what) F(BOOL, quiet, "quiet", "q", "print only the " what)

static const struct flag quiet_flags[] = { QUIET("names") };
static const struct flag usage_flags[] = { F(BOOL, bytes, "b", "", "display size in bytes") };
static const struct flag image_remove_flags[] = {
	F(BOOL, sync, "sync", "", "remove the image and all that only it needs before returning"),
};
static const struct flag image_tag_flags[] = {
	F(BOOL, force, "force", "", "even when the target is there already"),
};
static const struct flag image_label_flags[] = {
	F(BOOL, replace_all, "replace-all", "r", "replace all labels"),
};
static const struct flag container_info_flags[] = {
	F(BOOL, spec, "spec", "", "only display the spec"),
};
static const struct flag container_remove_flags[] = {
	F(BOOL, keep_snapshot, "keep-snapshot", "", "leave the container's snapshot"),
};
static const struct flag kill_flags[] = {
	F(STRING, signal, "signal", "s", "signal to send to the container"),
	F(STRING, exec_id, "exec-id", "", "process to send it to"),
	F(BOOL, all, "all", "a", "send it to all processes inside the container"),
};
static const struct flag task_remove_flags[] = {
	F(BOOL, force, "force", "f", "kill the process first"),
	F(STRING, exec_id, "exec-id", "", "process to delete"),
};
#define STREAM_FLAGS                                                                           \
	F(BOOL, null_io, "null-io", "", "send all IO to /dev/null"),                           \
	        F(STRING, log_uri, "log-uri", "", "log uri for the shim's logging"),           \
	        F(STRING, fifo_dir, "fifo-dir", "", "directory for the fifos of the streams"), \
	        F(BOOL, detach, "detach", "d", "return once the process has started")
static const struct flag start_flags[] = {
	STREAM_FLAGS,
	F(STRING, pid_file, "pid-file", "", "file path to write the task's pid"),
};
static const struct flag exec_flags[] = {
	STREAM_FLAGS,
	F(STRING, exec_id, "exec-id", "", "id of the process"),
	F(STRING, cwd, "cwd", "", "working directory of the new process"),
	F(BOOL, tty, "tty", "t", "allocate a TTY for the process"),
	F(STRING, user, "user", "", "user id"),
};
static const struct flag run_flags[] = {
	STREAM_FLAGS,
	F(STRING, pid_file, "pid-file", "", "file path to write the task's pid"),
	F(BOOL, rm, "rm", "", "remove the container after running, cannot be used with --detach"),
	F(BOOL, tty, "tty", "t", "allocate a TTY for the container"),
	F(STRING, runc_binary, "runc-binary", "", "specify runc-compatible binary"),
	F(STRING, runtime, "runtime", "", "runtime name"),
	F(STRING, snapshotter, "snapshotter", "", "snapshotter name"),
	F(STRING, cwd, "cwd", "", "working directory of the process"),
	F(LIST, env, "env", "", "additional environment variables (FOO=bar)"),
	F(LIST, label, "label", "", "additional labels (foo=bar)"),
	F(BOOL, net_host, "net-host", "", "enable host networking for the container"),
	F(BOOL, read_only, "read-only", "", "set the container's file system as read-only"),
	F(INT, memory_limit, "memory-limit", "", "memory limit (in bytes) for the container"),
};
static const struct flag lease_create_flags[] = {
	F(STRING, id, "id", "", "id of the lease"),
};

#define FLAGS(table) (table), ARRAY_LEN(table)
#define NO_FLAGS     NULL, 0
#define LATER(group, names, help)                                                         \
	{                                                                                 \
		group, names, "", help " (not there yet)", NO_FLAGS, false, 0, NULL, NULL \
	}

const struct ctr_group ctr_groups[] = {
	{ "plugins plugin", "provides information about containerd plugins" },
	{ "containers c container", "manage containers" },
	{ "content", "manage content" },
	{ "images image i", "manage images" },
	{ "leases", "manage leases" },
	{ "namespaces namespace ns", "manage namespaces" },
	{ "snapshots snapshot", "manage snapshots" },
	{ "tasks t task", "manage tasks" },
};
const size_t ctr_ngroups = ARRAY_LEN(ctr_groups);

#define NEED_CONTAINER "container id must be provided"

const struct ctr_command ctr_commands[] = {
	{ NULL, "version", "", "print the client and server versions", NO_FLAGS, false, 0, NULL,
	  ctr_version },
	{ NULL, "events event", "[<filter>, ...]", "display containerd events", NO_FLAGS, false, 0,
	  NULL, ctr_events },
	{ NULL, "run", "[flags] Image ID [COMMAND] [ARG...]", "run a container", FLAGS(run_flags),
	  true, 2, "container id must be provided", ctr_run },
	LATER(NULL, "install", "install a new package"),
	LATER(NULL, "oci", "OCI tools"),
	LATER(NULL, "pprof", "provide golang pprof outputs for containerd"),
	LATER(NULL, "shim", "interact with a shim directly"),

	{ "plugins", "list ls", "[flags] [<filter>, ...]", "list containerd plugins",
	  FLAGS(quiet_flags), false, 0, NULL, ctr_plugin_list },

	LATER("containers", "create", "create container"),
	{ "containers", "delete del remove rm", "[flags] CONTAINER [CONTAINER, ...]",
	  "delete one or more existing containers", FLAGS(container_remove_flags), false, 1,
	  "must specify at least one container to delete: invalid argument", ctr_container_remove },
	{ "containers", "info", "CONTAINER", "get info about a container",
	  FLAGS(container_info_flags), false, 1, NEED_CONTAINER ": invalid argument",
	  ctr_container_info },
	{ "containers", "list ls", "[flags] [<filter>, ...]", "list containers", FLAGS(quiet_flags),
	  false, 0, NULL, ctr_container_list },
	{ "containers", "label", "[flags] CONTAINER [<key>=<value>, ...]",
	  "set and clear labels for a container", NO_FLAGS, false, 1,
	  NEED_CONTAINER ": invalid argument", ctr_container_label },
	LATER("containers", "checkpoint", "checkpoint a container"),
	LATER("containers", "restore", "restore a container from checkpoint"),

	{ "content", "active", "", "display active transfers", NO_FLAGS, false, 0, NULL,
	  ctr_content_active },
	{ "content", "delete del remove rm", "[<digest>, ...]",
	  "permanently delete one or more blobs", NO_FLAGS, false, 0, NULL, ctr_content_remove },
	LATER("content", "edit", "edit a blob and return a new digest"),
	LATER("content", "fetch", "fetch all content for an image into containerd"),
	{ "content", "get", "[<digest>, ...]", "get the data for an object", NO_FLAGS, false, 1,
	  "must specify digest", ctr_content_get },
	LATER("content", "ingest", "accept content into the store"),
	{ "content", "list ls", "[flags]", "list all blobs in the store", FLAGS(quiet_flags), false,
	  0, NULL, ctr_content_list },
	LATER("content", "label", "add labels to content"),

	LATER("images", "convert", "convert an image"),
	LATER("images", "check",
	      "check existing images to ensure all content is available locally"),
	LATER("images", "export", "export images"),
	LATER("images", "import", "import images"),
	{ "images", "list ls", "[flags] [<filter>, ...]", "list images known to containerd",
	  FLAGS(quiet_flags), false, 0, NULL, ctr_image_list },
	LATER("images", "mount", "mount an image to a target path"),
	LATER("images", "unmount", "unmount the image from the target"),
	LATER("images", "pull", "pull an image from a remote"),
	LATER("images", "push", "push an image to a remote"),
	{ "images", "delete del remove rm", "[flags] <ref> [<ref>, ...]",
	  "remove one or more images by reference", FLAGS(image_remove_flags), false, 0, NULL,
	  ctr_image_remove },
	{ "images", "tag", "[flags] <source_ref> <target_ref> [<target_ref>, ...]", "tag an image",
	  FLAGS(image_tag_flags), false, 2, "please provide an image reference to tag to",
	  ctr_image_tag },
	{ "images", "label", "[flags] <name> [<key>=<value>, ...]",
	  "set and clear labels for an image", FLAGS(image_label_flags), false, 1,
	  "please specify an image", ctr_image_label },

	{ "leases", "list ls", "[flags] <filter>", "list all active leases", FLAGS(quiet_flags),
	  false, 0, NULL, ctr_lease_list },
	{ "leases", "create", "[flags] <label>=<value> ...", "create lease",
	  FLAGS(lease_create_flags), false, 0, NULL, ctr_lease_create },
	{ "leases", "delete del remove rm", "[flags] <lease id> ...", "delete a lease",
	  FLAGS(image_remove_flags), false, 0, NULL, ctr_lease_remove },

	{ "namespaces", "create c", "<name> [<key>=<value>]", "create a new namespace", NO_FLAGS,
	  false, 1, "please specify a namespace", ctr_namespace_create },
	{ "namespaces", "list ls", "[flags]", "list namespaces", FLAGS(quiet_flags), false, 0, NULL,
	  ctr_namespace_list },
	{ "namespaces", "remove rm", "<name> [<name>, ...]", "remove one or more namespaces",
	  NO_FLAGS, false, 0, NULL, ctr_namespace_remove },
	{ "namespaces", "label", "<name> [<key>=<value>, ...]",
	  "set and clear labels for a namespace", NO_FLAGS, false, 1, "please specify a namespace",
	  ctr_namespace_label },

	{ "snapshots", "delete del remove rm", "<key> [<key>, ...]", "remove snapshots", NO_FLAGS,
	  false, 0, NULL, ctr_snapshot_remove },
	{ "snapshots", "info", "<key>", "get info about a snapshot", NO_FLAGS, false, 1, NULL,
	  ctr_snapshot_info },
	{ "snapshots", "list ls", "", "list snapshots", NO_FLAGS, false, 0, NULL,
	  ctr_snapshot_list },
	{ "snapshots", "mounts m mount", "<target> <key>",
	  "mount gets mount commands for the snapshots", NO_FLAGS, false, 2, NULL,
	  ctr_snapshot_mounts },
	{ "snapshots", "tree", "", "display tree view of snapshot branches", NO_FLAGS, false, 0,
	  NULL, ctr_snapshot_tree },
	{ "snapshots", "usage", "[flags] [<key>, ...]", "usage snapshots", FLAGS(usage_flags),
	  false, 0, NULL, ctr_snapshot_usage },

	{ "tasks", "attach", "CONTAINER", "attach to the IO of a running container", NO_FLAGS,
	  false, 1, NEED_CONTAINER, ctr_task_attach },
	{ "tasks", "delete del remove rm", "CONTAINER [CONTAINER, ...]", "delete one or more tasks",
	  FLAGS(task_remove_flags), false, 0, NULL, ctr_task_remove },
	{ "tasks", "exec", "[flags] CONTAINER CMD [ARG...]",
	  "execute additional processes in an existing container", FLAGS(exec_flags), true, 2,
	  NEED_CONTAINER, ctr_task_exec },
	{ "tasks", "list ls", "[flags]", "list tasks", FLAGS(quiet_flags), false, 0, NULL,
	  ctr_task_list },
	{ "tasks", "kill", "[flags] CONTAINER", "signal a container (default: SIGTERM)",
	  FLAGS(kill_flags), false, 1, NEED_CONTAINER, ctr_task_kill },
	{ "tasks", "pause", "CONTAINER", "pause an existing container", NO_FLAGS, false, 1,
	  NEED_CONTAINER, ctr_task_pause },
	{ "tasks", "ps", "CONTAINER", "list processes for container", NO_FLAGS, false, 1,
	  NEED_CONTAINER, ctr_task_ps },
	{ "tasks", "resume", "CONTAINER", "resume a paused container", NO_FLAGS, false, 1,
	  NEED_CONTAINER, ctr_task_resume },
	{ "tasks", "start", "CONTAINER", "start a container that has been created",
	  FLAGS(start_flags), false, 1, NEED_CONTAINER, ctr_task_start },
	LATER("tasks", "metrics metric", "get a single data point of metrics for a task"),
	LATER("tasks", "checkpoint", "checkpoint a container"),
};
const size_t ctr_ncommands = ARRAY_LEN(ctr_commands);
