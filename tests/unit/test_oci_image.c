/* References, digests, platforms and image documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "oci/digest.h"
#include "oci/image.h"
#include "oci/platform.h"
#include "oci/reference.h"

#define HEX_A    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA_A    "sha256:" HEX_A
#define FORMAT   "invalid reference format"
#define UPPER(p) "invalid reference format: repository name (" p ") must be lowercase"

static const struct {
	const char *in, *full, *familiar, *error;
} references[] = {
	{ "busybox", "docker.io/library/busybox", "busybox", NULL },
	{ "busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36", NULL },
	{ "team/app", "docker.io/team/app", "team/app", NULL },
	{ "docker.io/busybox", "docker.io/library/busybox", "busybox", NULL },
	{ "index.docker.io/busybox", "docker.io/library/busybox", "busybox", NULL },
	{ "docker.io/library/busybox:x", "docker.io/library/busybox:x", "busybox:x", NULL },
	{ "localhost/app", "localhost/app", "localhost/app", NULL },
	{ "host:5000/a/b_c/d--e:T.1-x", "host:5000/a/b_c/d--e:T.1-x", "host:5000/a/b_c/d--e:T.1-x",
	  NULL },
	{ "h.example/n:t@" SHA_A, "h.example/n:t@" SHA_A, "h.example/n:t@" SHA_A, NULL },
	{ "busybox@" SHA_A, "docker.io/library/busybox@" SHA_A, "busybox@" SHA_A, NULL },
	{ "[::1]:5000/n", "[::1]:5000/n", "[::1]:5000/n", NULL },
	{ "Host/name", "Host/name", "Host/name", NULL },
	{ "", NULL, NULL, FORMAT },
	{ "BusyBox", NULL, NULL, UPPER("library/BusyBox") },
	{ "host:5000/Name", NULL, NULL, UPPER("Name") },
	{ "a//b", NULL, NULL, FORMAT },
	{ "a/", NULL, NULL, FORMAT },
	{ "/a", NULL, NULL, FORMAT },
	{ "a___b", NULL, NULL, FORMAT },
	{ "a.-b", NULL, NULL, FORMAT },
	{ "-a", NULL, NULL, FORMAT },
	{ "a:", NULL, NULL, FORMAT },
	{ "a:-x", NULL, NULL, FORMAT },
	{ "a b", NULL, NULL, FORMAT },
	{ "a@sha256:12", NULL, NULL, FORMAT },
	{ "h:x/a", NULL, NULL, FORMAT },
	{ "h-.x/a", NULL, NULL, FORMAT },
	{ HEX_A, NULL, NULL,
	  "invalid repository name (" HEX_A "), cannot specify 64-byte hexadecimal strings" },
};

static void test_reference(void **state unused_arg)
{
	for (size_t i = 0; i < ARRAY_LEN(references); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct reference r;
		struct err e = { 0 };
		int rc = reference_parse(&a, references[i].in, &r, &e);

		if (references[i].error) {
			assert_int_equal(rc, -1);
			assert_string_equal(e.text, references[i].error);
			assert_int_equal(e.kind, ERR_INVALID);
			continue;
		}
		assert_int_equal(rc, 0);
		assert_string_equal(reference_text(&a, &r), references[i].full);
		assert_string_equal(reference_familiar(&a, &r), references[i].familiar);
	}
}

static void test_default_tag(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct reference r;

	assert_int_equal(reference_parse(&a, "x", &r, NULL), 0);
	reference_default_tag(&r);
	assert_string_equal(r.tag, "latest");
	assert_int_equal(reference_parse(&a, "x@" SHA_A, &r, NULL), 0);
	reference_default_tag(&r);
	assert_null(r.tag);
}

static void test_digest(void **state unused_arg)
{
	char text[DIGEST_SIZE];
	struct digester d;
	struct err e = { 0 };

	digest_of("", 0, text);
	assert_string_equal(text, SHA_A);
	digester_init(&d);
	digester_add(&d, "a", 1);
	digester_text(&d, text);
	digester_add(&d, "bc", 2);
	digester_text(&d, text);
	assert_string_equal(
	        text, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(d.bytes, 3);
	assert_true(digest_is_valid(SHA_A));
	assert_false(digest_is_valid("sha256:"));
	assert_false(digest_is_valid(
	        "sha256:E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
	assert_int_equal(digest_check("md5:00", &e), -1);
	assert_string_equal(e.text, "unsupported digest algorithm: md5:00");
	assert_string_equal(digest_hex(SHA_A), HEX_A);
}

static void test_chain(void **state unused_arg)
{
	char one[DIGEST_SIZE], two[DIGEST_SIZE], want[DIGEST_SIZE];

	chain_next(NULL, SHA_A, one);
	assert_string_equal(one, SHA_A);
	digest_of(SHA_A " " SHA_A, 2 * DIGEST_LEN + 1, want);
	chain_next(one, SHA_A, two);
	assert_string_equal(two, want);
	chain_next(one, SHA_A, one); /* in place */
	assert_string_equal(one, want);
}

