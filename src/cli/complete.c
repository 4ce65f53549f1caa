/*
 * Completion: `docker __complete WORDS...` prints what the last word can become, one candidate a
 * line with its description, then ":" and a directive number. That is the protocol of Go's cobra,
 * so that completion scripts made for the original work; `docker completion SHELL` prints short
 * ones of our own.
 */
#include "cli/complete.h"

#include <stdio.h>

#include "cli/plugin.h"

enum directive {
	DIRECTIVE_DEFAULT = 0, /* file names */
	DIRECTIVE_NO_FILES = 4,
};

static const struct {
	const char *shell, *script;
} scripts[] = {
	{ "bash",
	  "# bash completion for docker\n"
	  "_docker() {\n"
	  "\tlocal out directive\n"
	  "\tout=$(\"${COMP_WORDS[0]}\" __completeNoDesc \"${COMP_WORDS[@]:1:COMP_CWORD}\" "
	  "2>/dev/null)\n"
	  "\tdirective=${out##*:}\n"
	  "\tmapfile -t COMPREPLY < <(compgen -W \"${out%:*}\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
	  "\tif [ \"$directive\" = 0 ] && [ ${#COMPREPLY[@]} -eq 0 ]; then\n"
	  "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
	  "\tfi\n"
	  "}\n"
	  "complete -F _docker docker\n" },
	{ "zsh", "#compdef docker\n"
	         "_docker() {\n"
	         "\tlocal -a lines\n"
	         "\tlines=(\"${(@f)$(\"${words[1]}\" __complete \"${(@)words[2,CURRENT]}\" "
	         "2>/dev/null)}\")\n"
	         "\tlocal directive=${lines[-1]#:}\n"
	         "\tlines=(\"${(@)lines[1,-2]}\")\n"
	         "\tlines=(\"${(@)lines//:/\\\\:}\")\n"
	         "\tlines=(\"${(@)lines//$'\\t'/:}\")\n"
	         "\t[[ ${#lines} -gt 0 ]] && _describe docker lines\n"
	         "\t[[ $directive = 0 ]] && _files\n"
	         "}\n"
	         "compdef _docker docker\n" },
	{ "fish", "# fish completion for docker\n"
	          "function __docker_complete\n"
	          "\tset -l words (commandline -opc)\n"
	          "\t$words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null | "
	          "string match -v -r '^:[0-9]+$'\n"
	          "end\n"
	          "complete -c docker -e\n"
	          "complete -c docker -a '(__docker_complete)'\n" },
};

struct completion_run {
	struct cli *cli;
	const char *word; /* to be completed */
	bool descriptions;
};

/* One candidate, when it begins as the word does. */
static void offer(const struct completion_run *c, const char *candidate, const char *description)
{
	if (!str_starts(candidate, c->word))
		return;
	fputs(candidate, stdout);
	if (c->descriptions && !str_empty(description))
		printf("\t%.*s", (int)strcspn(description, "\n"), description);
	putchar('\n');
}

static int finish(enum directive d)
{
	printf(":%d\n", d);
	fprintf(stderr, "Completion ended with directive: %s\n",
	        d == DIRECTIVE_NO_FILES ? "ShellCompDirectiveNoFileComp"
	                                : "ShellCompDirectiveDefault");
	return 0;
}

static void offer_flags(const struct completion_run *c, const struct flags *flags)
{
	for (size_t i = 0; i < flags_count(flags); i++) {
		const struct flag *f = flags_at(flags, i);
		char letter[] = { '-', f->letter, '\0' };

		if (f->attrs & (FLAG_HIDDEN | FLAG_LATER))
			continue;
		offer(c, arena_printf(&c->cli->arena, "--%s", f->name), f->help);
		if (f->letter && str_empty(c->word + 1))
			offer(c, letter, f->help);
	}
}

static void offer_top(const struct completion_run *c)
{
	struct plugins plugins;

	for (size_t i = 0; i < ncommands; i++) {
		const char *name = commands[i].group ? commands[i].top : commands[i].name;

		if (commands[i].run && name)
			offer(c, name, commands[i].help);
	}
	for (size_t i = 0; i < ncommand_groups; i++)
		if (command_group_ready(&command_groups[i]))
			offer(c, command_groups[i].name, command_groups[i].help);
	plugins_list(c->cli, &plugins);
	for (size_t i = 0; i < plugins.n; i++)
		if (!plugins.v[i].error)
			offer(c, plugins.v[i].name, plugins.v[i].help);
}

static void offer_group(const struct completion_run *c, const char *group)
{
	for (size_t i = 0; i < ncommands; i++)
		if (commands[i].run && !commands[i].hidden && str_eq(commands[i].group, group))
			offer(c, commands[i].name, commands[i].help);
}

/* --- names of objects, from the daemon; nothing when it does not answer --- */

static const struct {
	enum completion what;
	const char *path;
	const char *array; /* member of the answer that is the list; NULL: the answer is */
	const char *names; /* member of an object: its name, or a list of names */
} sources[] = {
	{ COMPLETE_CONTAINERS, "/containers/json?all=1", NULL, "Names" },
	{ COMPLETE_CONTAINERS_RUNNING, "/containers/json", NULL, "Names" },
	{ COMPLETE_IMAGES, "/images/json", NULL, "RepoTags" },
	{ COMPLETE_NETWORKS, "/networks", NULL, "Name" },
	{ COMPLETE_VOLUMES, "/volumes", "Volumes", "Name" },
};

