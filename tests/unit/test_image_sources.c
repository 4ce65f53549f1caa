/* Where images come from: challenges of registries, their addresses, tars, archives of both kinds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/file.h"
#include "image/archive.h"
#include "image/challenge.h"
#include "image/endpoints.h"
#include "image/tar_index.h"
#include "oci/digest.h"

/* ---- challenges ---- */

static const struct {
	const char *text;
	enum challenge_scheme scheme;
	const char *realm, *service, *scope;
} challenges[] = {
	{ "Bearer realm=\"https://a/token\",service=\"r.a\",scope=\"repository:x/y:pull\"",
	  CHALLENGE_BEARER, "https://a/token", "r.a", "repository:x/y:pull" },
	{ "bearer realm=\"https://a/t\", service=plain", CHALLENGE_BEARER, "https://a/t", "plain",
	  NULL },
	{ "Bearer realm=\"say \\\"hi\\\"\"", CHALLENGE_BEARER, "say \"hi\"", NULL, NULL },
	{ "Bearer realm=\"open", CHALLENGE_BEARER, "open", NULL, NULL },
	{ "Basic realm=\"Registry Realm\"", CHALLENGE_BASIC, "Registry Realm", NULL, NULL },
	{ "Basic", CHALLENGE_BASIC, NULL, NULL, NULL },
	{ "Bearer service=\"x\"", CHALLENGE_NONE, NULL, "x", NULL },
	{ "Negotiate", CHALLENGE_NONE, NULL, NULL, NULL },
	{ "", CHALLENGE_NONE, NULL, NULL, NULL },
};

static void test_challenges(void **state unused_arg)
{
	for (size_t i = 0; i < ARRAY_LEN(challenges); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct challenge c;

		challenge_parse(&a, challenges[i].text, &c);
		assert_int_equal(c.scheme, challenges[i].scheme);
		assert_true(str_eq(c.realm, challenges[i].realm));
		assert_true(str_eq(c.service, challenges[i].service));
		assert_true(str_eq(c.scope, challenges[i].scope));
	}
}

/* ---- addresses ---- */

static const struct {
	const char *domain;
	bool insecure;
} domains[] = {
	{ "127.0.0.1:5000", true }, { "127.9.9.9", true },      { "localhost:1", true },
	{ "[::1]:5000", true },     { "10.1.2.3:5000", true },  { "11.1.2.3:5000", false },
	{ "lab.example:80", true }, { "lab.example", false },   { "any.example:9", true },
	{ "docker.io", false },     { "[fd00::5]:5000", true }, { "[fe00::5]:5000", false },
	{ "1270.0.0.1", false },
};

static void test_insecure(void **state unused_arg)
{
	const char *list[] = { "10.0.0.0/8", "lab.example:80", "any.example", "fd00::/8" };
	struct strs insecure = { ARRAY_LEN(list), list };

	for (size_t i = 0; i < ARRAY_LEN(domains); i++)
		assert_int_equal(registry_is_insecure(domains[i].domain, &insecure),
		                 domains[i].insecure);
}

static void test_endpoints(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *mirrors[] = { "https://mirror.example/", "http://plain.example" };
	struct registry_config config = { .mirrors = { 2, mirrors } };
	struct fetch_setup setup = { 0 };
	struct reference ref;

	assert_int_equal(reference_parse(&a, "busybox", &ref, NULL), 0);
	registry_endpoints(&a, &ref, &config, &setup);
	assert_int_equal(setup.endpoints.n, 3);
	assert_string_equal(setup.endpoints.v[0].url, "https://mirror.example");
	assert_true(setup.endpoints.v[0].mirror && !setup.endpoints.v[0].insecure);
	assert_true(setup.endpoints.v[1].insecure);
	assert_string_equal(setup.endpoints.v[2].url, "https://registry-1.docker.io");
	assert_string_equal(setup.repository, "library/busybox");
	setup = (struct fetch_setup){ 0 };
	assert_int_equal(reference_parse(&a, "localhost:5000/x", &ref, NULL), 0);
	registry_endpoints(&a, &ref, &config, &setup);
	assert_int_equal(setup.endpoints.n, 2);
	assert_string_equal(setup.endpoints.v[0].url, "https://localhost:5000");
	assert_string_equal(setup.endpoints.v[1].url, "http://localhost:5000");
	assert_string_equal(setup.certs, "/etc/docker/certs.d/localhost:5000");
}

