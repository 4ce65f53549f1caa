/* containerd's parts that stand alone: filters, TOML, the database, content on disk, the collector. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "containerd/blobs.h"
#include "containerd/db.h"
#include "containerd/filter.h"
#include "containerd/gc_mark.h"
#include "containerd/labels.h"
#include "containerd/shim.h"
#include "containerd/toml.h"
#include "proto/pairs.pb-c.h"
#include "rpc/wkt.h"

/* ---- filters ---- */

/* name == "redis", labels.x == "y", labels."a.b" == "c" */
static const char *field(unused_arg const void *object, const struct strs *path)
{
	if (str_eq(path->v[0], "name"))
		return "redis";
	if (!str_eq(path->v[0], "labels") || path->n != 2)
		return NULL;
	return str_eq(path->v[1], "x") ? "y" : str_eq(path->v[1], "a.b") ? "c" : NULL;
}

static void filters_match(unused_arg void **state)
{
	static const struct {
		const char *text;
		bool match;
	} cases[] = {
		{ "", true },
		{ "name==redis", true },
		{ "name==other", false },
		{ "name!=other", true },
		{ "name != redis", false },
		{ "name", true },
		{ "missing", false },
		{ "missing!=x", true },
		{ "missing==", false },
		{ "labels.x==y,name==redis", true },
		{ "labels.x==y,name==other", false },
		{ "labels.\"a.b\"==\"c\"", true },
		{ "name~=red", true },
		{ "name~=|^re.is$|", true },
		{ "name~=/^x/", false },
		{ "labels.x ~= \"^[xyz]$\"", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_filter_ struct filter *f = NULL;
		struct err e = { 0 };
		int r = filter_parse(1, &cases[i].text, &f, &e);

		if (str_eq(cases[i].text, "missing==")) {
			assert_int_equal(r, -1); /* a value is needed */
			continue;
		}
		if (r < 0 || filter_match(f, field, NULL) != cases[i].match)
			fail_msg("filter %s: %s", cases[i].text, e.text);
	}
}

static void any_of_several_filters(unused_arg void **state)
{
	static const char *const texts[] = { "name==other", "labels.x==y" };
	_cleanup_filter_ struct filter *f = NULL;
	struct err e = { 0 };

	assert_int_equal(filter_parse(2, texts, &f, &e), 0);
	assert_true(filter_match(f, field, NULL));
	assert_true(filter_match(NULL, field, NULL));
}

static void malformed_filters(unused_arg void **state)
{
	static const char *const texts[] = {
		"==x",      "name=x",      "name==",    "name==\"x",     "name~=|x", "a..b==c",
		"name==x,", "name~=\"[\"", "name==|x|", "name==\"\\q\"", "\"\\"
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		_cleanup_filter_ struct filter *f = NULL;
		struct err e = { 0 };

		if (filter_parse(1, &texts[i], &f, &e) == 0)
			fail_msg("%s was accepted", texts[i]);
		assert_int_equal(e.kind, ERR_INVALID);
	}
}

/* ---- TOML ---- */

static int print_key(void *arg, const char *table, const char *key, const struct toml_value *v,
                     unused_arg struct err *e)
{
	struct buf *b = arg;

	buf_printf(b, "[%s]%s=%d:", table, key, v->kind);
	if (v->kind == TOML_STRING)
		buf_adds(b, v->string);
	else if (v->kind == TOML_INTEGER)
		buf_printf(b, "%lld", (long long)v->integer);
	else if (v->kind == TOML_BOOL)
		buf_adds(b, v->boolean ? "yes" : "no");
	for (size_t i = 0; i < v->strings.n; i++)
		buf_printf(b, "<%s>", v->strings.v[i]);
	buf_addc(b, '\n');
	return 0;
}

static void toml_is_read(unused_arg void **state)
{
	static const char text[] = "# comment\n"
	                           "version = 2\n"
	                           "root = \"/a\\\"b\" # behind\n"
	                           "lit = 'c:\\d'\n"
	                           "[grpc]\n"
	                           "  uid = -1\r\n"
	                           "  on = true\n"
	                           "[plugins.\"io.containerd.grpc.v1.cri\".x]\n"
	                           "  list = [ \"a\",\n    'b', # why\n  ]\n"
	                           "  f = 0.5\n"
	                           "  t = { a = \"}\", b = 1 }\n"
	                           "a.b = 1\n"
	                           "[[arr]]\n k = []\n";
	static const char expected[] = "[]version=1:2\n"
	                               "[]root=0:/a\"b\n"
	                               "[]lit=0:c:\\d\n"
	                               "[grpc]uid=1:-1\n"
	                               "[grpc]on=2:yes\n"
	                               "[plugins.io.containerd.grpc.v1.cri.x]list=3:<a><b>\n"
	                               "[plugins.io.containerd.grpc.v1.cri.x]f=4:\n"
	                               "[plugins.io.containerd.grpc.v1.cri.x]t=4:\n"
	                               "[plugins.io.containerd.grpc.v1.cri.x.a]b=1:1\n"
	                               "[arr]k=3:\n";
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf b = { 0 };
	struct err e = { 0 };

	assert_int_equal(toml_parse(&a, slice_of(text), print_key, &b, &e), 0);
	assert_string_equal(b.data, expected);
}

static void malformed_toml_names_the_line(unused_arg void **state)
{
	static const char *const texts[] = { "\na",     "\na=",   "\na=\"x", "\n[a",
		                             "\na=1 2", "\na=[1", "\n=1" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		_cleanup_buf_ struct buf b = { 0 };
		struct err e = { 0 };

		if (toml_parse(&a, slice_of(texts[i]), print_key, &b, &e) == 0)
			fail_msg("%s was accepted", texts[i]);
		assert_true(str_starts(e.text, "line 2"));
	}
}

/* ---- names of shims ---- */

static void shims_are_named_by_runtimes(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct err e = { 0 };

	assert_null(shim_binary(&a, "io.containerd.nobody.v9", &e));
	assert_non_null(strstr(e.text, "containerd-shim-nobody-v9"));
	assert_null(shim_binary(&a, "runc", &e));
	assert_int_equal(e.kind, ERR_INVALID);
	assert_string_equal(shim_binary(&a, "/bin/true", &e), "/bin/true");
}

/* ---- stores in a directory of the test's own ---- */

struct world {
	char dir[64];
	struct db *db;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct err e = { 0 };
	char path[80];

	snprintf(w->dir, sizeof(w->dir), "/tmp/lighter-test-XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	snprintf(path, sizeof(path), "%s/meta.db", w->dir);
	w->db = db_open(path, &e);
	*state = w;
	return w->db ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	int r;

	db_close(w->db);
	r = tree_remove(AT_FDCWD, w->dir, &e);
	free(w);
	return r;
}

static int64_t count(struct db *db, const char *sql)
{
	_cleanup_tx_ struct tx tx = { 0 };
	struct err e = { 0 };
	int64_t n = -1;
	struct rows r;

	assert_int_equal(tx_begin(&tx, db, DB_READ, &e), 0);
	rows_open(&r, &tx, sql, "");
	while (rows_next(&r, &e))
		n = rows_int(&r, 0);
	assert_false(r.failed);
	return n;
}

static void a_transaction_is_all_or_nothing(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct tx tx;

	assert_int_equal(tx_begin(&tx, w->db, DB_WRITE, &e), 0);
	assert_int_equal(tx_exec(&tx, &e, "INSERT INTO namespaces (name) VALUES (?)", "s", "a"), 1);
	tx_end(&tx);
	assert_int_equal(count(w->db, "SELECT count(*) FROM namespaces"), 0);
	assert_int_equal(tx_begin(&tx, w->db, DB_DURABLE, &e), 0);
	assert_int_equal(tx_exec(&tx, &e, "INSERT INTO namespaces (name) VALUES (?)", "s", "a"), 1);
	assert_int_equal(count(w->db, "SELECT count(*) FROM namespaces"), 0);
	assert_int_equal(tx_commit(&tx, &e), 0);
	assert_int_equal(count(w->db, "SELECT count(*) FROM namespaces"), 1);
	assert_int_equal(tx_begin(&tx, w->db, DB_WRITE, &e), 0);
	assert_int_equal(tx_exec(&tx, &e, "INSERT INTO namespaces (name) VALUES (?)", "s", "a"),
	                 -1);
	assert_int_equal(e.kind, ERR_ALREADY_EXISTS);
	tx_end(&tx);
	assert_int_equal(db_sync(w->db, &e), 0);
}

static void a_schema_from_the_future_is_refused(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct world *w = *state;
	struct err e = { 0 };
	struct tx tx;

	assert_int_equal(tx_begin(&tx, w->db, DB_WRITE, &e), 0);
	assert_true(tx_exec(&tx, &e, "PRAGMA user_version = 99", "") >= 0);
	assert_int_equal(tx_commit(&tx, &e), 0);
	assert_null(db_open(arena_printf(&a, "%s/meta.db", w->dir), &e));
	assert_non_null(strstr(e.text, "newer"));
}

/* ---- content ---- */

static bool never(unused_arg void *arg, unused_arg const char *digest)
{
	return false;
}

static void a_write_is_taken_up_again(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	char whole[DIGEST_SIZE], digest[DIGEST_SIZE];
	static struct blobs *b; /* a store lives as long as the process */
	struct ingest *i;
	int64_t size;

	b = blobs_new(w->dir, &e);
	i = ingest_open(b, "ns/1/ref", 10, &e);
	digest_of("helloworld", 10, whole);
	assert_non_null(i);
	assert_int_equal(ingest_write(i, "hello", 5, &e), 0);
	assert_null(ingest_open(b, "ns/1/ref", 10, &e));
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	ingest_close(i);
	i = ingest_open(b, "ns/1/ref", 10, &e);
	assert_int_equal(i->status.offset, 5);
	assert_int_equal(ingest_write(i, "world", 5, &e), 0);
	digester_text(&i->digest, digest);
	assert_string_equal(digest, whole);
	assert_false(blobs_has(b, whole, &size));
	assert_int_equal(ingest_commit(i, digest, &e), 0);
	ingest_close(i);
	assert_true(blobs_has(b, whole, &size));
	assert_int_equal(size, 10);
	assert_int_equal(blobs_remove(b, whole, never, NULL, &e), 0);
	assert_true(blobs_has(b, whole, &size)); /* the commit has pinned it */
	blobs_unpin(b, whole);
	assert_int_equal(blobs_remove(b, whole, never, NULL, &e), 0);
	assert_false(blobs_has(b, whole, &size));
}

/* ---- the collector ---- */

static struct slice label(struct arena *a, const char *key, const char *value)
{
	struct labels l = { 0 };

	if (key)
		labels_set(a, &l, key, value);
	return labels_pack(a, l);
}

static void add_content(struct tx *tx, struct arena *a, const char *digest, const char *key,
                        const char *value)
{
	struct err e = { 0 };

	assert_int_equal(tx_exec(tx, &e,
	                         "INSERT INTO content (ns, digest, size, labels, created)"
	                         " VALUES ('n', ?, 1, ?, 1)",
	                         "sb", digest, label(a, key, value)),
	                 1);
}

static void add_snapshot(struct tx *tx, struct arena *a, const char *name, const char *parent,
                         const char *key, const char *value)
{
	struct err e = { 0 };

	assert_int_equal(tx_exec(tx, &e,
	                         "INSERT INTO snapshots"
	                         " (ns, snapshotter, key, parent, kind, labels, created)"
	                         " VALUES ('n', 'overlayfs', ?, ?, 3, ?, 1)",
	                         "ssb", name, parent, label(a, key, value)),
	                 1);
}

static void exec(struct tx *tx, const char *sql)
{
	struct err e = { 0 };

	if (tx_exec(tx, &e, sql, "") < 0)
		fail_msg("%s: %s", sql, e.text);
}

static int by_key(const void *x, const void *y)
{
	return strcmp(((const struct gc_garbage *)x)->key, ((const struct gc_garbage *)y)->key);
}

/* What is garbage, as words in alphabetic order. */
static const char *garbage(struct tx *tx, struct arena *a, int64_t young)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct gc_result r;
	struct err e = { 0 };

	assert_int_equal(gc_mark(tx, a, young, &r, &e), 0);
	if (r.n > 0)
		qsort(r.v, r.n, sizeof(*r.v), by_key);
	for (size_t i = 0; i < r.n; i++)
		buf_printf(&b, "%s%s", i ? " " : "", r.v[i].key);
	return arena_strdup(a, buf_cstr(&b));
}

static void references_keep_what_they_name(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct world *w = *state;
	struct err e = { 0 };
	_cleanup_tx_ struct tx tx = { 0 };

	assert_int_equal(tx_begin(&tx, w->db, DB_WRITE, &e), 0);
	add_content(&tx, &a, "manifest", "containerd.io/gc.ref.content.config", "config");
	add_content(&tx, &a, "config", "containerd.io/gc.ref.snapshot.overlayfs", "top");
	add_content(&tx, &a, "loose", NULL, NULL);
	add_content(&tx, &a, "root", "containerd.io/gc.root", "x");
	add_content(&tx, &a, "referrer", "containerd.io/gc.bref.content.subject", "manifest");
	add_content(&tx, &a, "stranger", "containerd.io/gc.ref.contents", "loose");
	add_snapshot(&tx, &a, "top", "base", NULL, NULL);
	add_snapshot(&tx, &a, "base", "", NULL, NULL);
	add_snapshot(&tx, &a, "rw", "other", NULL, NULL);
	add_snapshot(&tx, &a, "other", "", NULL, NULL);
	assert_string_equal(garbage(&tx, &a, INT64_MAX),
	                    "base config loose manifest other referrer rw stranger top");
	exec(&tx, "INSERT INTO images (ns, name, digest) VALUES ('n', 'i', 'manifest')");
	assert_string_equal(garbage(&tx, &a, INT64_MAX), "loose other rw stranger");
	exec(&tx, "INSERT INTO containers (ns, id, snapshotter, snapshot_key)"
	          " VALUES ('n', 'c', 'overlayfs', 'rw')");
	assert_string_equal(garbage(&tx, &a, INT64_MAX), "loose stranger");
	assert_string_equal(garbage(&tx, &a, 0), ""); /* everything is young */
}

static void leases_hold_until_they_expire(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	char later[CLOCK_TEXT_SIZE];
	struct world *w = *state;
	struct err e = { 0 };
	_cleanup_tx_ struct tx tx = { 0 };

	assert_int_equal(tx_begin(&tx, w->db, DB_WRITE, &e), 0);
	add_content(&tx, &a, "held", "containerd.io/gc.ref.content.x", "behind");
	add_content(&tx, &a, "behind", NULL, NULL);
	add_snapshot(&tx, &a, "snap", "below", "containerd.io/gc.ref.content.x", "behind");
	add_snapshot(&tx, &a, "below", "", NULL, NULL);
	exec(&tx, "INSERT INTO lease_resources VALUES ('n', 'l', 'content', 'held')");
	exec(&tx, "INSERT INTO leases (ns, id) VALUES ('n', 'l')");
	assert_string_equal(garbage(&tx, &a, INT64_MAX), "below snap");
	exec(&tx, "INSERT INTO lease_resources VALUES ('n', 'l', 'snapshots/overlayfs', 'snap')");
	assert_string_equal(garbage(&tx, &a, INT64_MAX), "");
	assert_int_equal(tx_exec(&tx, &e, "UPDATE leases SET labels = ?", "b",
	                         label(&a, "containerd.io/gc.flat", "")),
	                 1);
	assert_string_equal(garbage(&tx, &a, INT64_MAX), "behind");
	exec(&tx, "INSERT INTO leases (ns, id) VALUES ('n', 'm')"); /* as well, and not flat */
	exec(&tx, "INSERT INTO lease_resources VALUES ('n', 'm', 'content', 'held')");
	exec(&tx, "INSERT INTO lease_resources VALUES ('n', 'm', 'snapshots/overlayfs', 'snap')");
	assert_string_equal(garbage(&tx, &a, INT64_MAX), "");
	exec(&tx, "DELETE FROM leases WHERE id = 'm'");
	clock_format(later, clock_now_ns() + 3600 * NS_PER_S);
	assert_int_equal(tx_exec(&tx, &e, "UPDATE leases SET labels = ?", "b",
	                         label(&a, "containerd.io/gc.expire", later)),
	                 1);
	assert_string_equal(garbage(&tx, &a, INT64_MAX), "");
	assert_int_equal(tx_exec(&tx, &e, "UPDATE leases SET labels = ?", "b",
	                         label(&a, "containerd.io/gc.expire", "2020-01-01T00:00:00Z")),
	                 1);
	assert_string_equal(garbage(&tx, &a, INT64_MAX), "behind below held snap");
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_match),
		cmocka_unit_test(any_of_several_filters),
		cmocka_unit_test(malformed_filters),
		cmocka_unit_test(toml_is_read),
		cmocka_unit_test(malformed_toml_names_the_line),
		cmocka_unit_test(shims_are_named_by_runtimes),
		STORE_TEST(a_transaction_is_all_or_nothing),
		STORE_TEST(a_schema_from_the_future_is_refused),
		STORE_TEST(a_write_is_taken_up_again),
		STORE_TEST(references_keep_what_they_name),
		STORE_TEST(leases_hold_until_they_expire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
