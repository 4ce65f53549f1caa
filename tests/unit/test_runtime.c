/* oci/runtime and libcontainer: tables, words, checks; paths, hooks and seccomp programs for real. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "libcontainer/affinity.h"
#include "libcontainer/capabilities.h"
#include "oci/capabilities.h"
#include "libcontainer/cgroup_internal.h"
#include "libcontainer/container.h"
#include "libcontainer/hooks.h"
#include "libcontainer/idmap.h"
#include "libcontainer/inroot.h"
#include "libcontainer/mount_options.h"
#include "libcontainer/namespaces.h"
#include "libcontainer/program.h"
#include "libcontainer/seccomp_compile.h"
#include "libcontainer/state.h"
#include "libcontainer/sync.h"
#include "libcontainer/sysctl.h"
#include "base/fd.h"
#include "base/file.h"

#define MAKE_STRS(a, out, ...)                                  \
	do {                                                    \
		const char *list[] = { __VA_ARGS__ };           \
		for (size_t n_ = 0; n_ < ARRAY_LEN(list); n_++) \
			arena_push(a, out, list[n_]);           \
	} while (0)

/* ---- tables ---- */

static void a_specification_survives_a_round_trip(unused_arg void **state)
{
	static const char text[] =
	        "{\"ociVersion\":\"1.2.0\",\"process\":{\"terminal\":true,\"user\":{\"uid\":1,"
	        "\"gid\":2,"
	        "\"additionalGids\":[3]},\"args\":[\"sh\"],\"cwd\":\"/\",\"oomScoreAdj\":0},"
	        "\"root\":{\"path\":\"rootfs\"},\"hooks\":{\"poststop\":[{\"path\":\"/"
	        "x\",\"timeout\":3}]},"
	        "\"linux\":{\"resources\":{\"memory\":{\"limit\":-1},\"pids\":{\"limit\":0}},"
	        "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/n\"}],"
	        "\"timeOffsets\":{\"boottime\":{\"secs\":7}}}}";
	_cleanup_arena_ struct arena a = { 0 };
	struct err e = { 0 };
	struct oci_spec s;

	assert_int_equal(json_decode(&a, &oci_spec_type, slice_of(text), &s, &e), 0);
	assert_true(s.process->oom_score_adj.set);
	assert_false(s.process->user->umask.set);
	assert_int_equal(s.linux->resources->memory->limit.value, -1);
	assert_string_equal(json_text(&a, &oci_spec_type, &s), text);
}

static void a_wrong_type_names_its_path(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct err e = { 0 };
	struct oci_spec s;

	assert_int_equal(
	        json_decode(&a, &oci_spec_type,
	                    slice_of("{\"linux\":{\"resources\":{\"memory\":{\"limit\":\"1\"}}}}"),
	                    &s, &e),
	        -1);
	assert_non_null(strstr(e.text, "linux.resources.memory.limit"));
}

static void state_is_read_as_it_was_written(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	char path[] = "/tmp/unit-state-XXXXXX";
	struct err e = { 0 };
	struct state_private own = { .bundle = "/b", .own_pids = true };
	struct state_config config = { .rootfs = "/b/rootfs", .version = "1.0.2" };
	struct state out, in = {
		.id = "x", .pid = 7, .start = 99, .created = 5, .config = &config, .own = &own
	};
	_cleanup_close_ int dir = -1;

	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(state_write(dir, &in, &e), 0);
	assert_int_equal(state_read(&a, dir, &out, &e), 0);
	assert_string_equal(out.own->bundle, "/b");
	assert_int_equal(out.start, 99);
	assert_int_equal(tree_remove(AT_FDCWD, path, &e), 0);
}

/* ---- words ---- */

