/* engine/spec: from a create body to an OCI runtime specification; users, mounts, capabilities. */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "engine/spec/spec.h"

struct fixture {
	struct arena a;
	char dir[40];
	int rootfs;
	struct api_create create;
	struct api_host_config host;
	struct mount_points points;
	struct err e;
};

static void put(struct fixture *f, const char *path, const char *text)
{
	assert_int_equal(file_write(f->rootfs, path, text, strlen(text), 0644, &f->e), 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	str_copy(f->dir, sizeof(f->dir), "/tmp/lighter-spec-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->rootfs = open(f->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	mkdirat(f->rootfs, "etc", 0755);
	put(f, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33:w:/var:/bin/sh\nbroken\n");
	put(f, "etc/group", "root:x:0:\nwheel:x:10:root\nweb:x:33:\ntape:x:26:web,root\n");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	fd_close(&f->rootfs);
	assert_int_equal(tree_remove(AT_FDCWD, f->dir, &f->e), 0);
	arena_free(&f->a);
	free(f);
	return 0;
}

static void decode(struct fixture *f, const char *config, const char *host)
{
	assert_int_equal(json_decode(&f->a, &api_create_type, slice_of(config), &f->create, &f->e),
	                 0);
	assert_int_equal(json_decode(&f->a, &api_host_config_type, slice_of(host), &f->host, &f->e),
	                 0);
}

static struct oci_spec *build(struct fixture *f, const char *config, const char *host)
{
	struct api_config c;
	struct spec_input in = { .id = "id1",
		                 .config = &c,
		                 .host = &f->host,
		                 .points = &f->points,
		                 .hostname = "box",
		                 .rootfs = f->rootfs,
		                 .network_ns = "/run/netns/x" };

	assert_int_equal(json_decode(&f->a, &api_config_type, slice_of(config), &c, &f->e), 0);
	decode(f, config, host);
	if (spec_points_parse(&f->a, &c, &f->host, &f->points, &f->e) < 0)
		return NULL;
	return spec_build(&f->a, &in, &f->e);
}

static const char *text_of(struct fixture *f, const struct oci_spec *s)
{
	assert_non_null(s);
	return json_text(&f->a, &oci_spec_type, s);
}

static void users_come_from_the_containers_files(void **state)
{
	static const struct {
		const char *user, *error;
		uint64_t uid, gid;
		size_t groups;
	} cases[] = {
		{ "", NULL, 0, 0, 3 },
		{ "web", NULL, 33, 33, 2 },
		{ "33", NULL, 33, 33, 2 },
		{ "33:10", NULL, 33, 10, 1 },
		{ "web:wheel", NULL, 33, 10, 1 },
		{ "1234", NULL, 1234, 0, 1 },
		{ ":10", NULL, 0, 10, 1 },
		{ "nobody", "unable to find user nobody: no matching entries in passwd file", 0, 0,
		  0 },
		{ "web:none", "unable to find group none: no matching entries in group file", 0, 0,
		  0 },
		{ "4294967296", "uids and gids must be in range 0-2147483647", 0, 0, 0 },
		{ "99999999999999999999", "uids and gids must be in range 0-2147483647", 0, 0, 0 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strs none = { 0 };
		struct spec_user u;
		int r = spec_user_lookup(&f->a, f->rootfs, cases[i].user, &none, &u, &f->e);

		if (cases[i].error) {
			assert_int_equal(r, -1);
			assert_string_equal(f->e.text, cases[i].error);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(u.uid, cases[i].uid);
		assert_int_equal(u.gid, cases[i].gid);
		assert_int_equal(u.groups.n, cases[i].groups);
	}
}

static void cve_2026_47262_passwd_is_bounded_and_regular(void **state)
{
	struct fixture *f = *state;
	struct strs none = { 0 };
	struct spec_user u;

	unlinkat(f->rootfs, "etc/passwd", 0);
	assert_int_equal(mkfifoat(f->rootfs, "etc/passwd", 0600), 0);
	assert_int_equal(spec_user_lookup(&f->a, f->rootfs, "web", &none, &u, &f->e), -1);
	unlinkat(f->rootfs, "etc/passwd", 0);
	put(f, "etc/passwd", "");
	assert_int_equal(truncate(path_join(&f->a, f->dir, "etc/passwd"), 1L << 30), 0);
	assert_int_equal(spec_user_lookup(&f->a, f->rootfs, "web", &none, &u, &f->e), -1);
	assert_int_equal(f->e.kind, ERR_EXHAUSTED);
	unlinkat(f->rootfs, "etc/passwd", 0);
	assert_int_equal(symlinkat("/etc/passwd", f->rootfs, "etc/passwd"),
	                 0); /* loops: the root is the rootfs */
	assert_int_equal(spec_user_lookup(&f->a, f->rootfs, "web", &none, &u, &f->e), -1);
}

static void defaults_are_dockers(void **state)
{
	struct fixture *f = *state;
	const char *text =
	        text_of(f, build(f, "{\"Cmd\":[\"sh\"],\"Env\":[\"A=1\",\"PATH=/x\"]}", "{}"));

	assert_non_null(strstr(text, "\"args\":[\"sh\"]"));
	assert_non_null(strstr(text, "\"env\":[\"PATH=/x\",\"HOSTNAME=box\",\"A=1\"]"));
	assert_non_null(strstr(text, "\"cgroupsPath\":\"/docker/id1\""));
	assert_non_null(strstr(text, "{\"type\":\"network\",\"path\":\"/run/netns/x\"}"));
	assert_non_null(strstr(text, "\"/proc/kcore\""));
	assert_non_null(strstr(text, "\"CAP_SETFCAP\"]"));
	assert_null(strstr(text, "CAP_SYS_ADMIN"));
	assert_null(strstr(text, "inheritable"));
	assert_non_null(strstr(text, "\"defaultAction\":\"SCMP_ACT_ERRNO\""));
	assert_null(strstr(text, "io_uring"));
}

static void privileged_lifts_the_walls(void **state)
{
	struct fixture *f = *state;
	const char *text = text_of(f, build(f, "{\"Cmd\":[\"sh\"]}", "{\"Privileged\":true}"));

	assert_non_null(strstr(text, "CAP_SYS_ADMIN"));
	assert_null(strstr(text, "seccomp"));
	assert_null(strstr(text, "maskedPaths"));
	assert_non_null(strstr(text, "{\"allow\":true,\"access\":\"rwm\"}"));
}

static void capabilities_combine(void **state)
{
	static const struct {
		const char *host, *has, *lacks;
	} cases[] = {
		{ "{\"CapAdd\":[\"net_admin\"]}", "CAP_NET_ADMIN", "CAP_SYS_ADMIN" },
		{ "{\"CapDrop\":[\"ALL\"],\"CapAdd\":[\"CAP_CHOWN\"]}", "CAP_CHOWN", "CAP_KILL" },
		{ "{\"CapAdd\":[\"ALL\"],\"CapDrop\":[\"MKNOD\"]}", "CAP_SYS_ADMIN", "CAP_MKNOD" },
		{ "{\"CapDrop\":[\"CAP_KILL\"]}", "CAP_CHOWN", "CAP_KILL" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct oci_spec *s = build(f, "{\"Cmd\":[\"sh\"]}", cases[i].host);
		const char *text;

		assert_non_null(s);
		text = json_text(&f->a, &oci_capabilities_type, s->process->capabilities);
		assert_non_null(strstr(text, cases[i].has));
		assert_null(strstr(text, cases[i].lacks));
	}
	assert_null(build(f, "{\"Cmd\":[\"sh\"]}", "{\"CapAdd\":[\"FLY\"]}"));
	assert_string_equal(f->e.text, "invalid CapAdd: unknown capability: \"CAP_FLY\"");
}

static void mounts_are_ordered_and_replace_defaults(void **state)
{
	struct fixture *f = *state;
	const char *text = text_of(f, build(f, "{\"Cmd\":[\"sh\"]}",
	                                    "{\"Binds\":[\"/tmp:/a/b/c:ro\",\"/etc:/"
	                                    "a\"],\"Tmpfs\":{\"/dev/shm\":\"size=1m\"}}"));
	const char *parent = strstr(text, "\"destination\":\"/a\""),
	           *child = strstr(text, "\"/a/b/c\"");

	assert_non_null(parent);
	assert_true(child > parent);
	assert_non_null(strstr(child, "\"options\":[\"rbind\",\"ro\",\"rprivate\"]"));
	assert_null(strstr(text, "size=67108864"));
	assert_non_null(strstr(text, "\"size=1m\""));
}

static void bad_mounts_are_named(void **state)
{
	static const char *const cases[][2] = {
		{ "{\"Binds\":[\"/x:\"]}", "invalid volume specification: '/x:'" },
		{ "{\"Binds\":[\":/x\"]}", "invalid volume specification: ':/x'" },
		{ "{\"Binds\":[\"/a:/b:ro:rw\"]}", "invalid volume specification" },
		{ "{\"Binds\":[\"vol:/a:rslave\"]}", "field BindOptions must not be specified" },
		{ "{\"Binds\":[\"/tmp:/a:nocopy\"]}", "invalid mode: nocopy" },
		{ "{\"Binds\":[\"v:/a\"]}", "volume name is too short" },
		{ "{\"Mounts\":[{\"Type\":\"volume\",\"Target\":\"/a\",\"ReadOnly\":true}]}",
		  "must not set ReadOnly mode when using anonymous volumes" },
		{ "{\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"vol\",\"Target\":\"/a\","
		  "\"BindOptions\":{}}]}",
		  "field BindOptions must not be specified" },
		{ "{\"Mounts\":[{\"Type\":\"tmpfs\",\"Source\":\"vol\",\"Target\":\"/a\"}]}",
		  "field Source must not be specified" },
		{ "{\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/tmp\",\"Target\":\"/a\","
		  "\"BindOptions\":{\"Propagation\":\"odd\"}}]}",
		  "invalid propagation mode: odd" },
		{ "{\"Mounts\":[{\"Type\":\"image\",\"Source\":\"i\",\"Target\":\"/a\"}]}",
		  "mount type unknown" },
		{ "{\"Binds\":[\"/tmp:rel\"]}", "mount path must be absolute" },
		{ "{\"Binds\":[\"/tmp:/a:wild\"]}", "invalid mode: wild" },
		{ "{\"Binds\":[\"/tmp:/\"]}", "destination can't be '/'" },
		{ "{\"Binds\":[\"a/b:/x\"]}",
		  "includes invalid characters for a local volume name" },
		{ "{\"Binds\":[\"/tmp:/a\",\"/etc:/a\"]}", "Duplicate mount point: /a" },
		{ "{\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/nope\",\"Target\":\"/a\"}]}",
		  "bind source path does not exist: /nope" },
		{ "{\"Mounts\":[{\"Type\":\"bad\",\"Target\":\"/a\"}]}", "mount type unknown" },
		{ "{\"Memory\":1024}", "Minimum memory limit allowed is 6MB" },
		{ "{\"NanoCpus\":1000,\"CpuPeriod\":5}",
		  "Conflicting options: Nano CPUs and CPU Period" },
		{ "{\"Devices\":[{\"PathOnHost\":\"/dev/nope\"}]}", "no such file or directory" },
		{ "{\"SecurityOpt\":[\"wings\"]}", "invalid --security-opt: \"wings\"" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (build(f, "{\"Cmd\":[\"sh\"]}", cases[i][0]))
			fail_msg("accepted %s", cases[i][0]);
		if (!strstr(f->e.text, cases[i][1]))
			fail_msg("%s: got %s", cases[i][0], f->e.text);
	}
}

static void limits_reach_the_specification(void **state)
{
	struct fixture *f = *state;
	const struct oci_spec *s =
	        build(f, "{\"Cmd\":[\"sh\"]}",
	              "{\"Memory\":67108864,\"NanoCpus\":1500000000,\"PidsLimit\":5,"
	              "\"Ulimits\":[{\"Name\":\"nofile\",\"Soft\":10,\"Hard\":20}]}");

	assert_non_null(s);
	assert_int_equal(s->linux->resources->memory->limit.value, 67108864);
	assert_int_equal(s->linux->resources->memory->swap.value, 134217728);
	assert_int_equal(s->linux->resources->cpu->quota.value, 150000);
	assert_int_equal(s->linux->resources->pids->limit.value, 5);
	assert_string_equal(s->process->rlimits.v[0].type, "RLIMIT_NOFILE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(users_come_from_the_containers_files, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(cve_2026_47262_passwd_is_bounded_and_regular,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(defaults_are_dockers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(privileged_lifts_the_walls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(capabilities_combine, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mounts_are_ordered_and_replace_defaults, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(bad_mounts_are_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(limits_reach_the_specification, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