static const struct {
	const char *want, *have;
	int rank;
} ranks[] = {
	{ "linux/amd64", "linux/amd64", 0 },
	{ "linux/amd64", "linux/x86_64", 0 },
	{ "linux/amd64", "linux/386", 100 },
	{ "linux/amd64", "linux/amd64/v2", PLATFORM_NO_MATCH },
	{ "linux/amd64/v3", "linux/amd64", 2 },
	{ "linux/amd64", "windows/amd64", PLATFORM_NO_MATCH },
	{ "linux/arm", "linux/arm/v7", 0 },
	{ "linux/arm/v7", "linux/arm/v6", 1 },
	{ "linux/arm/v6", "linux/arm/v7", PLATFORM_NO_MATCH },
	{ "linux/arm64", "linux/arm64/v8", 0 },
	{ "linux/arm64", "linux/arm/v7", 101 },
	{ "linux/amd64", "unknown/unknown", PLATFORM_NO_MATCH },
};

static void test_platform_rank(void **state unused_arg)
{
	for (size_t i = 0; i < ARRAY_LEN(ranks); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct oci_platform want, have;

		assert_int_equal(platform_parse(&a, ranks[i].want, &want, NULL), 0);
		assert_int_equal(platform_parse(&a, ranks[i].have, &have, NULL), 0);
		assert_int_equal(platform_rank(&want, &have), ranks[i].rank);
	}
}

static void test_platform_parse(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct oci_platform p;

	assert_int_equal(platform_parse(&a, "arm64", &p, NULL), 0);
	assert_string_equal(platform_format(&a, &p), "linux/arm64");
	assert_int_equal(platform_parse(&a, "Linux/ARM", &p, NULL), 0);
	assert_string_equal(platform_format(&a, &p), "linux/arm/v7");
	assert_int_equal(platform_parse(&a, "linux/arm/v7/x", &p, NULL), -1);
	assert_int_equal(platform_parse(&a, "linux//v7", &p, NULL), -1);
}

#define D(c)                     \
	"\"digest\":\"sha256:" c \
	"3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"size\":1"
#define P(os, ar) "\"platform\":{\"os\":\"" os "\",\"architecture\":\"" ar "\"}"