static void mount_options_are_sorted_out(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct mount_options o;
	struct strs words = { 0 };

	MAKE_STRS(&a, &words, "rbind", "ro", "nosuid", "rw", "noatime", "rslave",
	          "size=1m,mode=700", "defaults", "sync");
	mount_options_parse(&a, &words, &o);
	assert_int_equal(o.how, MOUNT_HOW_BIND | MOUNT_HOW_RECURSIVE);
	assert_int_equal(o.set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOATIME);
	assert_int_equal(o.clear, MOUNT_ATTR_RDONLY | MOUNT_ATTR__ATIME);
	assert_false(o.read_only);
	assert_int_equal(o.propagation.n, 1);
	assert_int_equal(o.propagation.v[0].flag, MS_SLAVE);
	assert_string_equal(mount_options_data(&o, "mode"), "700");
	assert_null(mount_options_data(&o, "mod"));
	assert_string_equal(o.flags.v[0], "sync");
}

static void the_option_table_is_sorted(unused_arg void **state)
{
	for (size_t i = 1; mount_options_word(i); i++)
		assert_true(strcmp(mount_options_word(i - 1), mount_options_word(i)) < 0);
}

static void capabilities_have_their_numbers(unused_arg void **state)
{
	assert_int_equal(capability_number("CAP_CHOWN"), 0);
	assert_int_equal(capability_number("CAP_SYS_ADMIN"), 21);
	assert_int_equal(capability_number("CAP_CHECKPOINT_RESTORE"), 40);
	assert_int_equal(capability_number("CAP_NONE"), -1);
	assert_null(capability_name(41));
}

static void cpu_lists_are_read(unused_arg void **state)
{
	struct affinity_set s;
	struct err e = { 0 };

	assert_int_equal(affinity_parse("0-2,5", &s, &e), 0);
	assert_int_equal(s.bits[0], 0x27);
	assert_int_equal(affinity_parse("64", &s, &e), 0);
	assert_int_equal(s.bits[1], 1);
	for (const char **bad =
	             (const char *[]){ "a", "1-", "3-1", "-1", "1,,2", "99999", "1;2", NULL };
	     *bad; bad++)
		assert_int_equal(affinity_parse(*bad, &s, &e), -1);
}

/* ---- checks ---- */

static int check_sysctl(const char *key, int private, const char *hostname)
{
	struct json_pair pair = { key, "1" };
	struct json_map map = { 1, &pair };

	return sysctl_check(&map, private, hostname, NULL);
}

static void sysctls_belong_to_private_namespaces(unused_arg void **state)
{
	assert_int_equal(check_sysctl("net.ipv4.ip_forward", CLONE_NEWNET, NULL), 0);
	assert_int_equal(check_sysctl("net/ipv4/conf/eth0.100/forwarding", CLONE_NEWNET, NULL), 0);
	assert_int_equal(check_sysctl("net.ipv4.ip_forward", CLONE_NEWIPC, NULL), -1);
	assert_int_equal(check_sysctl("kernel.shmmax", CLONE_NEWIPC, NULL), 0);
	assert_int_equal(check_sysctl("kernel.shmmaximum", CLONE_NEWIPC, NULL), -1);
	assert_int_equal(check_sysctl("kernel.hostname", CLONE_NEWUTS, NULL), 0);
	assert_int_equal(check_sysctl("kernel.hostname", CLONE_NEWUTS, "name"), -1);
	assert_int_equal(check_sysctl("kernel.panic", -1, NULL), -1);
}

static void namespaces_are_named_once(unused_arg void **state)
{
	struct oci_namespace v[] = { { "pid", NULL }, { "network", NULL } };
	struct oci_linux l = { .namespaces = { 2, v } };
	_cleanup_namespaces_ struct namespaces ns = { 0 };
	struct err e = { 0 };

	assert_int_equal(namespaces_open(&l, &ns, &e), 0);
	assert_int_equal(ns.created, CLONE_NEWPID | CLONE_NEWNET);
	assert_int_equal(namespaces_private(&l), CLONE_NEWPID | CLONE_NEWNET);
	v[1].path = "/proc/self/ns/net";
	assert_int_equal(namespaces_open(&l, &ns, &e), 0);
	assert_int_equal(ns.njoin, 1);
	v[1].path = "/proc/self/ns/uts";
	namespaces_close(&ns);
	assert_int_equal(namespaces_open(&l, &ns, &e), -1);
	v[1] = (struct oci_namespace){ "pid", NULL };
	assert_int_equal(namespaces_open(&l, &ns, &e), -1);
	assert_non_null(strstr(e.text, "duplicated"));
}

