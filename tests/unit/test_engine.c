/* src/engine without a daemon: flags, filters, names, merging, the store, the registry, waiting. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "engine/container/container.h"
#include "engine/container/config.h"
#include "engine/container/store.h"
#include "engine/filters.h"
#include "engine/daemon/flags.h"
#include "engine/container/names.h"

/* ---- flags and daemon.json ---- */

static char *config_file(struct arena *a, const char *text)
{
	char path[] = "/tmp/lighter-test-XXXXXX";
	_cleanup_close_ int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return arena_strdup(a, path);
}

static int load(struct arena *a, const char *json, struct options *o, struct err *e, int argc,
                const char **argv)
{
	const char *all[16] = { "dockerd" };
	char *path = NULL;
	int n = 1, r;

	if (json) {
		path = config_file(a, json);
		all[n++] = "--config-file";
		all[n++] = path;
	}
	for (int i = 0; i < argc; i++)
		all[n++] = argv[i];
	r = options_load(a, n, (char **)all, o, e);
	if (path)
		unlink(path);
	return r;
}

#define LOAD(json, ...)                                                           \
	load(&a, json, &o, &e, (int)ARRAY_LEN(((const char *[]){ __VA_ARGS__ })), \
	     (const char *[]){ __VA_ARGS__ })

static void flags_are_read_in_every_form(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct options o;
	struct err e = { 0 };

	assert_int_equal(LOAD("{}", "-H", "unix:///a", "--host=tcp://127.0.0.1:1", "-Hfd://", "-D",
	                      "--data-root", "/d", "--iptables=false", "--live-restore"),
	                 0);
	assert_int_equal(o.hosts.n, 3);
	assert_string_equal(o.hosts.v[2], "fd://");
	assert_string_equal(o.data_root, "/d");
	assert_true(o.live.debug && !o.iptables && o.live.live_restore.set &&
	            o.live.live_restore.value);
}

static void the_file_fills_what_flags_leave(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct options o;
	struct err e = { 0 };

	assert_int_equal(
	        LOAD("{\"hosts\":[\"unix:///b\"],\"debug\":true,\"default-shm-size\":\"128M\","
	             "\"log-opts\":{\"max-size\":\"10m\"},\"mtu\":1400,"
	             "\"live-restore\":false}",
	             "--bip", "172.18.0.1/16"),
	        0);
	assert_string_equal(o.hosts.v[0], "unix:///b");
	assert_int_equal(o.live.shm_size, 128 << 20);
	assert_string_equal(json_map_get(&o.log_opts, "max-size"), "10m");
	assert_int_equal(o.mtu, 1400);
	assert_true(o.live.live_restore.set && !o.live.live_restore.value);
}

static void what_is_wrong_is_named(unused_arg void **state)
{
	static const struct {
		const char *json, *flag, *words;
	} cases[] = {
		{ "{\"bogus\":1}", "-D", "don't match any configuration option: bogus" },
		{ "{\"data-root\":\"/x\"}", "--data-root=/y",
		  "both as a flag and in the configuration file: data-root" },
		{ "{\"debug\":\"yes\"}", "-D=0", "both as a flag" },
		{ "{\"mtu\":\"1500\"}", "-D", "\"mtu\": expected an integer" },
		{ "{\"metrics-addr\":\":1\"}", "-D",
		  "\"metrics-addr\" is not supported: there are no metrics" },
		{ "[]", "-D", "expected an object" },
		{ "{\"debug\":", "-D", "unable to configure the Docker daemon with file" },
		{ "{}", "--nope", "unknown flag: --nope" },
		{ "{}", "nope", "accepts no argument(s)" },
		{ "{}", "--mtu", "flag needs an argument: --mtu" },
		{ "{}", "--mtu=abc",
		  "invalid argument \"abc\" for \"--mtu\" flag: invalid default MTU" },
		{ "{}", "--log-level=loud", "invalid logging level: loud" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct options o;
		struct err e = { 0 };

		assert_int_equal(LOAD(cases[i].json, cases[i].flag), -1);
		if (!strstr(e.text, cases[i].words))
			fail_msg("case %zu: %s", i, e.text);
	}
}

/* ---- filters ---- */

static void filters_have_two_forms(unused_arg void **state)
{
	static const char *const allowed[] = { "name", "label", "all", NULL };
	_cleanup_arena_ struct arena a = { 0 };
	struct json_map labels = { 0 };
	struct filters f;
	struct err e = { 0 };

	json_map_set(&a, &labels, "k", "v");
	assert_int_equal(
	        filters_parse(&a, "{\"name\":{\"we.\":true},\"label\":[\"k=v\"]}", allowed, &f, &e),
	        0);
	assert_true(filters_match(&f, "name", "web"));
	assert_false(filters_match(&f, "name", "db"));
	assert_true(filters_labels(&f, "label", &labels));
	assert_true(filters_equal(&f, "all", "anything"));
	assert_int_equal(
	        filters_parse(&a, "{\"label\":[\"k=x\"],\"all\":[\"0\"]}", allowed, &f, &e), 0);
	assert_false(filters_labels(&f, "label", &labels));
	assert_int_equal(filters_bool(&f, "all", 1, &e), 0);
	assert_int_equal(filters_parse(&a, "", allowed, &f, &e), 0);
}

static void bad_filters_are_refused(unused_arg void **state)
{
	static const char *const allowed[] = { "name", NULL };
	static const char *const bad[] = {
		"{\"x\":[\"a\"]}",     "{\"name\":\"a\"}", "{\"name\":[1]}", "[]", "{",
		"{\"name\":{\"a\":1}}"
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct filters f;
		struct err e = { 0 };

		assert_int_equal(filters_parse(&a, bad[i], allowed, &f, &e), -1);
		assert_int_equal(e.kind, ERR_INVALID);
	}
}

/* ---- names ---- */

static void names_are_checked_and_made(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };

	assert_true(name_is_valid("a1") && name_is_valid("A_b.c-d"));
	assert_false(name_is_valid("a") || name_is_valid("") || name_is_valid("-a") ||
	             name_is_valid("a/b") || name_is_valid("a b"));
	for (unsigned i = 0; i < 100; i++) {
		const char *name = name_random(&a, i % 2);

		assert_true(name_is_valid(name));
		assert_non_null(strchr(name, '_'));
	}
}

