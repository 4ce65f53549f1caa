/* The kinds of flags: how each reads its value. Error texts are those of Go's pflag and strconv. */
#include "cli/command.h"

#include "cli/format/units.h"
#include "cli/spec/gpus.h"
#include "cli/spec/mount.h"
#include "cli/spec/network.h"
#include "cli/spec/ulimit.h"

typedef int parse_fn(struct arena *a, const char *text, void *member, struct err *e);

static int parse_bool(struct arena *a unused_arg, const char *text, void *member, struct err *e)
{
	static const char *const truths[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const lies[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < ARRAY_LEN(truths); i++) {
		if (!str_eq(text, truths[i]) && !str_eq(text, lies[i]))
			continue;
		*(bool *)member = str_eq(text, truths[i]);
		return 0;
	}
	return err_set(e, ERR_INVALID, "strconv.ParseBool: parsing \"%s\": invalid syntax", text);
}

static int parse_str(struct arena *a, const char *text, void *member, struct err *e unused_arg)
{
	*(const char **)member = arena_strdup(a, text);
	return 0;
}

static int parse_list(struct arena *a, const char *text, void *member, struct err *e unused_arg)
{
	arena_push(a, (struct strs *)member, arena_strdup(a, text));
	return 0;
}

static int parse_strings(struct arena *a, const char *text, void *member, struct err *e unused_arg)
{
	while (*text) {
		size_t n = strcspn(text, ",");

		arena_push(a, (struct strs *)member, arena_strndup(a, text, n));
		text += n + (text[n] == ',');
	}
	return 0;
}

static int parse_env(struct arena *a, const char *text, void *member, struct err *e)
{
	if (!*text || *text == '=')
		return err_set(e, ERR_INVALID, "invalid environment variable: %s", text);
	return parse_list(a, text, member, e);
}

/* What a namespace of its own can have; the daemon decides for good. */
static int parse_sysctl(struct arena *a, const char *text, void *member, struct err *e)
{
	static const char *const allowed[] = { "kernel.msg", "kernel.sem", "kernel.shm",
		                               "fs.mqueue.", "net.",       "kernel.domainname" };

	for (size_t i = 0; strchr(text, '=') && i < ARRAY_LEN(allowed); i++)
		if (str_starts(text, allowed[i]))
			return parse_list(a, text, member, e);
	return err_set(e, ERR_INVALID, "sysctl '%s' is not allowed", text);
}

static int parse_streams(struct arena *a, const char *text, void *member, struct err *e)
{
	if (!str_ieq(text, "stdin") && !str_ieq(text, "stdout") && !str_ieq(text, "stderr"))
		return err_set(e, ERR_INVALID, "valid streams are STDIN, STDOUT and STDERR");
	return parse_list(a, text, member, e);
}

static int parse_filter(struct arena *a, const char *text, void *member, struct err *e)
{
	const char *eq = strchr(text, '=');

	if (!*text)
		return 0;
	if (!eq)
		return err_set(e, ERR_INVALID, "bad format of filter (expected name=value)");
	return parse_list(a, text, member, e);
}

static int parse_int(struct arena *a unused_arg, const char *text, void *member, struct err *e)
{
	return number_parse(text, INT64_MIN, INT64_MAX, "ParseInt", member, e);
}

static int parse_uint16(struct arena *a unused_arg, const char *text, void *member, struct err *e)
{
	return number_parse(text, 0, UINT16_MAX, "ParseUint", member, e);
}

static int parse_bytes(struct arena *a unused_arg, const char *text, void *member, struct err *e)
{
	return size_parse(text, member, e);
}

static int parse_swap(struct arena *a, const char *text, void *member, struct err *e)
{
	if (!str_eq(text, "-1"))
		return parse_bytes(a, text, member, e);
	*(int64_t *)member = -1;
	return 0;
}

/* Billionths, exactly: the original uses rational numbers and refuses a remainder. */
static int parse_decimal(struct arena *a unused_arg, const char *text, void *member, struct err *e)
{
	double d;

	if (float_parse(text, &d, NULL) < 0)
		return err_set(e, ERR_INVALID, "failed to parse %s as a rational number", text);
	if (!(d > -9e9 && d < 9e9))
		return err_set(e, ERR_INVALID, "value is too precise");
	*(int64_t *)member = (int64_t)(d * 1e9 + (d < 0 ? -0.5 : 0.5));
	return 0;
}

static int parse_duration(struct arena *a unused_arg, const char *text, void *member, struct err *e)
{
	return duration_parse(text, member, e);
}

static int parse_ulimit(struct arena *a, const char *text, void *member, struct err *e)
{
	struct ulimit unused;

	if (ulimit_parse(a, text, &unused, e) < 0)
		return -1;
	return parse_list(a, text, member, e);
}

static int parse_mount(struct arena *a, const char *text, void *member, struct err *e)
{
	struct mount_spec unused;

	if (mount_parse(a, text, &unused, e) < 0)
		return -1;
	return parse_list(a, text, member, e);
}

static int parse_network(struct arena *a, const char *text, void *member, struct err *e)
{
	struct network_spec unused;

	if (network_parse(a, text, &unused, e) < 0)
		return -1;
	return parse_list(a, text, member, e);
}

static int parse_gpus(struct arena *a, const char *text, void *member, struct err *e)
{
	struct device_request unused;

	if (gpus_parse(a, text, &unused, e) < 0)
		return -1;
	return parse_list(a, text, member, e);
}

/* The text of these is read again by the command; here it is only checked. */
static const struct {
	const char *type;
	parse_fn *parse;
} kinds[FLAG_KINDS] = {
	[FLAG_BOOL] = { "", parse_bool },
	[FLAG_STR] = { "string", parse_str },
	[FLAG_LIST] = { "list", parse_list },
	[FLAG_STRINGS] = { "strings", parse_strings },
	[FLAG_MAP] = { "map", parse_list },
	[FLAG_ENV] = { "list", parse_env },
	[FLAG_SYSCTL] = { "map", parse_sysctl },
	[FLAG_STREAMS] = { "list", parse_streams },
	[FLAG_FILTER] = { "filter", parse_filter },
	[FLAG_INT] = { "int", parse_int },
	[FLAG_UINT16] = { "uint16", parse_uint16 },
	[FLAG_BYTES] = { "bytes", parse_bytes },
	[FLAG_SWAP] = { "bytes", parse_swap },
	[FLAG_DECIMAL] = { "decimal", parse_decimal },
	[FLAG_DURATION] = { "duration", parse_duration },
	[FLAG_MOUNT] = { "mount", parse_mount },
	[FLAG_NETWORK] = { "network", parse_network },
	[FLAG_ULIMIT] = { "ulimit", parse_ulimit },
	[FLAG_GPUS] = { "gpu-request", parse_gpus },
};

const char *flag_type_name(enum flag_kind kind)
{
	return kinds[kind].type;
}

int flag_set(struct arena *a, const struct flag *f, void *options, const char *text, struct err *e)
{
	if (kinds[f->kind].parse(a, text, (char *)options + f->offset, e) == 0)
		return 0;
	if (f->letter)
		return err_wrap(e, "invalid argument \"%s\" for \"-%c, --%s\" flag", text,
		                f->letter, f->name);
	return err_wrap(e, "invalid argument \"%s\" for \"--%s\" flag", text, f->name);
}

void *options_new(struct arena *a, const struct flags *flags)
{
	void *options = arena_alloc(a, flags ? flags->size : 1);

	for (size_t i = 0; flags && i < flags->n; i++)
		if (flags->v[i].def &&
		    flag_set(a, &flags->v[i], options, flags->v[i].def, NULL) < 0)
			abort(); /* a default that its own flag refuses: a bug in the table */
	return options;
}
