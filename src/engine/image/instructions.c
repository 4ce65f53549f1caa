/* Instructions that change a config. See instructions.h. */
#include "engine/image/instructions.h"

#include <ctype.h>
#include <string.h>
#include "base/proc.h"

struct change {
	struct arena *a;
	struct oci_image_params *p;
	const char *word; /* "CMD" */
	const char *rest; /* behind it, without blanks around */
};

/* ---- words ---- */

static const char *trim(struct arena *a, const char *s, size_t n)
{
	while (n > 0 && isspace((unsigned char)*s)) {
		s++;
		n--;
	}
	while (n > 0 && isspace((unsigned char)s[n - 1]))
		n--;
	return arena_strndup(a, s, n);
}

/* The next word from *p on, without its quotes and backslashes; NULL at the end. */
static const char *next_word(struct arena *a, const char **p)
{
	_cleanup_buf_ struct buf b = { 0 };
	char quote = 0;

	*p += strspn(*p, " \t");
	if (!**p)
		return NULL;
	for (; **p && (quote || !strchr(" \t", **p)); (*p)++) {
		if (**p == '\\' && (*p)[1] && quote != '\'')
			buf_addc(&b, *++*p);
		else if (**p == quote)
			quote = 0;
		else if (!quote && strchr("\"'", **p))
			quote = **p;
		else
			buf_addc(&b, **p);
	}
	return arena_strdup(a, buf_cstr(&b));
}

#define JSON_WORDS(F) F(STRS, v, "v", 0)
JSON_STRUCT(json_words, JSON_WORDS)
JSON_TYPE(json_words, JSON_WORDS)

/* ["a", "b"], or false. */
static bool json_form(const struct change *c, const char *text, struct strs *out)
{
	char *object = arena_printf(c->a, "{\"v\":%s}", text);
	struct json_words w;

	if (*text != '[' || json_decode(c->a, &json_words_type, slice_of(object), &w, NULL) < 0)
		return false;
	*out = w.v;
	return true;
}

static int wrong(const struct change *c, const char *what, struct err *e)
{
	return err_set(e, ERR_INVALID, "%s: %s", c->word, what);
}

/* ---- instructions ---- */

/* ["program", "argument"], or a line for the shell. */
static struct strs command(const struct change *c, const char *text)
{
	static const char *const shell[] = { "/bin/sh", "-c" };
	struct strs out = { 0 };

	if (!*text || json_form(c, text, &out))
		return out;
	if (c->p->shell.n > 0)
		for (size_t i = 0; i < c->p->shell.n; i++)
			arena_push(c->a, &out, c->p->shell.v[i]);
	else
		for (size_t i = 0; i < ARRAY_LEN(shell); i++)
			arena_push(c->a, &out, shell[i]);
	arena_push(c->a, &out, text);
	return out;
}

static int change_cmd(const struct change *c, struct err *e unused_arg)
{
	c->p->cmd = command(c, c->rest);
	return 0;
}

static int change_entrypoint(const struct change *c, struct err *e unused_arg)
{
	c->p->entrypoint = command(c, c->rest);
	return 0;
}

typedef void set_pair(const struct change *c, const char *key, const char *value);

/* "key=value key2=value2", or the old form "key the whole rest". */
static int each_pair(const struct change *c, set_pair *set, struct err *e)
{
	const char *p = c->rest, *word = next_word(c->a, &p);

	if (!strchr(word, '=')) {
		p += strspn(p, " \t");
		if (!*p)
			return wrong(c, "must have two arguments", e);
		set(c, word, p);
		return 0;
	}
	for (; word; word = next_word(c->a, &p)) {
		const char *eq = strchr(word, '=');

		if (!eq || eq == word)
			return wrong(c, "needs name=value", e);
		set(c, arena_strndup(c->a, word, (size_t)(eq - word)), eq + 1);
	}
	return 0;
}

static void set_env(const struct change *c, const char *key, const char *value)
{
	const char *text = arena_printf(c->a, "%s=%s", key, value);
	struct strs all = { 0 };
	bool done = false;

	for (size_t i = 0; i < c->p->env.n; i++) {
		const char *old = c->p->env.v[i], *after = str_after(old, key);
		bool same = after && *after == '=';

		arena_push(c->a, &all, same ? text : old);
		done = done || same;
	}
	if (!done)
		arena_push(c->a, &all, text);
	c->p->env = all;
}

static void set_label(const struct change *c, const char *key, const char *value)
{
	json_map_set(c->a, &c->p->labels, key, value);
}

static int change_env(const struct change *c, struct err *e)
{
	return each_pair(c, set_env, e);
}

static int change_label(const struct change *c, struct err *e)
{
	return each_pair(c, set_label, e);
}

static void add_to_set(struct arena *a, struct strs *set, const char *s)
{
	struct strs all = { 0 };

	for (size_t i = 0; i < set->n; i++) {
		if (str_eq(set->v[i], s))
			return;
		arena_push(a, &all, set->v[i]);
	}
	arena_push(a, &all, s);
	*set = all;
}

