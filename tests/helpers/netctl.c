/*
 * netctl: libnetwork by hand, for tests/integration/test_libnetwork.py. The engine's part is played
 * by whoever writes to its standard input; rows are files in a folder.
 *
 *     netctl STATE-DIR OPTION=VALUE...     exec_root, proxy_path, bip, iptables, userland_proxy, ...
 *
 * A line is a command, words and, last, a JSON document; the answer is one line of JSON, which has
 * an "error" when it failed. The end of input is the end of the process, and nothing is undone.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "libnetwork/files.h"
#include "libnetwork/libnetwork.h"

/* ---- rows as files, whole or not at all; a name with a dot is one that was not finished ---- */

static const char *const folders[] = { "networks", "endpoints", "sandboxes" };

static char *row_path(struct arena *a, void *ctx, enum net_row kind, const char *id)
{
	return arena_printf(a, "%s/%s/%s", (char *)ctx, folders[kind], id);
}

static int put(void *ctx, enum net_row kind, const char *id, struct slice json,
               unused_arg bool durable, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	return file_replace_path(row_path(&a, ctx, kind, id), json.data, json.len, 0600,
	                         FILE_VOLATILE, e);
}

static int forget(void *ctx, enum net_row kind, const char *id, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	if (unlink(row_path(&a, ctx, kind, id)) < 0 && errno != ENOENT)
		return err_errno(e, errno, "remove row %s", id);
	return 0;
}

struct each {
	int (*fn)(void *arg, const char *id, struct slice json);
	void *arg;
	const char *folder;
};

static int read_row(void *arg, unused_arg int dirfd, const char *name)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct each *x = arg;
	struct slice text;

	if (name[0] == '.' || file_read(&a, AT_FDCWD, path_join(&a, x->folder, name),
	                                LIMIT_CONFIG_FILE, &text, NULL) < 0)
		return 0;
	return x->fn(x->arg, name, text);
}

static int each(void *ctx, enum net_row kind,
                int (*fn)(void *arg, const char *id, struct slice json), void *arg, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct each x = { fn, arg, path_join(&a, ctx, folders[kind]) };

	return dir_each(AT_FDCWD, x.folder, read_row, &x, e);
}

/* ---- commands ---- */

struct call {
	struct net_controller *c;
	struct arena *a;
	const char *word[3];
	struct slice json; /* what follows the words */
	struct buf *out;
};

static int answer_sandbox(struct call *k, struct sandbox *s)
{
	struct sandbox_info info;

	sandbox_info(s, k->a, &info);
	json_encode(k->out, &sandbox_info_type, &info);
	return 0;
}

static int do_sandbox(struct call *k, struct err *e)
{
	_cleanup_sandbox_ struct sandbox *s = NULL;
	struct sandbox_info want = { .container_id = k->word[0],
		                     .host_mode = str_eq(k->word[1], "host") };

	s = sandbox_create(k->c, &want, e);
	return s ? answer_sandbox(k, s) : -1;
}

/* join CONTAINER NETWORK {endpoint} */
static int do_join(struct call *k, struct err *e)
{
	_cleanup_sandbox_ struct sandbox *s = sandbox_find(k->c, k->word[0], e);
	_cleanup_network_ struct network *n = s ? network_find(k->c, k->word[1], e) : NULL;
	_cleanup_endpoint_ struct endpoint *ep = NULL;
	struct endpoint_info info;

	if (!n || json_decode(k->a, &endpoint_info_type, k->json, &info, e) < 0)
		return -1;
	ep = endpoint_create(n, &info, e);
	if (!ep)
		return -1;
	if (endpoint_join(ep, s, e) < 0)
		return endpoint_delete(ep, NULL) < 0 ? err_wrap(e, "(and delete failed)") : -1;
	endpoint_info(ep, k->a, &info);
	json_encode(k->out, &endpoint_info_type, &info);
	return 0;
}

/* leave ENDPOINT */
static int do_leave(struct call *k, struct err *e)
{
	_cleanup_endpoint_ struct endpoint *ep = endpoint_find(k->c, k->word[0], e);

	if (!ep || endpoint_leave(ep, e) < 0 || endpoint_delete(ep, e) < 0)
		return -1;
	buf_adds(k->out, "{}");
	return 0;
}