static void ids_are_checked(unused_arg void **state)
{
	struct err e = { 0 };

	assert_int_equal(container_check_id("a_B-1.x+y", &e), 0);
	for (const char **bad = (const char *[]){ "", ".", "..", "a/b", "a b", "\xc3\xa9", NULL };
	     *bad; bad++)
		assert_int_equal(container_check_id(*bad, &e), -1);
}

static void maps_find_root(unused_arg void **state)
{
	struct oci_id_mapping v[] = { { 1, 5, 1 }, { 0, 1000, 1 } };

	assert_int_equal(idmap_root(2, v), 1000);
	assert_int_equal(idmap_root(0, NULL), 0);
}

static void our_cgroup_is_found(unused_arg void **state)
{
	static const char self[] = "9:name=systemd:/s\n5:cpu,cpuacct:/c\n4:memory:/m/n\n0::/u\n";
	_cleanup_arena_ struct arena a = { 0 };

	assert_string_equal(cgroup_own(&a, self, "cpuacct"), "/c");
	assert_string_equal(cgroup_own(&a, self, "memory"), "/m/n");
	assert_string_equal(cgroup_own(&a, self, "name=systemd"), "/s");
	assert_string_equal(cgroup_own(&a, self, ""), "/u");
	assert_null(cgroup_own(&a, self, "pids"));
	assert_null(cgroup_own(&a, self, "cpu,"));
}

static void device_rules_begin_with_denial(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct oci_device_rule all = { .allow = true, .access = "rwm" };
	struct oci_resources none = { 0 }, privileged = { .devices = { 1, &all } };
	struct cgroup_device_rules rules;

	cgroup_device_rules(&a, &none, &rules);
	assert_false(rules.v[0].allow);
	assert_true(rules.n > 10);
	cgroup_device_rules(&a, &privileged, &rules);
	assert_int_equal(rules.n, 1);
	assert_true(rules.v[0].allow);
}

/* ---- for real ---- */

