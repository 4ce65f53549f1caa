/* The two readers of the table of flags: the command line and daemon.json. See flags.h. */
#include "engine/daemon/flags_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include "base/file.h"
#include "base/limits.h"

#define DEFAULT_CONFIG "/etc/docker/daemon.json"

/* What the command line gave: for each row of the table the values, to find conflicts. */
struct given {
	struct strs *values;
};

/* ---- command line ---- */

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

static int set_flag(struct arena *a, const struct flag *f, struct options *o, const char *value,
                    struct err *e)
{
	const char *why;

	if (flag_set(a, f, o, value, e) == 0)
		return 0;
	if (f->kind == F_REFUSED)
		return -1;
	why = arena_strdup(a, e->text);
	if (f->letter)
		return err_set(e, e->kind, "invalid argument \"%s\" for \"-%c, --%s\" flag: %s",
		               value, f->letter, f->name, why);
	return err_set(e, e->kind, "invalid argument \"%s\" for \"--%s\" flag: %s", value, f->name,
	               why);
}

static int read_args(struct arena *a, int argc, char **argv, struct options *o, struct given *given,
                     struct err *e)
{
	for (int i = 1; i < argc; i++) {
		const char *value;
		const struct flag *f = match(argv[i], &value);

		if (!f && argv[i][0] == '-')
			return err_set(e, ERR_INVALID, "unknown flag: %s", argv[i]);
		if (!f)
			return err_set(e, ERR_INVALID, "\"dockerd\" accepts no argument(s): %s",
			               argv[i]);
		if (!value && flag_stands_alone(f))
			value = "true";
		if (!value && ++i >= argc)
			return err_set(e, ERR_INVALID, "flag needs an argument: --%s", f->name);
		if (!value)
			value = argv[i];
		if (set_flag(a, f, o, value, e) < 0)
			return -1;
		arena_push(a, &given->values[f - flag_table], value);
	}
	return 0;
}

/* ---- daemon.json ---- */

/* Calls fn for each key that means something alone: "proxies" is opened. Stops at -1. */
typedef int key_fn(void *arg, const char *key, const struct json_value *v, struct err *e);

static int each_key(struct arena *a, const struct json_value *doc, const char *group, key_fn *fn,
                    void *arg, struct err *e)
{
	for (size_t i = 0; i < doc->n; i++) {
		const char *key = doc->keys[i];
		const struct json_value *v = &doc->values[i];
		int r;

		if (group)
			key = arena_printf(a, "%s.%s", group, key);
		if (!group && v->kind == JV_OBJECT && flag_is_group(key))
			r = each_key(a, v, key, fn, arg, e);
		else
			r = fn(arg, key, v, e);
		if (r < 0)
			return -1;
	}
	return 0;
}

struct file_reader {
	struct arena *arena;
	struct options *options;
	const struct given *given;
	struct buf unknown, conflicts;
};

static void add_conflict(struct file_reader *r, const struct flag *f, const struct json_value *v)
{
	const struct strs *flag = &r->given->values[f - flag_table];
	bool list = v->kind == JV_ARRAY || v->kind == JV_OBJECT;

	if (r->conflicts.len)
		buf_adds(&r->conflicts, ", ");
	buf_printf(&r->conflicts, list ? "%s: (from flag: [" : "%s: (from flag: ", f->key);
	for (size_t i = list ? 0 : flag->n - 1; i < flag->n; i++)
		buf_printf(&r->conflicts, list && i ? " %s" : "%s", flag->v[i]);
	buf_adds(&r->conflicts, list ? "], from file: " : ", from file: ");
	flag_print_json(&r->conflicts, v);
	buf_addc(&r->conflicts, ')');
}

static int judge_key(void *arg, const char *key, const struct json_value *v,
                     unused_arg struct err *e)
{
	struct file_reader *r = arg;
	const struct flag *f = flag_by_key(key);

	if (!f)
		buf_printf(&r->unknown, r->unknown.len ? ", %s" : "%s", key);
	else if (r->given->values[f - flag_table].n)
		add_conflict(r, f, v);
	return 0;
}

static int set_key(void *arg, const char *key, const struct json_value *v, struct err *e)
{
	struct file_reader *r = arg;
	const struct flag *f = flag_by_key(key);

	if (flag_set_json(r->arena, f, r->options, v, e) == 0)
		return 0;
	return f->kind == F_REFUSED ? -1 : err_wrap(e, "\"%s\"", key);
}

/* First what is wrong with the names as a whole, then the values one by one: Docker's order. */
static int apply_file(struct file_reader *r, const struct json_value *doc, struct err *e)
{
	if (doc->kind != JV_OBJECT)
		return err_set(e, ERR_INVALID, "expected an object");
	if (each_key(r->arena, doc, NULL, judge_key, r, e) < 0)
		return -1;
	if (r->unknown.len)
		return err_set(e, ERR_INVALID,
		               "the following directives don't match any configuration option: %s",
		               r->unknown.data);
	if (r->conflicts.len)
		return err_set(e, ERR_INVALID,
		               "the following directives are specified both as a flag and in the "
		               "configuration file: %s",
		               r->conflicts.data);
	return each_key(r->arena, doc, NULL, set_key, r, e);
}

