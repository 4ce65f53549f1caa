/* The table of flags and daemon.json keys, made from flags.def. See flags.h. */
#include "engine/daemon/flags_internal.h"

#define FLAG(kind, member, name, letter, key, check, help) \
	{ F_##kind, offsetof(struct options, member), name, letter, key, check, help, NULL },
#define REFUSED(name, key, harmless, why) { F_REFUSED, 0, name, 0, key, NULL, why, harmless },
const struct flag flag_table[] = {
#include "engine/daemon/flags.def"
};
#undef FLAG
#undef REFUSED

const size_t flag_count = ARRAY_LEN(flag_table);

const struct flag *flag_by_name(const char *s, size_t n)
{
	for (size_t i = 0; i < flag_count; i++)
		if (flag_table[i].name && slice_eq((struct slice){ s, n }, flag_table[i].name))
			return &flag_table[i];
	return NULL;
}

const struct flag *flag_by_letter(char c)
{
	for (size_t i = 0; i < flag_count; i++)
		if (c && flag_table[i].letter == c)
			return &flag_table[i];
	return NULL;
}

const struct flag *flag_by_key(const char *key)
{
	for (size_t i = 0; i < flag_count; i++)
		if (flag_table[i].key && str_eq(flag_table[i].key, key))
			return &flag_table[i];
	return NULL;
}

bool flag_is_group(const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < flag_count; i++)
		if (flag_table[i].key && str_starts(flag_table[i].key, key) &&
		    flag_table[i].key[n] == '.')
			return true;
	return false;
}

bool flag_stands_alone(const struct flag *f)
{
	return f->kind == F_BOOL || f->kind == F_TRI ||
	       (f->kind == F_REFUSED && str_eq(f->harmless, "false"));
}

bool flag_is_live(const struct flag *f)
{
	return f->offset >= offsetof(struct options, live) &&
	       f->offset < offsetof(struct options, live) + sizeof(struct live_options);
}

void options_help(FILE *out)
{
	fputs("\nUsage:  dockerd [OPTIONS]\n\nA self-sufficient runtime for "
	      "containers.\n\nOptions:\n",
	      out);
	for (size_t i = 0; i < flag_count; i++) {
		const struct flag *f = &flag_table[i];

		if (f->kind == F_REFUSED || !f->text || !f->name)
			continue;
		if (f->letter)
			fprintf(out, "  -%c, --%-26s %s\n", f->letter, f->name, f->text);
		else
			fprintf(out, "      --%-26s %s\n", f->name, f->text);
	}
}