/* ---- tars ---- */

static void add_header(struct buf *b, const char *name, char type, size_t size, const char *link)
{
	char h[512] = { 0 };
	unsigned sum = 0;

	str_copy(h, 100, name);
	snprintf(h + 100, 8, "0000644");
	snprintf(h + 124, 12, "%011o", (unsigned)size);
	memset(h + 148, ' ', 8);
	h[156] = type;
	str_copy(h + 157, 100, link);
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum & 0777777);
	buf_add(b, h, sizeof(h));
}

static void add_member(struct buf *b, const char *name, char type, const char *data)
{
	static const char zero[512];
	size_t n = strlen(data);

	add_header(b, name, type, n, "");
	buf_add(b, data, n);
	buf_add(b, zero, (512 - n % 512) % 512);
}

static void add_end(struct buf *b)
{
	static const char zero[1024];

	buf_add(b, zero, sizeof(zero));
}

static int file_of(const struct buf *b)
{
	int fd = memfd_create("tar", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b->data, b->len), b->len);
	return fd;
}

static void test_tar(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf b = { 0 };
	const struct tar_member *m;
	struct tar_index x;
	struct err e = { 0 };
	int fd;

	add_member(&b, "./a/b", '0', "one");
	add_header(&b, "a/", '5', 0, "");
	add_header(&b, "a/link", '2', 0, "../a/./b");
	add_header(&b, "a/loop", '2', 0, "loop");
	add_member(&b, "PaxHeader", 'x', "21 path=some/long/é\n20 linkpath=ignored\n");
	add_member(&b, "short", '0', "two");
	add_member(&b, "././@LongLink", 'L', "gnu/long/name");
	add_member(&b, "cut", '0', "three");
	add_end(&b);
	fd = file_of(&b);
	assert_int_equal(tar_index_read(fd, &a, &x, &e), 0);
	m = tar_find(&x, "a/link");
	assert_non_null(m);
	assert_int_equal(m->offset, 512);
	assert_int_equal(m->size, 3);
	assert_non_null(tar_find(&x, "some/long/é"));
	assert_int_equal(tar_find(&x, "gnu/long/name")->size, 5);
	assert_null(tar_find(&x, "a/loop"));
	assert_null(tar_find(&x, "a"));
	close(fd);
}

static void test_bad_tars(void **state unused_arg)
{
	_cleanup_buf_ struct buf b = { 0 };
	size_t whole;

	add_member(&b, "x", '0', "some content");
	whole = b.len;
	add_end(&b);
	for (size_t cut = 1; cut < whole; cut += 97) {
		_cleanup_arena_ struct arena a = { 0 };
		struct buf part = { b.data, cut, 0 };
		struct tar_index x;
		int fd = file_of(&part);

		if (cut < 512 || cut < 512 + strlen("some content"))
			assert_int_equal(tar_index_read(fd, &a, &x, NULL), -1);
		close(fd);
	}
	b.data[0] = 'y'; /* the checksum does not fit any more */
	{
		_cleanup_arena_ struct arena a = { 0 };
		struct err e = { 0 };
		struct tar_index x;
		int fd = file_of(&b);

		assert_int_equal(tar_index_read(fd, &a, &x, &e), -1);
		assert_string_equal(e.text, "not a tar archive");
		close(fd);
	}
}

/* ---- archives ---- */

static char folder[] = "/tmp/test-archive-XXXXXX";
static char path[sizeof(folder) + 16];