static bool is_blank(struct slice text)
{
	return strspn(text.data, " \t\r\n") == text.len;
}

static int read_text(struct arena *a, struct slice text, struct options *o,
                     const struct given *given, struct err *e)
{
	struct file_reader r = { .arena = a, .options = o, .given = given };
	struct json_value doc;
	int done;

	if (is_blank(text))
		return 0;
	if (json_parse(a, text, &doc, e) < 0)
		return -1;
	done = apply_file(&r, &doc, e);
	buf_free(&r.unknown);
	buf_free(&r.conflicts);
	return done;
}

static int read_file(struct arena *a, struct options *o, const struct given *given, struct err *e)
{
	const char *path = o->config_file ? o->config_file : DEFAULT_CONFIG;
	struct slice text;

	if (!o->config_file && !path_exists(path))
		return 0;
	if (file_read(a, AT_FDCWD, path, LIMIT_CONFIG_FILE, &text, e) < 0 ||
	    read_text(a, text, o, given, e) < 0)
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
		.containerd_namespace = "moby",
		.log_level = "info",
		.log_format = "text",
		.storage_driver = "overlayfs",
		.min_api_version = "1.24",
		.init_path = "docker-init",
		.seccomp_profile = "builtin",
		.log_driver = "json-file",
		.resolv_conf = "/etc/resolv.conf",
		.iptables = true,
		.ip_forward = true,
		.ip_masq = true,
		.icc = true,
		.userland_proxy = true,
		.live = { .shutdown_timeout = 15,
		          .default_runtime = "runc",
		          .ipc_mode = "private",
		          .shm_size = 64 * MIB,
		          .max_downloads = 3,
		          .max_uploads = 5,
		          .max_download_attempts = 5 },
	};
}

const struct runtime *runtime_find(const struct live_options *o, const char *name)
{
	for (size_t i = 0; i < o->runtimes.n; i++)
		if (str_eq(o->runtimes.v[i].name, name))
			return &o->runtimes.v[i];
	return NULL;
}

static int check_runtimes(struct arena *a, struct live_options *o, struct err *e)
{
	static const char *const ours[] = { "runc", "io.containerd.runc.v2" };

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		arena_push(a, &o->runtimes, ((struct runtime){ .name = ours[i], .path = "runc" }));
	if (runtime_find(o, o->default_runtime))
		return 0;
	return err_set(e, ERR_INVALID, "specified default runtime '%s' does not exist",
	               o->default_runtime);
}

/* The same key twice must have the same value. */
static int check_labels(const struct strs *labels, struct err *e)
{
	for (size_t i = 0; i < labels->n; i++) {
		size_t n = strcspn(labels->v[i], "=") + 1;

		for (size_t k = 0; k < i; k++)
			if (strncmp(labels->v[i], labels->v[k], n) == 0 &&
			    !str_eq(labels->v[i], labels->v[k]))
				return err_set(e, ERR_INVALID, "conflict labels for %.*s",
				               (int)n - 1, labels->v[i]);
	}
	return 0;
}

/* As Docker: --tlsverify, however it is given, turns TLS on; --tls alone verifies. */
static int check_tls(struct arena *a, struct options *o, struct err *e)
{
	const char *folder = getenv("DOCKER_CERT_PATH");
	const struct {
		const char **path, *file;
	} files[] = { { &o->tlscacert, "ca.pem" },
		      { &o->tlscert, "cert.pem" },
		      { &o->tlskey, "key.pem" } };

	if (o->tlsverify.set)
		o->tls = (struct json_opt_bool){ true, true };
	else
		o->tlsverify = o->tls;
	for (size_t i = 0; o->tls.value && folder && i < ARRAY_LEN(files); i++)
		if (!*files[i].path)
			*files[i].path = path_join(a, folder, files[i].file);
	if (!o->tls.value)
		return 0;
	if (!o->tlscert || !o->tlskey)
		return err_set(e, ERR_INVALID,
		               "TLS needs a certificate and its key: tlscert and tlskey");
	if (o->tlsverify.value && !o->tlscacert)
		return err_set(e, ERR_INVALID,
		               "tlsverify needs the certificate of the clients' CA: tlscacert");
	return 0;
}

static int finish(struct arena *a, struct options *o, struct err *e)
{
	struct strs *insecure = &o->live.insecure_registries;

	if (o->hosts.n == 0)
		arena_push(a, &o->hosts, "unix:///var/run/docker.sock");
	for (size_t i = 0; i < insecure->n; i++)
		insecure->v[i] = registry_without_scheme(insecure->v[i]);
	return check_runtimes(a, &o->live, e) < 0 || check_labels(&o->live.labels, e) < 0 ||
	                       check_tls(a, o, e) < 0
	               ? -1
	               : 0;
}

int options_load(struct arena *a, int argc, char **argv, struct options *o, struct err *e)
{
	struct given given = { arena_array(a, struct strs, flag_count) };

	set_defaults(o);
	if (read_args(a, argc, argv, o, &given, e) < 0)
		return -1;
	if (o->help || o->version)
		return 0;
	if (read_file(a, o, &given, e) < 0)
		return -1;
	return finish(a, o, e);
}