static int change_expose(const struct change *c, struct err *e)
{
	const char *p = c->rest, *word;

	while ((word = next_word(c->a, &p)) != NULL) {
		size_t digits = strspn(word, "0123456789");
		const char *proto = word[digits] ? word + digits : "/tcp";

		if (digits == 0 || digits > 5 ||
		    (!str_eq(proto, "/tcp") && !str_eq(proto, "/udp") && !str_eq(proto, "/sctp")))
			return err_set(e, ERR_INVALID, "Invalid containerPort: %s", word);
		add_to_set(c->a, &c->p->exposed_ports,
		           arena_printf(c->a, "%.*s%s", (int)digits, word, proto));
	}
	return 0;
}

static int change_volume(const struct change *c, struct err *e unused_arg)
{
	const char *p = c->rest, *word;
	struct strs list;

	if (json_form(c, c->rest, &list)) {
		for (size_t i = 0; i < list.n; i++)
			add_to_set(c->a, &c->p->volumes, list.v[i]);
		return 0;
	}
	while ((word = next_word(c->a, &p)) != NULL)
		add_to_set(c->a, &c->p->volumes, word);
	return 0;
}

static int change_user(const struct change *c, struct err *e unused_arg)
{
	c->p->user = c->rest;
	return 0;
}

static int change_workdir(const struct change *c, struct err *e unused_arg)
{
	const char *before = str_empty(c->p->working_dir) ? "" : c->p->working_dir;

	c->p->working_dir =
	        *c->rest == '/' ? c->rest : arena_printf(c->a, "%s/%s", before, c->rest);
	return 0;
}

static int change_stop_signal(const struct change *c, struct err *e)
{
	if (signal_parse(c->rest) == 0)
		return wrong(c, "invalid signal", e);
	c->p->stop_signal = c->rest;
	return 0;
}

static int change_onbuild(const struct change *c, struct err *e unused_arg)
{
	struct strs all = { 0 };

	for (size_t i = 0; i < c->p->on_build.n; i++)
		arena_push(c->a, &all, c->p->on_build.v[i]);
	arena_push(c->a, &all, c->rest);
	c->p->on_build = all;
	return 0;
}

static int change_healthcheck(const struct change *c, struct err *e)
{
	struct oci_healthcheck *h = arena_new(c->a, struct oci_healthcheck);
	const char *text = c->rest, *line = str_after(text, "CMD ");

	if (str_ieq(text, "NONE"))
		arena_push(c->a, &h->test, "NONE");
	else if (!line)
		return wrong(c, "only NONE and CMD without options can be changed to", e);
	else if (json_form(c, trim(c->a, line, strlen(line)), &h->test)) {
		struct strs list = { 0 };

		arena_push(c->a, &list, "CMD");
		for (size_t i = 0; i < h->test.n; i++)
			arena_push(c->a, &list, h->test.v[i]);
		h->test = list;
	} else {
		arena_push(c->a, &h->test, "CMD-SHELL");
		arena_push(c->a, &h->test, trim(c->a, line, strlen(line)));
	}
	c->p->healthcheck = h;
	return 0;
}

static const struct {
	const char *word;
	int (*change)(const struct change *c, struct err *e);
	bool may_be_empty;
} instructions[] = {
	{ "CMD", change_cmd, true },
	{ "ENTRYPOINT", change_entrypoint, true },
	{ "ENV", change_env },
	{ "EXPOSE", change_expose },
	{ "HEALTHCHECK", change_healthcheck },
	{ "LABEL", change_label },
	{ "ONBUILD", change_onbuild },
	{ "STOPSIGNAL", change_stop_signal },
	{ "USER", change_user },
	{ "VOLUME", change_volume },
	{ "WORKDIR", change_workdir },
};

static int apply_line(struct change *c, const char *line, struct err *e)
{
	size_t n = strcspn(line, " \t");

	if (!*line)
		return 0;
	c->word = arena_strndup(c->a, line, n);
	c->rest = trim(c->a, line + n, strlen(line + n));
	for (size_t i = 0; i < ARRAY_LEN(instructions); i++) {
		if (!str_ieq(c->word, instructions[i].word))
			continue;
		c->word = instructions[i].word;
		return *c->rest || instructions[i].may_be_empty
		               ? instructions[i].change(c, e)
		               : wrong(c, "requires at least one argument", e);
	}
	return err_set(e, ERR_INVALID, "%s is not a valid change command", c->word);
}

int image_apply_changes(struct arena *a, const struct strs *changes, struct oci_image_params *p,
                        struct err *e)
{
	struct change c = { .a = a, .p = p };

	for (size_t i = 0; i < changes->n; i++)
		for (const char *line = changes->v[i]; *line;) {
			size_t n = strcspn(line, "\n");

			if (apply_line(&c, trim(a, line, n), e) < 0)
				return -1;
			line += n + (line[n] == '\n');
		}
	return 0;
}
