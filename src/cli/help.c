/*
 * The text of --help: usage, what the command does, its other names, its flags. The layout is that
 * of Go's cobra and pflag, which people's eyes and scripts know.
 */
#include "cli/help.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/plugin.h"

#define NAME_WIDTH 11 /* least width of the column of command names */
#define WRAP_SLOP  5  /* a line may be that much longer when it then ends the text */
#define NARROWEST  24

static size_t terminal_width(void)
{
	struct winsize size;

	return ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

/* --- flags --- */

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct flag *const *)a)->name,
	              (*(const struct flag *const *)b)->name);
}

/* The flags that help shows, in order. */
static size_t visible(struct arena *a, const struct flags *flags, const struct flag ***out)
{
	size_t n = 0;

	*out = arena_array(a, const struct flag *, flags_count(flags));
	for (size_t i = 0; i < flags_count(flags); i++)
		if (!(flags_at(flags, i)->attrs & (FLAG_HIDDEN | FLAG_LATER)))
			(*out)[n++] = flags_at(flags, i);
	qsort(*out, n, sizeof(**out), by_name);
	return n;
}

static char *flag_left(struct arena *a, const struct flag *f)
{
	const char *type = flag_type_name(f);
	char letter[] = { '-', f->letter, ',', ' ', '\0' };

	return arena_printf(a, "  %s--%s%s%s", f->letter ? letter : "    ", f->name,
	                    *type ? " " : "", type);
}

static char *flag_right(struct arena *a, const struct flag *f)
{
	const char *def = f->shown ? f->shown : f->def;
	const char *experimental = f->attrs & FLAG_EXPERIMENTAL ? " (EXPERIMENTAL)" : "";

	if (str_empty(def))
		return arena_printf(a, "%s%s", f->help, experimental);
	return arena_printf(a, f->kind == FLAG_STR ? "%s%s (default \"%s\")" : "%s%s (default %s)",
	                    f->help, experimental, def);
}

/* How much of s goes on a line of `width`; *next is where the following line begins. */
static size_t wrap_line(const char *s, size_t width, const char **next)
{
	size_t len = strlen(s), cut = 0;

	*next = s + len;
	if (width + WRAP_SLOP > len)
		return len;
	for (size_t i = 0; i < width; i++)
		if (s[i] == ' ' || s[i] == '\n')
			cut = i;
	for (size_t i = 1; i < cut; i++) /* a line break in it comes first: the last one */
		if (s[i] == '\n' && !memchr(s + i + 1, '\n', cut - i - 1)) {
			cut = i;
			break;
		}
	if (!cut)
		return len;
	*next = s + cut + 1;
	return cut;
}

/* Text of several lines, each behind the first indented. */
static void add_indented(struct buf *b, const char *s, size_t len, size_t indent)
{
	for (size_t i = 0; i < len; i++) {
		buf_addc(b, s[i]);
		if (s[i] == '\n')
			buf_printf(b, "%*s", (int)indent, "");
	}
}

static void add_wrapped(struct buf *b, const char *s, size_t indent, size_t width)
{
	if (width < indent + NARROWEST) {
		indent = 16;
		buf_printf(b, "\n%*s", (int)indent, "");
	}
	width = width < indent + NARROWEST ? strlen(s) : width - indent - WRAP_SLOP;
	while (*s) {
		const char *next;
		size_t len = wrap_line(s, width, &next);

		add_indented(b, s, len, indent);
		if (*next)
			buf_printf(b, "\n%*s", (int)indent, "");
		s = next;
	}
}

void help_flags(struct buf *b, const struct flags *flags, size_t width)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct flag **v;
	size_t n = visible(&a, flags, &v), left = 0;

	for (size_t i = 0; i < n; i++)
		left = MAX(left, strlen(flag_left(&a, v[i])));
	for (size_t i = 0; i < n; i++) {
		buf_printf(b, "%-*s   ", (int)left, flag_left(&a, v[i]));
		add_wrapped(b, flag_right(&a, v[i]), left + 3, width);
		buf_addc(b, '\n');
	}
}

static void print_flags(FILE *out, const char *title, const struct flags *flags)
{
	_cleanup_buf_ struct buf b = { 0 };

	help_flags(&b, flags, terminal_width() - 1);
	if (b.len)
		fprintf(out, "\n%s:\n%s", title, buf_cstr(&b));
}

/* --- one command --- */

void help_usage_line(struct buf *b, const struct call *call)
{
	buf_printf(b, "%s%s%s", call->path, *call->command->usage ? " " : "", call->command->usage);
}

