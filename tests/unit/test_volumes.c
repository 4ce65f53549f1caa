/* engine/volume*, changes, spec_propagation: names, options, copying, and what changed in a layer. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "engine/container/changes.h"
#include "engine/dir_size.h"
#include "engine/container/names.h"
#include "engine/spec/spec.h"
#include "engine/volume/internal.h"

struct fixture {
	struct arena a;
	char dir[40];
	int fd;
	struct err e;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	str_copy(f->dir, sizeof(f->dir), "/tmp/lighter-volumes-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	fd_close(&f->fd);
	assert_int_equal(tree_remove(AT_FDCWD, f->dir, &f->e), 0);
	arena_free(&f->a);
	free(f);
	return 0;
}

static void put(struct fixture *f, const char *path, const char *text)
{
	assert_int_equal(file_write(f->fd, path, text, strlen(text), 0644, &f->e), 0);
}

static void put_dir(struct fixture *f, const char *path)
{
	assert_int_equal(mkdirat(f->fd, path, 0755), 0);
}

/* ---- names and options ---- */

static void names_are_dockers(unused_arg void **state)
{
	static const char *const good[] = { "ab", "A0", "9_.-", "a..b" };
	static const char *const bad[] = { "",    "a",   ".a",   "-ab", "_ab",
		                           "a/b", "a b", "../x", "a:b", "\xc3\xa9x" };
	char long_name[300] = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(name_is_valid(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (name_is_valid(bad[i]))
			fail_msg("accepted \"%s\"", bad[i]);
	memset(long_name, 'x', 255);
	assert_true(name_is_valid(long_name));
	long_name[255] = 'x';
	assert_false(name_is_valid(long_name));
}

static void options_are_checked(void **state)
{
	static const char *const cases[][2] = {
		{ "{}", NULL },
		{ "{\"type\":\"nfs\",\"device\":\":/x\",\"o\":\"addr=192.0.2.1\"}", NULL },
		{ "{\"type\":\"nfs\"}", "missing required option: \"device\"" },
		{ "{\"o\":\"bind\"}", "missing required option: \"type\"" },
		{ "{\"type\":\"a\",\"device\":\"b\",\"c\":\"d\"}", "invalid option: \"c\"" },
		{ "{\"size\":\"1g\"}", "quota size requested but no quota support" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct volume_record r;
		const char *text =
		        arena_printf(&f->a, "{\"name\":\"ab\",\"driver\":\"local\",\"options\":%s}",
		                     cases[i][0]);

		err_clear(&f->e);
		assert_int_equal(json_decode(&f->a, &volume_record_type, slice_of(text), &r, &f->e),
		                 0);
		assert_int_equal(volume_options_check(&r.options, &f->e), cases[i][1] ? -1 : 0);
		if (cases[i][1])
			assert_string_equal(f->e.text, cases[i][1]);
	}
}

/* ---- copying ---- */

static void a_copy_is_the_same(void **state)
{
	struct fixture *f = *state;
	const struct timespec old[2] = { { 1000, 5 }, { 2000, 7 } };
	struct stat one, two;
	int from, to;

	put_dir(f, "from");
	put_dir(f, "from/sub");
	put_dir(f, "to");
	put(f, "from/sub/file", "words");
	assert_int_equal(linkat(f->fd, "from/sub/file", f->fd, "from/again", 0), 0);
	assert_int_equal(symlinkat("/nowhere", f->fd, "from/link"), 0);
	assert_int_equal(mkfifoat(f->fd, "from/pipe", 0600), 0);
	assert_int_equal(fchmodat(f->fd, "from/sub/file", 06750, 0), 0);
	assert_int_equal(fchmodat(f->fd, "from", 01711, 0), 0);
	assert_int_equal(utimensat(f->fd, "from/sub/file", old, 0), 0);
	assert_int_equal(utimensat(f->fd, "from/sub", old, 0), 0);
	from = openat(f->fd, "from", O_RDONLY | O_DIRECTORY);
	to = openat(f->fd, "to", O_RDONLY | O_DIRECTORY);
	assert_int_equal(volume_copy(from, to, &f->e), 0);
	assert_int_equal(fstatat(to, "sub/file", &one, 0), 0);
	assert_int_equal(fstatat(to, "again", &two, 0), 0);
	assert_int_equal(one.st_ino, two.st_ino);
	assert_int_equal(one.st_mode & 07777, 06750);
	assert_int_equal(one.st_mtim.tv_sec, 2000);
	assert_int_equal(one.st_mtim.tv_nsec, 7);
	assert_int_equal(fstatat(to, "sub", &one, 0), 0);
	assert_int_equal(one.st_mtim.tv_sec, 2000);
	assert_int_equal(fstatat(to, "link", &one, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(one.st_mode));
	assert_int_equal(fstatat(to, "pipe", &one, 0), 0);
	assert_true(S_ISFIFO(one.st_mode));
	assert_int_equal(fstat(to, &one), 0);
	assert_int_equal(one.st_mode & 07777, 01711);
	close(from);
	close(to);
}

static void sizes_count_a_file_once(void **state)
{
	struct fixture *f = *state;

	put_dir(f, "sub");
	put(f, "file", "12345");
	put(f, "sub/more", "123");
	assert_int_equal(linkat(f->fd, "file", f->fd, "sub/again", 0), 0);
	assert_int_equal(symlinkat("file", f->fd, "link"), 0);
	assert_int_equal(dir_size(f->dir), 5 + 3 + 4);
	assert_int_equal(dir_size("/nowhere/at/all"), 0);
}

/* ---- changes ---- */

static char *changes_of(struct fixture *f)
{
	struct ctrd_mount m = { .type = "overlay", .source = "overlay" };
	struct ctrd_mounts mounts = { 1, &m };
	struct change_list l;
	struct buf b = { 0 };
	char *text;

	arena_push(&f->a, &m.options, (const char *)arena_printf(&f->a, "upperdir=%s/up", f->dir));
	arena_push(&f->a, &m.options,
	           (const char *)arena_printf(&f->a, "lowerdir=%s/high:%s/low", f->dir, f->dir));
	if (changes_read(&mounts, &f->a, &l, &f->e) < 0)
		fail_msg("%s", f->e.text);
	for (size_t i = 0; i < l.n; i++)
		buf_printf(&b, "%c%s ", "CAD"[l.v[i].kind], l.v[i].path);
	text = arena_strdup(&f->a, buf_cstr(&b));
	buf_free(&b);
	return text;
}

static void make_layers(struct fixture *f)
{
	static const char *const dirs[] = { "low",      "low/etc", "low/old", "high",
		                            "high/etc", "up",      "up/etc",  "up/new",
		                            "up/dev",   "low/bin", "up/bin",  "high/bin" };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		put_dir(f, dirs[i]);
	put(f, "low/etc/passwd", "a");
	put(f, "low/old/file", "a");
	put(f, "low/bin/deep", "a");
	put(f, "high/bin/flat", "a");
}

static void changes_are_told(void **state)
{
	struct fixture *f = *state;

	make_layers(f);
	assert_string_equal(changes_of(f), "A/new "); /* /dev is only to mount on */
	put(f, "up/etc/hosts", "");
	put(f, "up/etc/own", "");
	put(f, "up/new/file", "x");
	put(f, "up/etc/passwd", "longer");
	assert_string_equal(changes_of(f), "C/etc A/etc/own C/etc/passwd A/new A/new/file ");
}

/* Whiteouts and opaque directories take privileges that a build may lack. */
static void removals_are_told(void **state)
{
	struct fixture *f = *state;
	int bin;

	make_layers(f);
	if (mknodat(f->fd, "up/old", S_IFCHR, makedev(0, 0)) < 0)
		skip();
	assert_string_equal(changes_of(f), "A/new D/old ");
	assert_int_equal(mknodat(f->fd, "up/never", S_IFCHR, makedev(0, 0)), 0);
	assert_string_equal(changes_of(f), "A/new D/old ");
	bin = openat(f->fd, "up/bin", O_RDONLY | O_DIRECTORY);
	if (fsetxattr(bin, "trusted.overlay.opaque", "y", 1, 0) == 0)
		assert_string_equal(changes_of(f), "C/bin D/bin/deep D/bin/flat A/new D/old ");
	close(bin);
	/* What a lower layer has removed already is new again. */
	assert_int_equal(mknodat(f->fd, "high/etc/passwd", S_IFCHR, makedev(0, 0)), 0);
	put(f, "up/etc/passwd", "back");
	assert_non_null(strstr(changes_of(f), "A/etc/passwd"));
}

/* ---- propagation ---- */

static void propagation_asks_the_host(void **state)
{
	static const char info[] =
	        "20 1 8:1 / / rw,relatime - ext4 /dev/sda rw\n"
	        "21 20 8:2 / /shared rw shared:5 - ext4 /dev/sdb rw\n"
	        "22 20 8:3 / /slave rw master:5 - ext4 /dev/sdc rw\n"
	        "23 20 8:4 / /with\\040blank rw shared:7 master:5 - ext4 /dev/sdd rw\n"
	        "24 21 8:4 / /shared/private rw - ext4 /dev/sde rw\n";
	static const struct {
		const char *source, *propagation, *error;
	} cases[] = {
		{ "/data", "rprivate", NULL },
		{ "/data", "rshared", "path /data is mounted on / but it is not a shared mount" },
		{ "/data", "slave",
		  "path /data is mounted on / but it is not a shared or slave mount" },
		{ "/shared/x", "rshared", NULL },
		{ "/shared", "slave", NULL },
		{ "/sharedx", "shared",
		  "path /sharedx is mounted on / but it is not a shared mount" },
		{ "/slave/x", "rslave", NULL },
		{ "/slave/x", "shared",
		  "path /slave/x is mounted on /slave but it is not a shared mount" },
		{ "/with blank/x", "rshared", NULL },
		{ "/shared/private", "rslave",
		  "path /shared/private is mounted on /shared/private but it is not a shared or "
		  "slave mount" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		err_clear(&f->e);
		assert_int_equal(spec_propagation_check(&f->a, info, cases[i].source,
		                                        cases[i].propagation, &f->e),
		                 cases[i].error ? -1 : 0);
		if (cases[i].error)
			assert_string_equal(f->e.text, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_dockers),
		cmocka_unit_test_setup_teardown(options_are_checked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_copy_is_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sizes_count_a_file_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(changes_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(removals_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(propagation_asks_the_host, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
