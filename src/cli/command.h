/*
 * The table of commands: its rows, its flags, one call of a command.
 *
 * A row says everything about a command: where it stands (`docker container ls`), its short forms
 * (`docker ps`), usage, help, how many arguments it takes, its flags and its handler. The parser
 * (args.c), the help text (help.c) and the completion (complete.c) read it.
 *
 * A flag writes into a member of the command's options, a plain struct that is zeroed and filled
 * with the defaults before parsing.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

enum flag_kind {                /*   member         value on the command line */
	         FLAG_BOOL,     /* bool           none, or =true / =false */
	         FLAG_STR,      /* const char *   any text */
	         FLAG_LIST,     /* struct strs    any text; may be given again */
	         FLAG_STRINGS,  /* struct strs    comma-separated; may be given again */
	         FLAG_INT,      /* int64_t */
	         FLAG_UINT16,   /* int64_t        0..65535 */
	         FLAG_BYTES,    /* int64_t        512m */
	         FLAG_SWAP,     /* int64_t        bytes, or -1 */
	         FLAG_DECIMAL,  /* int64_t        1.5, in billionths */
	         FLAG_DURATION, /* int64_t        1m30s, in ns */
	         FLAG_KINDS
};

/* Refuses a value of a list when it is given; the command reads the text again later. */
typedef int flag_check_fn(struct arena *a, const char *text, struct err *e);

enum flag_attrs {
	FLAG_HIDDEN = 1 << 0, /* other spellings, and what only Windows daemons know */
	FLAG_EXPERIMENTAL = 1 << 1,
	FLAG_LATER = 1 << 2, /* not there yet: an error that says so; not in help */
};

struct flag {
	const char *name;
	char letter; /* or 0 */
	enum flag_kind kind;
	size_t offset;     /* in the options */
	const char *def;   /* default as text, or NULL for the zero value */
	const char *help;  /* back quotes are taken out; lines are wrapped when printed */
	const char *shown; /* what help shows as default when that is not `def`, or NULL */
	const char *type;  /* what help calls the value when that is not the kind's name, or NULL */
	flag_check_fn *check;
	unsigned attrs;
	int since;               /* minor API version that a daemon must have, or 0 */
	const char *use_instead; /* deprecated in favour of this flag, or NULL */
};

/* A row for member `m` of options struct T; further members may follow: .def = "no", ... */
#define FLAG(T, k, m, n, l, h, ...)                                                           \
	{                                                                                     \
		.name = (n), .letter = (l), .kind = FLAG_##k,                                 \
		.offset = offsetof(struct T, m) +                                             \
		          0 * sizeof(char[sizeof(((struct T *)0)->m) == sizeof(FLAG_TYPE_##k) \
		                                  ? 1                                         \
		                                  : -1]),                                     \
		.help = (h), __VA_ARGS__                                                      \
	}
#define FLAG_TYPE_BOOL     bool
#define FLAG_TYPE_STR      const char *
#define FLAG_TYPE_LIST     struct strs
#define FLAG_TYPE_STRINGS  struct strs
#define FLAG_TYPE_INT      int64_t
#define FLAG_TYPE_UINT16   int64_t
#define FLAG_TYPE_BYTES    int64_t
#define FLAG_TYPE_SWAP     int64_t
#define FLAG_TYPE_DECIMAL  int64_t
#define FLAG_TYPE_DURATION int64_t

/* A table of flags, and one whose options stand at the beginning of these options. */
struct flags {
	const struct flag *v;
	size_t n;
	size_t size; /* of the options */
	const struct flags *base;
};
#define FLAGS(T, ...) FLAGS_OVER(NULL, T, __VA_ARGS__)
#define FLAGS_OVER(b, T, table)                                                            \
	{                                                                                  \
		.v = (table), .n = ARRAY_LEN(table), .size = sizeof(struct T), .base = (b) \
	}

size_t flags_count(const struct flags *flags); /* NULL is an empty table */
const struct flag *flags_at(const struct flags *flags, size_t i);

struct cli;
struct call;

/* What completes the arguments of a command. */
enum completion {
	COMPLETE_NONE,
	COMPLETE_CONTAINERS,
	COMPLETE_CONTAINERS_RUNNING,
	COMPLETE_IMAGES,
	COMPLETE_NETWORKS,
	COMPLETE_VOLUMES,
};

/* Where a command is listed in `docker --help`. */
enum section { SECTION_COMMON, SECTION_OTHER, SECTION_NONE };

/* 0 or the exit code; -1 with the error set becomes a message and exit code 1. */
typedef int command_fn(struct cli *cli, struct call *call, struct err *e);

struct command {
	const char *group;   /* "container", or NULL for commands that stand at the top alone */
	const char *name;    /* "ls" */
	const char *aliases; /* other names in the group: "list ps", or NULL */
	const char *top;     /* short form: "ps", or NULL */
	const char *usage;   /* what follows the name in the usage line */
	const char *help;
	enum section section;  /* of the short form */
	short min, max;        /* arguments; max -1: any number */
	bool ends_at_argument; /* flags behind the first argument are arguments */
	enum completion complete;
	const struct flags *flags;
	command_fn *run; /* NULL: not there yet */
	bool hidden;     /* of programs for programs: not in help */
};

struct command_group {
	const char *name, *help;
	const char *notice; /* told on stderr before anything else; or NULL */
};

extern const struct command commands[];
extern const size_t ncommands;
extern const struct command_group command_groups[];
extern const size_t ncommand_groups;

struct call {
	const struct command *command;
	const char *path; /* "docker container ls" or "docker ps" */
	void *options;    /* the command's struct */
	struct strs args;
	bool *given; /* by row of the flags table */
	bool help;
};

/* Was the flag of member m given, under any of its names? */
#define GIVEN(call, T, m) call_given((call), offsetof(struct T, m))
bool call_given(const struct call *c, size_t offset);

const struct command *command_find(const char *group, const char *name);

/* Has the group a command with a handler? */
bool command_group_ready(const struct command_group *group);

/* Is `name` one of a blank-separated list of names? */
bool name_listed(const char *list, const char *name);

/* Help of the --format flags of lists and of single objects. */
#define FORMAT_HELP                  \
	"Output by template:\n"      \
	"'json':             JSON\n" \
	"'TEMPLATE':         what the Go template makes of it"
#define FORMAT_LIST_HELP                                              \
	"Output by template:\n"                                       \
	"'table':            a table with column headers (default)\n" \
	"'table TEMPLATE':   a table of the template's columns\n"     \
	"'json':             JSON, one object a line\n"               \
	"'TEMPLATE':         what the Go template makes of each object"

/* --- args.c --- */

/*
 * Parses argv (NULL-terminated) into *call: flags into call->options, the rest into call->args.
 * Errors carry the words of the original without the usage line behind them.
 */
int args_parse(struct arena *a, const struct flags *flags, bool ends_at_argument,
               const char *const *argv, struct call *call, struct err *e) must_check;

/* The options of the program itself: parses up to the first argument; returns words eaten. */
int args_parse_global(struct arena *a, const struct flags *flags, const char *const *argv,
                      struct call *call, struct err *e) must_check;

/* Error text of a command with the wrong number of arguments, or NULL when it is right. */
const char *args_count_error(struct arena *a, const struct call *call);

/* --- flags.c --- */

/* Name shown for the value in help; "" for FLAG_BOOL. */
const char *flag_type_name(const struct flag *f);
int flag_set(struct arena *a, const struct flag *f, void *options, const char *text, struct err *e)
        must_check;
void *options_new(struct arena *a, const struct flags *flags); /* zeroed, with defaults */

#endif