/* ---- merging with the image ---- */

static struct strs list(struct arena *a, const char *one, const char *two)
{
	struct strs s = { 0 };

	arena_push(a, &s, one);
	if (two)
		arena_push(a, &s, two);
	return s;
}

static void the_image_fills_what_the_client_leaves(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct oci_image_params image = { .user = "1000", .working_dir = "/srv" };
	struct api_config c = { .working_dir = "/mine" };

	image.env = list(&a, "A=image", "B=image");
	image.entrypoint = list(&a, "/start", NULL);
	image.cmd = list(&a, "serve", NULL);
	c.env = list(&a, "B=client", NULL);
	config_merge(&a, &c, &image);
	assert_string_equal(c.user, "1000");
	assert_string_equal(c.working_dir, "/mine");
	assert_int_equal(c.env.n, 2);
	assert_string_equal(c.env.v[0], "B=client");
	assert_string_equal(c.env.v[1], "A=image");
	assert_string_equal(c.entrypoint.v[0], "/start");
	assert_string_equal(c.cmd.v[0], "serve");
}

static void an_entrypoint_of_the_client_drops_the_images_command(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct oci_image_params image = { 0 };
	struct api_config c = { 0 };

	image.entrypoint = list(&a, "/start", NULL);
	image.cmd = list(&a, "serve", NULL);
	c.entrypoint = list(&a, "/bin/sh", NULL);
	config_merge(&a, &c, &image);
	assert_string_equal(c.entrypoint.v[0], "/bin/sh");
	assert_int_equal(c.cmd.n, 0);
	c = (struct api_config){ .entrypoint = list(&a, "", NULL) };
	c.cmd = list(&a, "ls", NULL);
	config_merge(&a, &c, &image);
	assert_int_equal(c.entrypoint.n, 0);
	assert_string_equal(c.cmd.v[0], "ls");
}

/* ---- containers ---- */

struct fixture {
	struct engine g;
	char dir[40];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[64];
	struct err e = { 0 };

	str_copy(f->dir, sizeof(f->dir), "/tmp/lighter-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(path, sizeof(path), "%s/lighter.db", f->dir);
	f->g.store = store_open(path, &e);
	assert_non_null(f->g.store);
	f->g.containers = containers_new();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	containers_free(f->g.containers);
	store_close(f->g.store);
	assert_int_equal(tree_remove(AT_FDCWD, f->dir, &e), 0);
	free(f);
	return 0;
}

static struct container *add(struct fixture *f, const char *name, int64_t created)
{
	struct api_config config = { .image = "busybox" };
	struct api_host_config host = { .network_mode = "none" };
	struct container_record r = {
		.name = name, .created = created, .config = &config, .host = &host
	};
	char id[ID_SIZE];
	struct container *c;
	struct err e = { 0 };

