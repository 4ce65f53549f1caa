/* docker cp: the rules of its paths, and archives written and read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "cli/container/cp_paths.h"
#include "cli/format/list.h"
#include "cli/network/ipam.h"
#include "cli/client/tar.h"

/* --- paths --- */

static void test_arguments(void **state)
{
	static const struct {
		const char *arg, *container, *path;
	} all[] = { { "c:/x", "c", "/x" },    { "c:x:y", "c", "x:y" },    { "c:", "c", "" },
		    { "/c:x", NULL, "/c:x" }, { "./c:x", NULL, "./c:x" }, { "..:x", NULL, "..:x" },
		    { ":x", NULL, ":x" },     { "x", NULL, "x" },         { "-", NULL, "-" } };
	_cleanup_arena_ struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const char *container, *path;

		cp_split_arg(&a, all[i].arg, &container, &path);
		assert_string_equal(path, all[i].path);
		assert_true(str_eq(container, all[i].container));
	}
}

static void test_entries(void **state)
{
	static const struct {
		const char *path, *dir, *base;
	} all[] = { { "/a/b", "/a", "b" }, { "/a/b/", "/a", "b" }, { "/a/b/.", "/a/b", "." },
		    { "/", "/", "/" },     { "/a", "/", "a" },     { "a", ".", "a" } };
	_cleanup_arena_ struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const char *dir, *base;

		cp_split(&a, all[i].path, &dir, &base);
		assert_string_equal(dir, all[i].dir);
		assert_string_equal(base, all[i].base);
	}
}

static void test_plans(void **state)
{
	static const struct {
		struct cp_info from, to;
		const char *dir, *first; /* NULL: refused */
	} all[] = {
		{ { "/s/d", true, true, NULL }, { "/t", true, true, NULL }, "/t", "d/x" },
		{ { "/s/d", true, true, NULL }, { "/t/n", false, false, NULL }, "/t", "n/x" },
		{ { "/s/d", true, true, NULL }, { "/t/f", true, false, NULL }, NULL, NULL },
		{ { "/s/d", true, false, NULL }, { "/t/f", true, false, NULL }, "/t", "f/x" },
		{ { "/s/d", true, false, NULL }, { "/t/n/", false, false, NULL }, NULL, NULL },
		{ { "/s/l", true, true, "d" }, { "/t/n", false, false, NULL }, "/t", "n/x" },
	};
	_cleanup_arena_ struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct cp_plan plan;
		struct err e = { 0 };

		if (!all[i].dir) {
			assert_int_equal(cp_plan(&a, &all[i].from, &all[i].to, &plan, &e), -1);
			continue;
		}
		assert_int_equal(cp_plan(&a, &all[i].from, &all[i].to, &plan, &e), 0);
		assert_string_equal(plan.dir, all[i].dir);
		assert_string_equal(cp_rename(&a, &plan, "d/x"), all[i].first);
		assert_string_equal(cp_rename(&a, &plan, "dx"), "dx");
	}
}

/* --- archives --- */

static int into_buf(void *arg, const void *p, size_t n, struct err *e)
{
	(void)e;
	buf_add(arg, p, n);
	return 0;
}

static ssize_t from_slice(void *arg, void *p, size_t n, struct err *e)
{
	struct slice *s = arg;
	size_t k = MIN(MIN(n, s->len), (size_t)100); /* in small pieces */

	(void)e;
	memcpy(p, s->data, k);
	s->data += k;
	s->len -= k;
	return (ssize_t)k;
}

static void put(struct buf *b, struct tar_entry t, const char *content)
{
	struct tar_sink to = { into_buf, b };
	struct err e = { 0 };

	t.size = (int64_t)strlen(content);
	assert_int_equal(tar_put(&to, &t, &e), 0);
	buf_adds(b, content);
	assert_int_equal(tar_put_padding(&to, t.size, &e), 0);
}