static int do_stop(struct call *k, struct err *e)
{
	_cleanup_sandbox_ struct sandbox *s = sandbox_find(k->c, k->word[0], e);

	if (!s || sandbox_delete(s, e) < 0)
		return -1;
	buf_adds(k->out, "{}");
	return 0;
}

static int do_network(struct call *k, struct err *e)
{
	_cleanup_network_ struct network *n = NULL;
	struct network_info info;

	if (json_decode(k->a, &network_info_type, k->json, &info, e) < 0)
		return -1;
	n = network_create(k->c, &info, e);
	if (!n)
		return -1;
	network_info(n, k->a, &info);
	json_encode(k->out, &network_info_type, &info);
	return 0;
}

static int do_network_rm(struct call *k, struct err *e)
{
	_cleanup_network_ struct network *n = network_find(k->c, k->word[0], e);

	if (!n || network_delete(n, e) < 0)
		return -1;
	buf_adds(k->out, "{}");
	return 0;
}

static int do_inspect(struct call *k, struct err *e)
{
	_cleanup_network_ struct network *n = network_find(k->c, k->word[0], e);
	struct network_info info;

	if (!n)
		return -1;
	network_info(n, k->a, &info);
	json_encode(k->out, &network_info_type, &info);
	return 0;
}

/* {"networks":[name...],"sandboxes":[container...],"endpoints":[[name...] a network]} */
static int do_list(struct call *k, unused_arg struct err *e)
{
	struct network_infos networks;
	struct sandbox_infos sandboxes;

	net_controller_networks(k->c, k->a, &networks);
	net_controller_sandboxes(k->c, k->a, &sandboxes);
	buf_adds(k->out, "{\"networks\":[");
	for (size_t i = 0; i < networks.n; i++)
		buf_printf(k->out, "%s\"%s\"", i ? "," : "", networks.v[i].name);
	buf_adds(k->out, "],\"sandboxes\":[");
	for (size_t i = 0; i < sandboxes.n; i++) {
		buf_adds(k->out, i ? "," : "");
		json_encode(k->out, &sandbox_info_type, &sandboxes.v[i]);
	}
	buf_adds(k->out, "]}");
	return 0;
}

/* ---- many threads at once, as an engine has them ---- */

struct storm {
	struct net_controller *c;
	int number, rounds;
	pthread_t thread;
	struct err e;
	int result;
};

static int one_life(struct net_controller *c, const char *name, struct err *e)
{
	_cleanup_sandbox_ struct sandbox *s = NULL;
	_cleanup_network_ struct network *n = network_find(c, "bridge", e);
	_cleanup_endpoint_ struct endpoint *ep = NULL;
	struct sandbox_info sandbox = { .container_id = name };
	struct net_port port = { .proto = "tcp", .port = 80 };
	struct endpoint_info info = { .name = name };

	info.ports.n = 1;
	info.ports.v = &port;
	s = n ? sandbox_create(c, &sandbox, e) : NULL;
	if (!s)
		return -1;
	ep = endpoint_create(n, &info, e);
	if (!ep || endpoint_join(ep, s, e) < 0)
		return -1;
	return sandbox_delete(s, e);
}

static int look(struct net_controller *c, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_network_ struct network *n = network_find(c, "bridge", e);
	struct sandbox_infos sandboxes;
	struct endpoint_infos endpoints;

	if (!n)
		return -1;
	net_controller_sandboxes(c, &a, &sandboxes);
	network_endpoints(n, &a, &endpoints);
	return 0;
}

static void *blow(void *arg)
{
	struct storm *s = arg;
	char name[16];

	snprintf(name, sizeof(name), "storm%d", s->number);
	for (int i = 0; i < s->rounds && s->result == 0; i++)
		s->result = s->number % 4 ? one_life(s->c, name, &s->e) : look(s->c, &s->e);
	return NULL;
}

/* storm THREADS ROUNDS: a quarter of the threads only looks. */
static int do_storm(struct call *k, struct err *e)
{
	int n = (int)strtol(k->word[0], NULL, 10), result = 0;
	struct storm *all = arena_array(k->a, struct storm, n);

	for (int i = 0; i < n; i++) {
		all[i].c = k->c;
		all[i].number = i;
		all[i].rounds = (int)strtol(k->word[1], NULL, 10);
		if (pthread_create(&all[i].thread, NULL, blow, &all[i]) != 0)
			abort();
	}
	for (int i = 0; i < n; i++) {
		pthread_join(all[i].thread, NULL);
		if (all[i].result < 0) {
			result = -1;
			*e = all[i].e;
		}
	}
	buf_adds(k->out, "{}");
	return result;
}