	id_new(id);
	r.id = id;
	c = container_new(&f->g, &r);
	assert_int_equal(containers_add(f->g.containers, c, &e), 0);
	assert_int_equal(container_save(c, &e), 0);
	return c;
}

static void containers_are_found_by_id_name_and_prefix(void **state)
{
	struct fixture *f = *state;
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_container_ struct container *web = add(f, "web", 1), *db = add(f, "db", 2);
	_cleanup_container_ struct container *one = NULL, *two = NULL, *three = NULL;
	_cleanup_list_ struct container_list l = containers_list(f->g.containers, &a);
	struct err e = { 0 };
	char prefix[13];

	str_copy(prefix, sizeof(prefix), web->id);
	one = containers_find(f->g.containers, "/web", &e);
	two = containers_find(f->g.containers, db->id, &e);
	three = containers_find(f->g.containers, prefix, &e);
	assert_ptr_equal(one, web);
	assert_ptr_equal(two, db);
	assert_ptr_equal(three, web);
	assert_int_equal(l.n, 2);
	assert_ptr_equal(l.v[0], db);
	assert_null(containers_find(f->g.containers, "nope", &e));
	assert_string_equal(e.text, "No such container: nope");
	assert_true(containers_name_taken(f->g.containers, "web", &e));
	assert_non_null(
	        strstr(e.text, "The container name \"/web\" is already in use by container"));
	containers_remove(f->g.containers, db);
	assert_true(containers_gone(f->g.containers, db->id));
}

static void containers_come_back_from_the_store(void **state)
{
	struct fixture *f = *state;
	_cleanup_container_ struct container *c = add(f, "kept", 5), *again = NULL;
	struct container_state s = { .status = CONTAINER_EXITED, .exit_code = 7, .finished_at = 9 };
	struct err e = { 0 };

	assert_int_equal(container_set_state(c, &s, STORE_DURABLE, &e), 0);
	containers_free(f->g.containers);
	f->g.containers = containers_new();
	assert_int_equal(containers_load(&f->g, &e), 0);
	again = containers_find(f->g.containers, "kept", &e);
	assert_non_null(again);
	assert_ptr_not_equal(again, c);
	container_get_state(again, &s);
	assert_int_equal(s.status, CONTAINER_EXITED);
	assert_int_equal(s.exit_code, 7);
	assert_int_equal(s.finished_at, 9);
	assert_string_equal(again->desc->r.config->image, "busybox");
}

static int woken;

static void on_wake(unused_arg struct container_waiter *w, int exit_code)
{
	woken = woken * 100 + exit_code;
}

static void waiters_are_told_what_they_asked_for(void **state)
{
	struct fixture *f = *state;
	_cleanup_container_ struct container *c = add(f, "w", 5);
	struct container_waiter stopped = { .until = WAIT_NOT_RUNNING, .fn = on_wake };
	struct container_waiter next = { .until = WAIT_NEXT_EXIT, .fn = on_wake };
	struct container_waiter removed = { .until = WAIT_REMOVED, .fn = on_wake };
	struct container_state s = { .status = CONTAINER_RUNNING, .pid = 1 };
	struct err e = { 0 };
	int code;

	assert_true(container_wait(c, &stopped, &code));
	assert_false(container_wait(c, &next, &code));
	assert_false(container_wait(c, &removed, &code));
	assert_int_equal(container_set_state(c, &s, STORE_FAST, &e), 0);
	assert_false(container_wait(c, &stopped, &code));
	assert_false(container_wait_stopped(c, 1));
	assert_true(container_wait_cancel(c, &stopped));
	s = (struct container_state){ .status = CONTAINER_EXITED, .exit_code = 7 };
	assert_int_equal(container_set_state(c, &s, STORE_FAST, &e), 0);
	container_wake(c, WAIT_NEXT_EXIT);
	assert_int_equal(woken, 7);
	assert_false(container_wait_cancel(c, &next));
	container_wake(c, WAIT_REMOVED);
	assert_int_equal(woken, 707);
	assert_true(container_wait_stopped(c, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_are_read_in_every_form),
		cmocka_unit_test(the_file_fills_what_flags_leave),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(filters_have_two_forms),
		cmocka_unit_test(bad_filters_are_refused),
		cmocka_unit_test(names_are_checked_and_made),
		cmocka_unit_test(the_image_fills_what_the_client_leaves),
		cmocka_unit_test(an_entrypoint_of_the_client_drops_the_images_command),
		cmocka_unit_test_setup_teardown(containers_are_found_by_id_name_and_prefix, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(containers_come_back_from_the_store, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(waiters_are_told_what_they_asked_for, setup,
		                                teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
