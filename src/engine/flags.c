/* The two readers of the table of flags: the command line and daemon.json. See flags.h. */
#include "engine/flags_internal.h"

#include <fcntl.h>
#include "base/file.h"
#include "base/limits.h"

/* ---- command line ---- */

static bool stands_alone(const struct flag *f)
{
	return f->kind == F_BOOL || f->kind == F_TRI ||
	       (f->kind == F_UNSUPPORTED && str_eq(f->text, "false"));
}

/* Splits "--name=value", "-xvalue", "-x"; *value is NULL when it is the next argument. */
static const struct flag *match(const char *arg, const char **value)
{
	const char *name = str_after(arg, "--");
	const struct flag *f;

	*value = NULL;
	if (name) {
		size_t n = strcspn(name, "=");

		f = flag_by_name(name, n);
		if (name[n])
			*value = name + n + 1;
		return f;
	}
	f = arg[0] == '-' ? flag_by_letter(arg[1]) : NULL;
	if (f && arg[2])
		*value = arg[2] == '=' ? arg + 3 : arg + 2;
	return f;
}

static int read_args(struct arena *a, int argc, char **argv, struct options *o, bool *given,
                     struct err *e)
{
	for (int i = 1; i < argc; i++) {
		const char *value;
		const struct flag *f = match(argv[i], &value);

		if (!f)
			return err_set(e, ERR_INVALID, "%s: %s",
			               argv[i][0] == '-' ? "unknown flag" : "unexpected argument",
			               argv[i]);
		if (!value && stands_alone(f))
			value = "true";
		if (!value && ++i >= argc)
			return err_set(e, ERR_INVALID, "flag needs an argument: --%s", f->name);
		if (flag_set(a, f, o, value ? value : argv[i], e) < 0)
			return -1;
		given[f - flag_table] = true;
	}
	return 0;
}

/* ---- daemon.json ---- */

/* A scalar as the text that the command line would have given. */
static const char *scalar(struct arena *a, const struct json_value *v)
{
	switch (v->kind) {
	case JV_BOOL:
		return v->boolean ? "true" : "false";
	case JV_NUMBER:
	case JV_STRING:
		return arena_strndup(a, v->text.data, v->text.len);
	default:
		return NULL;
	}
}

/* What a value of each kind may be written as in JSON. */
static bool json_fits(enum flag_kind kind, enum json_value_kind v)
{
	switch (kind) {
	case F_STR:
		return v == JV_STRING;
	case F_BOOL:
	case F_TRI:
		return v == JV_BOOL;
	case F_INT:
		return v == JV_NUMBER;
	case F_BYTES:
		return v == JV_NUMBER || v == JV_STRING;
	case F_LIST:
		return v == JV_ARRAY;
	case F_MAP:
		return v == JV_OBJECT;
	case F_UNSUPPORTED:
		return true;
	}
	return false;
}

static int set_list(struct arena *a, const struct flag *f, struct options *o,
                    const struct json_value *v, struct err *e)
{
	for (size_t i = 0; i < v->n; i++) {
		const char *text = scalar(a, &v->values[i]);

		if (!text)
			return err_set(e, ERR_INVALID, "\"%s\": expected strings", f->key);
		if (v->kind == JV_OBJECT)
			text = arena_printf(a, "%s=%s", v->keys[i], text);
		if (flag_set(a, f, o, text, e) < 0)
			return -1;
	}
	return 0;
}

static int set_key(struct arena *a, const struct flag *f, struct options *o,
                   const struct json_value *v, struct err *e)
{
	if (v->kind == JV_NULL)
		return 0;
	if (!json_fits(f->kind, v->kind))
		return err_set(e, ERR_INVALID, "\"%s\": the value has the wrong type", f->key);
	if (v->kind == JV_ARRAY || v->kind == JV_OBJECT)
		return set_list(a, f, o, v, e);
	return flag_set(a, f, o, scalar(a, v), e);
}

static int apply_file(struct arena *a, const struct json_value *doc, struct options *o,
                      const bool *given, struct err *e)
{
	if (doc->kind != JV_OBJECT)
		return err_set(e, ERR_INVALID, "expected an object");
	for (size_t i = 0; i < doc->n; i++) {
		const struct flag *f = flag_by_key(doc->keys[i]);

		if (!f)
			return err_set(e, ERR_INVALID,
			               "the following directives don't match any configuration "
			               "option: %s",
			               doc->keys[i]);
		if (given[f - flag_table])
			return err_set(
			        e, ERR_INVALID,
			        "the following directives are specified both as a flag and in "
			        "the configuration file: %s",
			        doc->keys[i]);
		if (set_key(a, f, o, &doc->values[i], e) < 0)
			return -1;
	}
	return 0;
}

#define DEFAULT_CONFIG "/etc/docker/daemon.json"

static int read_file(struct arena *a, struct options *o, const bool *given, struct err *e)
{
	const char *path = o->config_file ? o->config_file : DEFAULT_CONFIG;
	struct json_value doc;
	struct slice text;

	if (!o->config_file && !path_exists(path))
		return 0;
	if (file_read(a, AT_FDCWD, path, LIMIT_CONFIG_FILE, &text, e) < 0 ||
	    (text.len > 0 &&
	     (json_parse(a, text, &doc, e) < 0 || apply_file(a, &doc, o, given, e) < 0)))
		return err_wrap(e, "unable to configure the Docker daemon with file %s", path);
	return 0;
}

/* ---- both ---- */

static void set_defaults(struct options *o)
{
	*o = (struct options){
		.data_root = "/var/lib/docker",
		.exec_root = "/var/run/docker",
		.pidfile = "/var/run/docker.pid",
		.group = "docker",
		.log_level = "info",
		.log_format = "text",
		.shutdown_timeout = 15,
		.storage_driver = "overlayfs",
		.default_runtime = "runc",
		.init_path = "docker-init",
		.ipc_mode = "private",
		.shm_size = 64 * MIB,
		.log_driver = "json-file",
		.iptables = true,
		.ip_forward = true,
		.ip_masq = true,
		.icc = true,
		.userland_proxy = true,
	};
}

static int check(struct arena *a, struct options *o, struct err *e)
{
	enum log_level level;

	if (!log_level_parse(o->log_level, &level))
		return err_set(e, ERR_INVALID, "invalid logging level: %s", o->log_level);
	if (!str_eq(o->log_format, "text") && !str_eq(o->log_format, "json"))
		return err_set(e, ERR_INVALID, "invalid log format: %s", o->log_format);
	if (o->data_root[0] != '/' || o->exec_root[0] != '/')
		return err_set(e, ERR_INVALID, "data-root and exec-root must be absolute paths");
	if (o->mtu < 0 || o->mtu > 65535)
		return err_set(e, ERR_INVALID, "invalid default MTU: %lld", (long long)o->mtu);
	if (o->hosts.n == 0)
		arena_push(a, &o->hosts, "unix:///var/run/docker.sock");
	return 0;
}

int options_load(struct arena *a, int argc, char **argv, struct options *o, struct err *e)
{
	bool *given = arena_array(a, bool, flag_count);

	set_defaults(o);
	if (read_args(a, argc, argv, o, given, e) < 0)
		return -1;
	if (o->help || o->version)
		return 0;
	if (read_file(a, o, given, e) < 0)
		return -1;
	return check(a, o, e);
}
