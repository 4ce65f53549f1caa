/* What json-file puts beside each line: labels, variables, a tag. See log_config.h. */
#include <stdlib.h>
#include <unistd.h>
#include "base/pattern.h"
#include "engine/container/log_config.h"

/* ---- tags ---- */

static const char *short_id(struct arena *a, const char *id)
{
	return arena_strndup(a, id, 12);
}

static const char *command_of(struct arena *a, const struct container_record *r)
{
	_cleanup_buf_ struct buf b = { 0 };

	buf_adds(&b, r->path);
	for (size_t i = 0; i < r->args.n; i++)
		buf_printf(&b, " %s", r->args.v[i]);
	return arena_strdup(a, buf_cstr(&b));
}

static const char *host_name(struct arena *a)
{
	char name[256] = "";

	(void)!gethostname(name, sizeof(name) - 1);
	return arena_strdup(a, name);
}

/* A field of Docker's logger.Info; NULL when it has none of that name. */
static const char *tag_field(struct arena *a, const char *name, const struct container_record *r)
{
	const struct {
		const char *name, *value;
	} fields[] = {
		{ "ID", r ? short_id(a, r->id) : "" },
		{ "FullID", r ? r->id : "" },
		{ "Name", r ? r->name : "" },
		{ "ContainerID", r ? r->id : "" },
		{ "ImageID", r ? short_id(a, r->image_id) : "" },
		{ "ImageFullID", r ? r->image_id : "" },
		{ "ImageName", r ? r->image : "" },
		{ "Command", r ? command_of(a, r) : "" },
		{ "DaemonName", "docker" },
		{ "Hostname", host_name(a) },
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (str_eq(fields[i].name, name))
			return fields[i].value ? fields[i].value : "";
	return NULL;
}

/* r NULL: only whether it can be done. */
static int expand_tag(struct arena *a, const char *tag, const struct container_record *r,
                      struct buf *out, struct err *e)
{
	const char *open, *close, *value;
	char *name;

	for (; (open = strstr(tag, "{{")); tag = close + 2) {
		buf_add(out, tag, (size_t)(open - tag));
		close = strstr(open, "}}");
		if (!close)
			return err_set(e, ERR_INVALID,
			               "failed to initialize logging driver: template: log-tag:1: "
			               "unclosed action");
		open += 2 + strspn(open + 2, " ");
		name = arena_strndup(a, open, strcspn(open, " }"));
		value = *name == '.' ? tag_field(a, name + 1, r) : NULL;
		if (!value || open + strlen(name) + strspn(open + strlen(name), " ") != close)
			return err_set(e, ERR_INVALID,
			               "failed to initialize logging driver: template: log-tag:1: "
			               "can't evaluate <%.*s>: fields such as {{.Name}} are known",
			               (int)(close - open), open);
		buf_adds(out, value);
	}
	buf_adds(out, tag);
	return 0;
}

int log_tag_check(const char *tag, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf out = { 0 };

	return expand_tag(&a, tag, NULL, &out, e);
}

/* ---- labels and variables ---- */

/* Is the key in a list "a,b", or does it match an expression? Either may be NULL. */
static bool chosen(const char *key, const char *list, const regex_t *re)
{
	size_t n = strlen(key);

	for (const char *p = list; p && *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ','))
		if (strcspn(p, ",") == n && memcmp(p, key, n) == 0)
			return true;
	return re && regexec(re, key, 0, NULL, 0) == 0;
}

static void add_chosen(struct arena *a, struct json_map *out, const struct json_map *from,
                       const struct json_map *opts, const char *list_opt, const char *regex_opt)
{
	const char *list = json_map_get(opts, list_opt), *pattern = json_map_get(opts, regex_opt);
	regex_t re;
	bool has_re = !str_empty(pattern) && regex_compile(&re, pattern);

	for (size_t i = 0; i < from->n; i++)
		if (chosen(from->v[i].key, list, has_re ? &re : NULL))
			json_map_set(a, out, from->v[i].key, from->v[i].value);
	if (has_re)
		regfree(&re);
}

static struct json_map variables_of(struct arena *a, const struct container_record *r)
{
	struct json_map out = { 0 };

	for (size_t i = 0; i < r->config->env.n; i++) {
		const char *v = r->config->env.v[i], *eq = strchr(v, '=');

		if (eq)
			json_map_set(a, &out, arena_strndup(a, v, (size_t)(eq - v)), eq + 1);
	}
	return out;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct json_pair *)a)->key, ((const struct json_pair *)b)->key);
}

static char *as_object(struct arena *a, struct json_map *m)
{
	_cleanup_buf_ struct buf b = { 0 };

	qsort(m->v, m->n, sizeof(m->v[0]), by_key);
	for (size_t i = 0; i < m->n; i++) {
		buf_addc(&b, i ? ',' : '{');
		json_quote(&b, slice_of(m->v[i].key));
		buf_addc(&b, ':');
		json_quote(&b, slice_of(m->v[i].value));
	}
	buf_addc(&b, '}');
	return arena_strdup(a, b.data);
}

char *log_attrs(struct arena *a, const struct container_record *r)
{
	const struct json_map *opts = &r->host->log_config->config;
	const char *tag = json_map_get(opts, "tag");
	struct json_map out = { 0 }, env = variables_of(a, r);
	_cleanup_buf_ struct buf text = { 0 };

	add_chosen(a, &out, &r->config->labels, opts, "labels", "labels-regex");
	add_chosen(a, &out, &env, opts, "env", "env-regex");
	if (!str_empty(tag) && expand_tag(a, tag, r, &text, NULL) == 0)
		json_map_set(a, &out, "tag", arena_strdup(a, buf_cstr(&text)));
	return out.n ? as_object(a, &out) : NULL;
}