/* A container is called "/name", and "/other/alias" by another one that links to it. */
static void offer_name(const struct completion_run *c, const struct json_value *v)
{
	const char *name = arena_strndup(&c->cli->arena, v->text.data, v->text.len);

	if (*name == '/' && strchr(++name, '/'))
		return;
	offer(c, name, NULL);
}

static void offer_names(const struct completion_run *c, const struct json_value *names)
{
	if (names && names->kind == JV_STRING)
		offer_name(c, names);
	for (size_t i = 0; names && names->kind == JV_ARRAY && i < names->n; i++)
		if (names->values[i].kind == JV_STRING)
			offer_name(c, &names->values[i]);
}

static void offer_objects(const struct completion_run *c, enum completion what)
{
	const struct json_value *list;
	struct json_value answer;
	struct slice body;
	size_t i = 0;

	while (i < ARRAY_LEN(sources) && sources[i].what != what)
		i++;
	if (i == ARRAY_LEN(sources) || api_get(c->cli, sources[i].path, &body, NULL) < 0 ||
	    json_parse(&c->cli->arena, body, &answer, NULL) < 0)
		return;
	list = sources[i].array ? json_member(&answer, sources[i].array) : &answer;
	for (size_t k = 0; list && list->kind == JV_ARRAY && k < list->n; k++)
		offer_names(c, json_member(&list->values[k], sources[i].names));
}

static int offer_arguments(const struct completion_run *c, const struct command *command,
                           size_t nth)
{
	struct err e = { 0 };

	if (command->complete == COMPLETE_NONE || context_resolve(c->cli, &e) < 0)
		return finish(command->max == 0 ? DIRECTIVE_NO_FILES : DIRECTIVE_DEFAULT);
	/* Behind the object of `exec` and `run` stands a command of its own. */
	if (nth > 0 &&
	    (command->ends_at_argument || (command->max > 0 && (short)nth >= command->max)))
		return finish(DIRECTIVE_DEFAULT);
	offer_objects(c, command->complete);
	return finish(DIRECTIVE_NO_FILES);
}

static const struct flag *flag_named(const struct flags *flags, const char *word)
{
	for (size_t i = 0; i < flags_count(flags); i++) {
		const struct flag *f = flags_at(flags, i);

		if ((str_starts(word, "--") && str_eq(word + 2, f->name)) ||
		    (word[0] == '-' && word[1] && word[1] == f->letter && !word[2]))
			return f;
	}
	return NULL;
}

/* How many of the words are arguments; false when the last flag still wants its value. */
static bool count_arguments(const struct command *command, const char *const *words, size_t n,
                            size_t *arguments)
{
	*arguments = 0;
	for (size_t i = 0; i < n; i++) {
		const struct flag *f = flag_named(command->flags, words[i]);

		if (words[i][0] != '-')
			(*arguments)++;
		else if (f && f->kind != FLAG_BOOL && ++i == n)
			return false;
	}
	return true;
}

static int complete_command(const struct completion_run *c, const struct command *command,
                            const char *const *words, size_t n)
{
	size_t arguments;

	if (!count_arguments(command, words, n, &arguments))
		return finish(DIRECTIVE_DEFAULT);
	if (c->word[0] == '-' && !(command->ends_at_argument && arguments)) {
		offer_flags(c, command->flags);
		return finish(DIRECTIVE_NO_FILES);
	}
	return offer_arguments(c, command, arguments);
}

static int complete_words(struct completion_run *c, const char *const *words, size_t n)
{
	const struct command *command;

	if (n == 0) {
		if (c->word[0] == '-')
			offer_flags(c, &global_flags);
		else
			offer_top(c);
		return finish(DIRECTIVE_NO_FILES);
	}
	command = command_find(NULL, words[0]);
	if (command && command->run)
		return complete_command(c, command, words + 1, n - 1);
	if (n == 1) {
		offer_group(c, words[0]);
		return finish(DIRECTIVE_NO_FILES);
	}
	command = command_find(words[0], words[1]);
	if (command && command->run)
		return complete_command(c, command, words + 2, n - 2);
	return finish(DIRECTIVE_DEFAULT);
}

static int print_script(const char *shell)
{
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		if (str_eq(scripts[i].shell, shell)) {
			fputs(scripts[i].script, stdout);
			return 0;
		}
	fputs("Usage:  docker completion bash|zsh|fish\n", shell ? stderr : stdout);
	return shell != NULL;
}

int complete_main(struct cli *cli, const char *const *argv)
{
	struct completion_run c = { .cli = cli, .word = "" };
	size_t n = 0;

	if (str_eq(argv[0], "completion"))
		return print_script(argv[1]);
	c.descriptions = str_eq(argv[0], "__complete");
	argv++;
	while (argv[n])
		n++;
	if (n)
		c.word = argv[--n];
	return complete_words(&c, argv, n);
}