static void paths_stay_in_the_root(unused_arg void **state)
{
	char top[] = "/tmp/unit-inroot-XXXXXX", path[128];
	_cleanup_close_ int root = -1, fd = -1, dir = -1;
	struct err e = { 0 };
	const char *name;
	struct stat st;

	assert_non_null(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/root", top);
	assert_int_equal(mkdir(path, 0755), 0);
	root = open(path, O_PATH | O_DIRECTORY);
	assert_int_equal(symlinkat("/outside", root, "link"), 0);
	assert_int_equal(symlinkat("../../../../outside2", root, "climb"), 0);
	assert_int_equal(symlinkat("loop", root, "loop"), 0);

	fd = inroot_mkdir_all(root, "/link/a/b", 0755, &e);
	assert_true(fd >= 0);
	assert_int_equal(fstatat(root, "outside/a/b", &st, 0), 0);
	dir = inroot_touch(root, "climb/file", &e);
	assert_true(dir >= 0);
	assert_int_equal(fstatat(root, "outside2/file", &st, 0), 0);
	assert_int_equal(inroot_mkdir_all(root, "/loop/x", 0755, &e), -1);
	fd_close(&dir);
	dir = inroot_parent(root, "/new/dir/leaf", &name, &e);
	assert_true(dir >= 0);
	assert_string_equal(name, "leaf");
	assert_int_equal(faccessat(root, "new/dir/leaf", F_OK, 0), -1);
	assert_int_equal(inroot_try(root, "/../../../etc", O_PATH), -1);
	snprintf(path, sizeof(path), "%s/outside", top);
	assert_false(path_exists(path));
	assert_int_equal(tree_remove(AT_FDCWD, top, &e), 0);
}

static void programs_are_found_as_runc_finds_them(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct err e = { 0 };

	assert_string_equal(program_find(&a, "sh", "/nope:/bin", &e), "/bin/sh");
	assert_string_equal(program_find(&a, "/bin/sh", NULL, &e), "/bin/sh");
	assert_null(program_find(&a, "sh", NULL, &e));
	assert_string_equal(e.text, "exec: \"sh\": executable file not found in $PATH");
	assert_null(program_find(&a, "/nope", NULL, &e));
	assert_string_equal(e.text, "exec: \"/nope\": stat /nope: no such file or directory");
	assert_null(program_find(&a, "/etc", NULL, &e));
	assert_string_equal(e.text, "exec: \"/etc\": is a directory");
	assert_null(program_find(&a, "/etc/passwd", NULL, &e));
	assert_string_equal(e.text, "exec: \"/etc/passwd\": permission denied");
}

static int run_hook(const char *script, int timeout, struct err *e)
{
	const char *args[] = { "sh", "-c", script };
	struct oci_hook hook = { .path = "/bin/sh",
		                 .args = { 3, args },
		                 .timeout = { timeout > 0, timeout } };
	struct oci_state state = {
		.oci_version = "1.0.2", .id = "x", .status = "creating", .bundle = "/b"
	};

	return hooks_run("prestart", 1, &hook, &state, e);
}

static void hooks_read_the_state_and_are_judged(unused_arg void **state)
{
	struct err e = { 0 };

	assert_int_equal(run_hook("grep -q '\"status\":\"creating\"'", 0, &e), 0);
	assert_int_equal(run_hook("true", 0, &e), 0);           /* stdin unread */
	assert_int_equal(run_hook("sleep 3 & true", 0, &e), 0); /* a grandchild keeps the pipes */
	assert_int_equal(run_hook("echo said; exit 3", 0, &e), -1);
	assert_string_equal(
	        e.text, "error running prestart hook #0: exit status 3, stdout: said\n, stderr: ");
	assert_int_equal(run_hook("head -c 200000 /dev/zero | tr '\\0' x; exit 1", 0, &e), -1);
	assert_int_equal(run_hook("exec sleep 30", 1, &e), -1);
	assert_non_null(strstr(e.text, "timeout"));
}

static void both_sides_hear_each_other(unused_arg void **state)
{
	struct err e = { 0 }, cause = { 0 };
	int fd[2];

	assert_int_equal(sync_pair(fd, &e), 0);
	assert_int_equal(sync_send(fd[0], SYNC_GO, &e), 0);
	assert_int_equal(sync_expect(fd[1], SYNC_GO, &e), 0);
	err_errno(&cause, ENOENT, "mount");
	sync_send_error(fd[1], &cause);
	assert_int_equal(sync_recv(fd[0], &cause, NULL, &e), SYNC_ERROR);
	assert_string_equal(cause.text, "mount: no such file or directory");
	assert_int_equal(cause.errnum, ENOENT);
	close(fd[1]);
	assert_int_equal(sync_recv(fd[0], &cause, NULL, &e), SYNC_END);
	close(fd[0]);
}

/* ---- seccomp: the compiled program is walked as the kernel would ---- */

static uint32_t walk(const struct sock_fprog *p, const struct seccomp_data *d)
{
	uint32_t acc = 0, mem[16] = { 0 };

	for (size_t pc = 0; pc < p->len; pc++) {
		const struct sock_filter *f = &p->filter[pc];
		bool yes = false;

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&acc, (const char *)d + f->k, sizeof(acc));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			acc &= f->k;
			continue;
		case BPF_ST:
			mem[f->k] = acc;
			continue;
		case BPF_LD | BPF_W | BPF_MEM:
			acc = mem[f->k];
			continue;
		case BPF_JMP | BPF_JA:
			pc += f->k;
			continue;
		case BPF_RET | BPF_K:
			return f->k;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = acc == f->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = acc >= f->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = acc > f->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = acc & f->k;
			break;
		default:
			fail_msg("instruction %#x", f->code);
		}
		pc += yes ? f->jt : f->jf;
	}
	fail_msg("fell off the end");
	return 0;
}

#if defined(__x86_64__)
#include <linux/audit.h>

static const char profile[] =
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_"
        "X86\"],"
        "\"syscalls\":[{\"names\":[\"read\",\"write\",\"no_such\"],\"action\":\"SCMP_ACT_ALLOW\"},"
        "{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":95},"
        "{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\","
        "\"args\":[{\"index\":0,\"value\":2114060288,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
        "{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
        "{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":8,\"op\":\"SCMP_"
        "CMP_EQ\"}]}]}";

