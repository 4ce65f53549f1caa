/* The configuration's table and what is made of it. See config.h. */
#include "containerd/config.h"

#include <fcntl.h>
#include <stddef.h>
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "containerd/toml.h"

/* In the order of a dump: tables stay together. */
static const struct key {
	const char *table, *name;
	enum toml_kind kind;
	size_t offset;
} keys[] = {
	{ "", "version", TOML_INTEGER, offsetof(struct config, version) },
	{ "", "root", TOML_STRING, offsetof(struct config, root) },
	{ "", "state", TOML_STRING, offsetof(struct config, state) },
	{ "", "oom_score", TOML_INTEGER, offsetof(struct config, oom_score) },
	{ "", "disabled_plugins", TOML_STRINGS, offsetof(struct config, disabled_plugins) },
	{ "grpc", "address", TOML_STRING, offsetof(struct config, grpc_address) },
	{ "grpc", "uid", TOML_INTEGER, offsetof(struct config, grpc_uid) },
	{ "grpc", "gid", TOML_INTEGER, offsetof(struct config, grpc_gid) },
	{ "ttrpc", "address", TOML_STRING, offsetof(struct config, ttrpc_address) },
	{ "debug", "level", TOML_STRING, offsetof(struct config, debug_level) },
};

void config_default(struct config *c)
{
	*c = (struct config){
		.version = 2,
		.root = "/var/lib/containerd",
		.state = "/run/containerd",
		.grpc_address = "/run/containerd/containerd.sock",
		.ttrpc_address = "",
		.debug_level = "",
	};
}

/* ---- reading ---- */

static int store(const struct key *k, struct config *c, const struct toml_value *v, struct err *e)
{
	void *member = (char *)c + k->offset;

	if (v->kind != k->kind)
		return err_set(e, ERR_INVALID, "%s: wrong type of value", k->name);
	if (k->kind == TOML_STRING)
		*(const char **)member = v->string;
	else if (k->kind == TOML_INTEGER)
		*(int64_t *)member = v->integer;
	else
		*(struct strs *)member = v->strings;
	return 0;
}

static int on_key(void *arg, const char *table, const char *name, const struct toml_value *v,
                  struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (str_eq(table, keys[i].table) && str_eq(name, keys[i].name))
			return store(&keys[i], arg, v, e);
	log_info("configuration: %s%s%s is not supported and ignored", table, *table ? "." : "",
	         name);
	return 0;
}

int config_read(struct arena *a, const char *path, struct config *c, struct err *e)
{
	struct slice text;

	if (file_read(a, AT_FDCWD, path, LIMIT_CONFIG_FILE, &text, e) < 0)
		return -1;
	if (toml_parse(a, text, on_key, c, e) < 0)
		return err_wrap(e, "%s", path);
	if (c->version < 2 || c->version > 3)
		return err_set(e, ERR_INVALID, "%s: configuration version %lld is not supported",
		               path, (long long)c->version);
	return 0;
}

int config_finish(struct arena *a, struct config *c, struct err *e)
{
	const char *path = str_after(c->grpc_address, "unix://");

	if (path)
		c->grpc_address = path;
	if (c->grpc_address[0] != '/' || c->root[0] != '/' || c->state[0] != '/')
		return err_set(e, ERR_INVALID, "root, state and address must be absolute paths");
	if (str_eq(c->root, c->state))
		return err_set(e, ERR_INVALID, "root and state must be different paths");
	if (!*c->ttrpc_address)
		c->ttrpc_address = arena_printf(a, "%s.ttrpc", c->grpc_address);
	return 0;
}

/* ---- dumping ---- */

static void dump_strings(const struct strs *s, struct buf *out)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < s->n; i++) {
		buf_adds(out, i ? ", " : "");
		toml_quote(out, s->v[i]);
	}
	buf_addc(out, ']');
}

void config_dump(const struct config *c, struct buf *out)
{
	const char *table = "";

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const void *member = (const char *)c + keys[i].offset;

		if (!str_eq(table, keys[i].table))
			buf_printf(out, "\n[%s]\n", keys[i].table);
		table = keys[i].table;
		buf_printf(out, "%s%s = ", *table ? "  " : "", keys[i].name);
		if (keys[i].kind == TOML_STRING)
			toml_quote(out, *(const char *const *)member);
		else if (keys[i].kind == TOML_INTEGER)
			buf_printf(out, "%lld", (long long)*(const int64_t *)member);
		else
			dump_strings(member, out);
		buf_addc(out, '\n');
	}
}