static const struct command {
	const char *name;
	int words;
	int (*fn)(struct call *k, struct err *e);
} commands[] = {
	{ "sandbox", 2, do_sandbox }, { "join", 2, do_join },
	{ "leave", 1, do_leave },     { "stop", 1, do_stop },
	{ "network", 0, do_network }, { "network-rm", 1, do_network_rm },
	{ "inspect", 1, do_inspect }, { "list", 0, do_list },
	{ "storm", 2, do_storm },
};

static const char *take_word(char **line)
{
	char *word = *line + strspn(*line, " ");
	size_t n = strcspn(word, " ");

	*line = word + n;
	if (word[n]) {
		word[n] = '\0';
		(*line)++;
	}
	return word;
}

static int run(struct net_controller *c, char *line, struct buf *out, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *name = take_word(&line);
	struct call k = { .c = c, .a = &a, .out = out };

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (!str_eq(commands[i].name, name))
			continue;
		for (int w = 0; w < commands[i].words; w++)
			k.word[w] = take_word(&line);
		k.json = slice_of(line);
		return commands[i].fn(&k, e);
	}
	return err_set(e, ERR_INVALID, "no command %s", name);
}

static void serve(struct net_controller *c)
{
	_cleanup_buf_ struct buf out = { 0 };
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, stdin)) > 0) {
		struct err e = { 0 };

		line[strcspn(line, "\n")] = '\0';
		buf_reset(&out);
		if (run(c, line, &out, &e) < 0) {
			buf_reset(&out);
			buf_adds(&out, "{\"error\":");
			json_quote(&out, slice_of(e.text));
			buf_printf(&out, ",\"status\":%d}", err_http_status(e.kind));
		}
		puts(buf_cstr(&out));
		fflush(stdout);
	}
	free(line);
}

/* ---- options ---- */

static void on_warning(unused_arg void *ctx, const struct err *e)
{
	fprintf(stderr, "warning: %s\n", e->text);
}

#define FIELD(f) offsetof(struct net_options, f)
static const struct {
	const char *name;
	size_t offset;
	bool is_string;
} options[] = {
	{ "exec_root", FIELD(exec_root), true },
	{ "proxy_path", FIELD(proxy_path), true },
	{ "bridge", FIELD(bridge), true },
	{ "bip", FIELD(bip), true },
	{ "fixed_cidr", FIELD(fixed_cidr), true },
	{ "default_gateway", FIELD(default_gateway), true },
	{ "default_host_ip", FIELD(default_host_ip), true },
	{ "iptables", FIELD(iptables), false },
	{ "ip_forward", FIELD(ip_forward), false },
	{ "ip_masq", FIELD(ip_masq), false },
	{ "icc", FIELD(icc), false },
	{ "userland_proxy", FIELD(userland_proxy), false },
};

static void set_option(struct net_options *o, const char *arg)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const char *value = str_after(arg, options[i].name);

		if (!value || *value++ != '=')
			continue;
		if (options[i].is_string)
			*(const char **)((char *)o + options[i].offset) = value;
		else
			*(bool *)((char *)o + options[i].offset) = str_eq(value, "true");
		return;
	}
	if (str_starts(arg, "mtu="))
		o->mtu = (int)strtol(arg + 4, NULL, 10);
}

static int make_folders(const char *state, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (dir_make(path_join(&a, state, folders[i]), 0700, e) < 0)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	struct net_options o = NET_OPTIONS_DEFAULT;
	struct net_controller *c = NULL;
	struct err e = { 0 };

	o.store = (struct net_store){ argv[1], put, forget, each };
	o.warn = on_warning;
	for (int i = 2; i < argc; i++)
		set_option(&o, argv[i]);
	if (argc < 2 || make_folders(argv[1], &e) < 0 || !(c = net_controller_new(&o, &e))) {
		fprintf(stderr, "netctl: %s\n", e.text);
		return 1;
	}
	puts("{}");
	fflush(stdout);
	serve(c);
	net_controller_free(c);
	return 0;
}