static void seccomp_programs_do_what_the_profile_says(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct oci_seccomp s;
	struct seccomp_filter f = { 0 };
	struct err e = { 0 };
	struct seccomp_data d = { .arch = AUDIT_ARCH_X86_64 };
	uint32_t denied = SECCOMP_RET_ERRNO | EPERM;
	static const struct {
		int nr;
		uint64_t arg;
		uint32_t action;
	} cases[] = {
		{ 0, 0, SECCOMP_RET_ALLOW },                   /* read */
		{ 1, 0, SECCOMP_RET_ALLOW },                   /* write */
		{ 83, 0, SECCOMP_RET_ERRNO | 95 },             /* mkdir */
		{ 2, 0, SECCOMP_RET_ERRNO | EPERM },           /* open */
		{ 56, 0, SECCOMP_RET_ALLOW },                  /* clone */
		{ 56, 0x20000000, SECCOMP_RET_ERRNO | EPERM }, /* clone, new PID namespace */
		{ 135, 0, SECCOMP_RET_ALLOW },                 /* personality */
		{ 135, 8, SECCOMP_RET_ALLOW },
		{ 135, 4, SECCOMP_RET_ERRNO | EPERM },
		{ 1000, 0, SECCOMP_RET_ERRNO | ENOSYS }, /* newer than the profile */
	};

	assert_int_equal(json_decode(&a, &oci_seccomp_type, slice_of(profile), &s, &e), 0);
	assert_int_equal(seccomp_compile(&a, &s, &f, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		d.nr = cases[i].nr;
		d.args[0] = cases[i].arg;
		assert_int_equal(walk(&f.program, &d), cases[i].action);
	}
	d.arch = AUDIT_ARCH_I386;
	d.nr = 3; /* read */
	assert_int_equal(walk(&f.program, &d), SECCOMP_RET_ALLOW);
	d.nr = 39; /* mkdir */
	assert_int_equal(walk(&f.program, &d), SECCOMP_RET_ERRNO | 95);
	d.nr = 5;
	assert_int_equal(walk(&f.program, &d), denied);
	assert_int_equal(f.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

static void seccomp_programs_come_from_the_cache(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	char dir[] = "/tmp/unit-seccomp-XXXXXX";
	struct seccomp_filter first = { 0 }, second = { 0 };
	struct oci_seccomp s;
	struct err e = { 0 };

	assert_non_null(mkdtemp(dir));
	assert_int_equal(json_decode(&a, &oci_seccomp_type, slice_of(profile), &s, &e), 0);
	assert_int_equal(seccomp_prepare(&a, &s, dir, &first, &e), 0);
	assert_int_equal(seccomp_prepare(&a, &s, dir, &second, &e), 0);
	assert_int_equal(first.program.len, second.program.len);
	assert_memory_equal(first.program.filter, second.program.filter,
	                    first.program.len * sizeof(struct sock_filter));
	assert_int_equal(tree_remove(AT_FDCWD, dir, &e), 0);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_specification_survives_a_round_trip),
		cmocka_unit_test(a_wrong_type_names_its_path),
		cmocka_unit_test(state_is_read_as_it_was_written),
		cmocka_unit_test(mount_options_are_sorted_out),
		cmocka_unit_test(the_option_table_is_sorted),
		cmocka_unit_test(capabilities_have_their_numbers),
		cmocka_unit_test(cpu_lists_are_read),
		cmocka_unit_test(sysctls_belong_to_private_namespaces),
		cmocka_unit_test(namespaces_are_named_once),
		cmocka_unit_test(ids_are_checked),
		cmocka_unit_test(maps_find_root),
		cmocka_unit_test(our_cgroup_is_found),
		cmocka_unit_test(device_rules_begin_with_denial),
		cmocka_unit_test(paths_stay_in_the_root),
		cmocka_unit_test(programs_are_found_as_runc_finds_them),
		cmocka_unit_test(hooks_read_the_state_and_are_judged),
		cmocka_unit_test(both_sides_hear_each_other),
#if defined(__x86_64__)
		cmocka_unit_test(seccomp_programs_do_what_the_profile_says),
		cmocka_unit_test(seccomp_programs_come_from_the_cache),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
