/* runc's commands: one table (main.c), one file a verb. */
#ifndef RUNC_COMMAND_H
#define RUNC_COMMAND_H

#include "libcontainer/container.h"
#include "base/goflags.h"

#define RUNC_VERSION "1.2.6+lighter." LIGHTER_VERSION /* the runc that we stand in for */

/* The global flags. */
struct globals {
	bool debug, help, version, systemd_cgroup;
	const char *log, *log_format, *rootless;
	const char *root; /* never NULL */
	bool root_given;
	const char *criu; /* accepted, unused */
	char **argv;      /* our own, to be executed again (protect.h) */
};

/* One call of a command. */
struct call {
	struct arena *a;
	const struct globals *globals;
	const void *options; /* the command's own struct */
	struct strs args;    /* what is not a flag */
};

struct command {
	const char *name;
	const char *args; /* "<container-id>" for the usage line */
	const char *summary;
	struct flag_table flags;
	size_t options_size;
	int min_args, max_args; /* max -1: any number */
	bool stop;              /* flags end at the first argument (flags.h) */
	bool enters;            /* a container can see us: protect the binary (protect.h) */
	bool raw;               /* arguments are handed over unparsed */
	int failure;            /* exit code of a failure; 0 stands for 1 */
	int (*run)(const struct call *call, struct err *e); /* exit code, or -1 */
};

extern const struct command cmd_checkpoint, cmd_create, cmd_delete, cmd_events, cmd_exec,
        cmd_features, cmd_kill, cmd_list, cmd_pause, cmd_ps, cmd_restore, cmd_resume, cmd_run,
        cmd_spec, cmd_start, cmd_state, cmd_update;

#define NO_FLAGS        \
	{               \
		NULL, 0 \
	}
#define FLAGS(rows)                   \
	{                             \
		rows, ARRAY_LEN(rows) \
	}

/* The container that the first argument names. */
int call_load(const struct call *call, struct container *out, struct err *e) must_check;

/* Descriptors 3.. that the caller hands on: --preserve-fds and systemd's LISTEN_FDS. */
int call_keep_fds(int64_t preserve, unsigned *out, struct err *e) must_check;

#endif