static void print_aliases(FILE *out, const struct command *c)
{
	const char *p = c->aliases ? c->aliases : "";

	if (!c->group || (!c->aliases && !c->top))
		return;
	fprintf(out, "\nAliases:\n  docker %s %s", c->group, c->name);
	while (*p) {
		size_t n = strcspn(p, " ");

		fprintf(out, ", docker %s %.*s", c->group, (int)n, p);
		p += n + (p[n] == ' ');
	}
	if (c->top)
		fprintf(out, ", docker %s", c->top);
	fputc('\n', out);
}

void help_command(FILE *out, const struct call *call)
{
	_cleanup_buf_ struct buf usage = { 0 };

	help_usage_line(&usage, call);
	fprintf(out, "Usage:  %s\n\n%s\n", buf_cstr(&usage), call->command->help);
	print_aliases(out, call->command);
	print_flags(out, "Options", call->command->flags);
}

/* --- groups and the program --- */

static int by_command_name(const void *a, const void *b)
{
	return strcmp((*(const struct command *const *)a)->name,
	              (*(const struct command *const *)b)->name);
}

void help_group(FILE *out, const struct command_group *group)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct command **v = arena_array(&a, const struct command *, ncommands);
	size_t n = 0;

	for (size_t i = 0; i < ncommands; i++)
		if (str_eq(commands[i].group, group->name) && commands[i].run &&
		    !commands[i].hidden)
			v[n++] = &commands[i];
	qsort(v, n, sizeof(*v), by_command_name);
	fprintf(out, "Usage:  docker %s COMMAND\n\n%s\n\nCommands:\n", group->name, group->help);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "  %-*s %s\n", NAME_WIDTH, v[i]->name, v[i]->help);
	fprintf(out, "\nRun 'docker %s COMMAND --help' for more information on a command.\n",
	        group->name);
}

static const char *top_name(const struct command *c)
{
	return c->group ? c->top : c->name;
}

static int by_top_name(const void *a, const void *b)
{
	return strcmp(top_name(*(const struct command *const *)a),
	              top_name(*(const struct command *const *)b));
}

/* Common commands keep the order of the table, the others are sorted. */
static void print_section(FILE *out, const char *title, enum section section)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct command **v = arena_array(&a, const struct command *, ncommands);
	size_t n = 0;

	for (size_t i = 0; i < ncommands; i++)
		if (commands[i].section == section && top_name(&commands[i]) && commands[i].run)
			v[n++] = &commands[i];
	if (section != SECTION_COMMON)
		qsort(v, n, sizeof(*v), by_top_name);
	fprintf(out, "\n%s:\n", title);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "  %-*s %s\n", NAME_WIDTH, top_name(v[i]), v[i]->help);
}

static bool dead(const struct plugin *p)
{
	return p->error != NULL;
}

/* Groups of ours and plugins, by name; a star tells a plugin. */
static void print_management(FILE *out, const struct plugins *plugins)
{
	size_t g = 0, p = 0;

	fputs("\nManagement Commands:\n", out);
	while (g < ncommand_groups || p < plugins->n) {
		const struct command_group *group = &command_groups[g];
		const struct plugin *plugin = p < plugins->n ? &plugins->v[p] : NULL;

		if (plugin && (g == ncommand_groups || strcmp(plugin->name, group->name) < 0)) {
			if (!dead(plugin) && !plugin->hidden)
				fprintf(out, "  %s*%*s %s\n", plugin->name,
				        (int)(NAME_WIDTH - 1) - (int)strlen(plugin->name), "",
				        plugin->help ? plugin->help : "");
			p++;
			continue;
		}
		if (command_group_ready(group))
			fprintf(out, "  %-*s %s\n", NAME_WIDTH, group->name, group->help);
		g++;
	}
}

static void print_invalid(FILE *out, const struct plugins *plugins)
{
	bool any = false;

	for (size_t i = 0; i < plugins->n; i++) {
		if (!dead(&plugins->v[i]))
			continue;
		fputs(any ? "" : "\nInvalid Plugins:\n", out);
		fprintf(out, "  %-*s %s\n", NAME_WIDTH, plugins->v[i].name, plugins->v[i].error);
		any = true;
	}
}

void help_root(struct cli *cli, FILE *out)
{
	struct plugins plugins;

	plugins_list(cli, &plugins);
	fputs("Usage:  docker [OPTIONS] COMMAND\n\nRun and manage containers\n", out);
	print_section(out, "Common Commands", SECTION_COMMON);
	print_management(out, &plugins);
	print_section(out, "Commands", SECTION_OTHER);
	print_invalid(out, &plugins);
	print_flags(out, "Global Options", &global_flags);
	fputs("\nRun 'docker COMMAND --help' for more information on a command.\n", out);
}