static const char index_text[] =
        "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":["
        "{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\"," D("1") "," P(
                "unknown",
                "unknown") "},"
                           "{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\"," D("2") "," P(
                                   "linux",
                                   "386") "},"
                                          "{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\"," D("3") "," P(
                                                  "linux",
                                                  "amd64") "},"
                                                           "{\"mediaType\":\"" MEDIA_OCI_MANIFEST
                                                           "\"," D("4") "," P("linux",
                                                                              "arm64") "}]}";

static void test_choose(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct oci_document doc;
	struct oci_platform want;
	const struct oci_descriptor *d;
	struct err e = { 0 };

	assert_int_equal(oci_document_decode(&a, NULL, slice_of(index_text), &doc, &e), 0);
	assert_int_equal(doc.kind, MEDIA_INDEX);
	assert_int_equal(platform_parse(&a, "linux/amd64", &want, NULL), 0);
	d = platform_choose(&doc.index, &want, &e);
	assert_non_null(d);
	assert_int_equal(d->digest[7], '3');
	assert_int_equal(platform_parse(&a, "linux/s390x", &want, NULL), 0);
	assert_null(platform_choose(&doc.index, &want, &e));
	assert_string_equal(e.text,
	                    "no matching manifest for linux/s390x in the manifest list entries");
	assert_int_equal(e.kind, ERR_NOT_FOUND);
}

static const struct {
	const char *said, *text, *error;
} bad_documents[] = {
	{ NULL, "{\"schemaVersion\":2,\"manifests\":[],\"config\":{" D("1") "},\"layers\":[]}",
	  "document is both an index and a manifest" },
	{ NULL, "{\"schemaVersion\":2}", "document is neither an index nor a manifest" },
	{ MEDIA_OCI_MANIFEST, "{\"schemaVersion\":2,\"manifests\":[]}",
	  "media type " MEDIA_OCI_MANIFEST " does not fit the document, which is an index" },
	{ NULL, "{\"schemaVersion\":2,\"config\":{\"digest\":\"x\",\"size\":1},\"layers\":[]}",
	  "config: invalid checksum digest format: \"x\"" },
	{ NULL,
	  "{\"schemaVersion\":2,\"config\":{\"digest\":\"" SHA_A "\",\"size\":-1},\"layers\":[]}",
	  "config " SHA_A ": negative size" },
	{ MEDIA_DOCKER_SIGNED1, "{\"schemaVersion\":1,\"fsLayers\":[]}",
	  "manifest schema 1 is no longer supported: push the image again with a current tool" },
};

static void test_bad_documents(void **state unused_arg)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_documents); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct oci_document doc;
		struct err e = { 0 };

		assert_int_equal(oci_document_decode(&a, bad_documents[i].said,
		                                     slice_of(bad_documents[i].text), &doc, &e),
		                 -1);
		assert_string_equal(e.text, bad_documents[i].error);
	}
}

static void test_config(void **state unused_arg)
{
	static const char text[] =
	        "{\"created\":\"2024-01-02T03:04:05Z\",\"architecture\":\"amd64\",\"os\":\"linux\","
	        "\"config\":{\"Env\":[\"A=b\"],\"Cmd\":\"one\",\"ExposedPorts\":{\"80/tcp\":{}},"
	        "\"Healthcheck\":{\"Test\":[\"CMD\",\"x\"],\"Interval\":5}},"
	        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" SHA_A "\"]}}";
	_cleanup_arena_ struct arena a = { 0 };
	struct oci_descriptor layer = { 0 };
	struct oci_manifest m = { .layers = { 1, &layer } };
	struct oci_image image;
	struct err e = { 0 };

	assert_int_equal(oci_image_decode(&a, &m, slice_of(text), &image, &e), 0);
	assert_string_equal(image.config->cmd.v[0], "one");
	assert_string_equal(image.config->exposed_ports.v[0], "80/tcp");
	assert_int_equal(image.config->healthcheck->interval, 5);
	m.layers.n = 0;
	assert_int_equal(oci_image_decode(&a, &m, slice_of(text), &image, &e), -1);
	assert_string_equal(e.text, "image config names 1 layers, its manifest 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference),     cmocka_unit_test(test_default_tag),
		cmocka_unit_test(test_digest),        cmocka_unit_test(test_chain),
		cmocka_unit_test(test_platform_rank), cmocka_unit_test(test_platform_parse),
		cmocka_unit_test(test_choose),        cmocka_unit_test(test_bad_documents),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests_name("oci_image", tests, NULL, NULL);
}