static int set_up(void **state unused_arg)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state unused_arg)
{
	int fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	r = tree_remove(fd, folder + strlen("/tmp/"), NULL);
	close(fd);
	return r;
}

static const char *write_archive(const struct buf *b)
{
	snprintf(path, sizeof(path), "%s/a.tar", folder);
	assert_int_equal(file_write(AT_FDCWD, path, b->data, b->len, 0600, NULL), 0);
	return path;
}

/* What `docker save` wrote before version 25; the second layer is a link to the first. */
static void test_docker_archive(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf b = { 0 };
	char diff[DIGEST_SIZE], *config;
	struct image_archive *ar;
	const struct archived_images *images;
	struct oci_document doc;
	struct blob_stream blob;
	struct slice text;
	struct err e = { 0 };
	char bytes[16];

	digest_of("layer", 5, diff);
	config = arena_printf(
	        &a,
	        "{\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\",\"%s\"]}}",
	        diff, diff);
	add_member(&b, "one/layer.tar", '0', "layer");
	add_header(&b, "two/layer.tar", '2', 0, "../one/layer.tar");
	add_member(&b, "c.json", '0', config);
	add_member(&b, "manifest.json", '0',
	           "[{\"Config\":\"c.json\",\"RepoTags\":[\"busybox:1\",\"x.example/y\"],"
	           "\"Layers\":[\"one/layer.tar\",\"two/layer.tar\"]}]");
	add_end(&b);
	ar = image_archive_open(write_archive(&b), &e);
	assert_non_null(ar);
	images = image_archive_images(ar);
	assert_int_equal(images->n, 2);
	assert_string_equal(images->v[0].name, "docker.io/library/busybox:1");
	assert_string_equal(images->v[1].name, "x.example/y:latest");

	struct image_source *src = image_archive_source(ar);

	assert_int_equal(src->ops->document(src, &images->v[0].target, &a, &text, &e), 0);
	assert_int_equal(oci_document_decode(&a, NULL, text, &doc, &e), 0);
	assert_int_equal(doc.manifest.layers.n, 2);
	assert_string_equal(doc.manifest.layers.v[1].digest, diff);
	assert_int_equal(src->ops->document(src, doc.manifest.config, &a, &text, &e), 0);
	assert_true(slice_eq(text, config));
	assert_int_equal(src->ops->open(src, &doc.manifest.layers.v[1], 2, &blob, &e), 0);
	assert_int_equal(blob.left, 3);
	assert_int_equal(read(blob.fd, bytes, 3), 3);
	assert_memory_equal(bytes, "yer", 3);
	assert_int_equal(src->ops->close(src, &blob, &e), 0);
	image_archive_free(ar);
}

static const struct {
	const char *name, *text, *error;
} bad_archives[] = {
	{ "x", "", "neither an OCI image layout nor an archive of docker save" },
	{ "oci-layout", "{}", "oci-layout: imageLayoutVersion" },
	{ "oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}",
	  "image layout version 2.0.0 is not known" },
	{ "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}",
	  "index.json: archive has no index.json" },
	{ "manifest.json", "[{\"Config\":\"none\"}]", "archive has no none" },
	{ "manifest.json", "{", "manifest.json: " },
};

static void test_bad_archives(void **state unused_arg)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_archives); i++) {
		_cleanup_buf_ struct buf b = { 0 };
		struct err e = { 0 };

		add_member(&b, bad_archives[i].name, '0', bad_archives[i].text);
		add_end(&b);
		assert_null(image_archive_open(write_archive(&b), &e));
		assert_non_null(strstr(e.text, bad_archives[i].error));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_challenges),   cmocka_unit_test(test_insecure),
		cmocka_unit_test(test_endpoints),    cmocka_unit_test(test_tar),
		cmocka_unit_test(test_bad_tars),     cmocka_unit_test(test_docker_archive),
		cmocka_unit_test(test_bad_archives),
	};

	return cmocka_run_group_tests_name("image_sources", tests, set_up, tear_down);
}