static void test_archive(void **state)
{
	char half[91], long_name[300];
	const char *names[] = { "f", "folder", "link", half, long_name, "folder2" };
	_cleanup_buf_ struct buf b = { 0 };
	_cleanup_arena_ struct arena a = { 0 };
	struct tar_sink to = { into_buf, &b };
	struct tar_entry t;
	struct err e = { 0 };
	struct slice s;
	struct tar_source from = { from_slice, &s, 0, 0 };
	char content[16];

	(void)state;
	memset(half, 'h', 90);
	half[90] = '\0';
	memset(long_name, 'l', 299);
	long_name[299] = '\0';
	put(&b,
	    (struct tar_entry){ .type = TAR_FILE,
	                        .name = "f",
	                        .mode = 04755,
	                        .uid = 5,
	                        .gid = 3000000,
	                        .mtime = 1000000000LL * 77 },
	    "content");
	put(&b, (struct tar_entry){ .type = TAR_FOLDER, .name = "folder", .mode = 0700 }, "");
	put(&b, (struct tar_entry){ .type = TAR_SYMLINK, .name = "link", .link = long_name }, "");
	put(&b, (struct tar_entry){ .type = TAR_FILE, .name = half }, "");
	put(&b, (struct tar_entry){ .type = TAR_FILE, .name = long_name }, "x");
	put(&b, (struct tar_entry){ .type = TAR_FOLDER, .name = "folder2" }, "");
	assert_int_equal(tar_put_end(&to, &e), 0);
	assert_int_equal(b.len % TAR_BLOCK, 0);

	s = (struct slice){ b.data, b.len };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(tar_next(&from, &a, &t, &e), 1);
		assert_string_equal(t.name, names[i]);
		if (i == 0) {
			assert_int_equal(t.mode, 04755);
			assert_int_equal(t.gid, 3000000);
			assert_int_equal(t.mtime, 1000000000LL * 77);
			assert_int_equal(tar_content(&from, content, sizeof(content), &e), 7);
			assert_memory_equal(content, "content", 7);
			assert_int_equal(tar_content(&from, content, sizeof(content), &e), 0);
		}
		if (i == 1)
			assert_int_equal(t.type, TAR_FOLDER);
		if (i == 2)
			assert_string_equal(t.link, long_name);
	}
	assert_int_equal(tar_next(&from, &a, &t, &e), 0);
}

/* Cut anywhere, or with a byte changed, it is an error or an end, never more. */
static void test_broken_archive(void **state)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct tar_sink to = { into_buf, &b };
	struct err e = { 0 };
	char name[300];

	(void)state;
	memset(name, 'n', 299);
	name[299] = '\0';
	put(&b, (struct tar_entry){ .type = TAR_FILE, .name = name }, "content");
	assert_int_equal(tar_put_end(&to, &e), 0);
	for (size_t i = 0; i < b.len; i++) {
		for (int cut = 0; cut < 2; cut++) {
			_cleanup_arena_ struct arena a = { 0 };
			struct slice s = { b.data, cut ? i : b.len };
			struct tar_source from = { from_slice, &s, 0, 0 };
			struct tar_entry t;
			int n = 0;

			b.data[i] ^= cut ? 0 : 0x41;
			while (n < 5 && tar_next(&from, &a, &t, &e) == 1)
				n++;
			b.data[i] ^= cut ? 0 : 0x41;
			assert_true(n <= 2);
		}
	}
}

/* --- small things of lists and networks --- */

static void test_natural_order(void **state)
{
	static const char *const order[] = { "a", "a1", "a2", "a10", "a10b", "b", "b01", "b1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		for (size_t k = 0; k < ARRAY_LEN(order); k++)
			assert_int_equal(natural_compare(order[i], order[k]) < 0, i < k);
}

static void test_pools(void **state)
{
	static const char *subnets[] = { "10.1.0.0/24", "fd00::/64" };
	static const char *gateways[] = { "fd00::1", "10.1.0.1" };
	struct ipam_words words = { .subnets = { 2, subnets }, .gateways = { 2, gateways } };
	_cleanup_arena_ struct arena a = { 0 };
	struct ipam_pools pools = { 0 };
	struct err e = { 0 };

	(void)state;
	json_map_set(&a, &words.aux, "router", "10.1.0.254");
	assert_int_equal(ipam_pools_make(&a, &words, &pools, &e), 0);
	assert_int_equal(pools.n, 2);
	assert_string_equal(pools.v[0].gateway, "10.1.0.1");
	assert_string_equal(pools.v[1].gateway, "fd00::1");
	assert_string_equal(json_map_get(&pools.v[0].aux_addresses, "router"), "10.1.0.254");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),      cmocka_unit_test(test_entries),
		cmocka_unit_test(test_plans),          cmocka_unit_test(test_archive),
		cmocka_unit_test(test_broken_archive), cmocka_unit_test(test_natural_order),
		cmocka_unit_test(test_pools),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
