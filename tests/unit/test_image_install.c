/*
 * Moving images: what is written in which order, what is left out, what a failure leaves. Source and
 * store are tables in memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/map.h"
#include "image/install.h"
#include "oci/digest.h"

/* ---- a source ---- */

static struct arena arena; /* of one test */
static struct map blobs;   /* digest -> struct slice: what the source has */

static struct slice *blob(const char *digest)
{
	return map_get(&blobs, digest);
}

static int src_document(struct image_source *s unused_arg, const struct oci_descriptor *d,
                        struct arena *a unused_arg, struct slice *out, struct err *e)
{
	if (!blob(d->digest))
		return err_set(e, ERR_NOT_FOUND, "no %s", d->digest);
	*out = *blob(d->digest);
	return 0;
}

static int src_open(struct image_source *s unused_arg, const struct oci_descriptor *d,
                    int64_t offset, struct blob_stream *out, struct err *e)
{
	struct slice *b = blob(d->digest);

	if (!b)
		return err_set(e, ERR_NOT_FOUND, "no blob");
	*out = (struct blob_stream){ .fd = memfd_create("blob", MFD_CLOEXEC), .left = -1 };
	assert_int_equal(write(out->fd, b->data, b->len), b->len);
	lseek(out->fd, offset, SEEK_SET);
	return 0;
}

static int src_close(struct image_source *s unused_arg, struct blob_stream *b,
                     struct err *e unused_arg)
{
	fd_close(&b->fd);
	return 0;
}

static const struct image_source_ops src_ops = { src_document, src_open, src_close };

/* ---- a store, with a diary of what happened ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct map stored, partial, snapshots;
static struct buf diary;

struct blob_writer {
	const struct oci_descriptor *d;
	struct buf got;
};

static void note(const char *what, const char *digest)
{
	buf_printf(&diary, "%s %.8s\n", what, digest_hex(digest));
}

static int st_has(struct image_store *s unused_arg, const char *digest, struct err *e unused_arg)
{
	int there;

	pthread_mutex_lock(&lock);
	there = map_get(&stored, digest) != NULL;
	pthread_mutex_unlock(&lock);
	return there;
}

static int st_read(struct image_store *s unused_arg, const char *digest, size_t limit unused_arg,
                   struct arena *a unused_arg, struct slice *out, struct err *e unused_arg)
{
	*out = *(struct slice *)map_get(&stored, digest);
	return 0;
}

static int busy; /* how many more times somebody else writes */

static struct blob_writer *st_begin(struct image_store *s unused_arg,
                                    const struct oci_descriptor *d, int64_t *offset,
                                    struct err *e unused_arg)
{
	struct blob_writer *w;
	struct slice *before;
	bool wait;

	pthread_mutex_lock(&lock);
	before = map_get(&partial, d->digest);
	wait = busy > 0 && busy--;
	pthread_mutex_unlock(&lock);
	if (wait) {
		(void)err_set(e, ERR_ABORTED, "busy");
		return NULL;
	}
	w = calloc(1, sizeof(*w));
	w->d = d;
	if (before)
		buf_add(&w->got, before->data, before->len);
	*offset = (int64_t)w->got.len;
	return w;
}

static int st_add(struct blob_writer *w, const void *data, size_t n, struct err *e unused_arg)
{
	buf_add(&w->got, data, n);
	return 0;
}

static void *keep(const void *data, size_t n)
{
	struct slice *s = arena_new(&arena, struct slice);

	*s = (struct slice){ arena_strndup(&arena, data, n), n };
	return s;
}

static int st_commit(struct blob_writer *w, const struct json_map *labels unused_arg, struct err *e)
{
	char digest[DIGEST_SIZE];

	digest_of(w->got.data, w->got.len, digest);
	if (!str_eq(digest, w->d->digest))
		return err_set(e, ERR_PRECONDITION, "unexpected commit digest");
	pthread_mutex_lock(&lock);
	map_set(&stored, digest, keep(w->got.data, w->got.len));
	note("blob", digest);
	pthread_mutex_unlock(&lock);
	return 0;
}

static void st_end(struct blob_writer *w, bool forget)
{
	pthread_mutex_lock(&lock);
	if (forget) {
		note("forget", w->d->digest);
		map_remove(&partial, w->d->digest);
	} else if (!map_get(&stored, w->d->digest))
		map_set(&partial, w->d->digest, keep(buf_cstr(&w->got), w->got.len));
	pthread_mutex_unlock(&lock);
	buf_free(&w->got);
	free(w);
}

static int st_label(struct image_store *s unused_arg, const char *digest,
                    const struct json_map *labels unused_arg, struct err *e unused_arg)
{
	note("label", digest);
	return 0;
}

static int st_has_snapshot(struct image_store *s unused_arg, const char *chain,
                           struct err *e unused_arg)
{
	return map_get(&snapshots, chain) != NULL;
}

static int st_unpack(struct image_store *s unused_arg, const struct oci_descriptor *layer,
                     const char *parent, const char *chain, const char *diff_id unused_arg,
                     struct err *e)
{
	if (parent && !map_get(&snapshots, parent))
		return err_set(e, ERR_NOT_FOUND, "no parent");
	if (!st_has(s, layer->digest, e))
		return err_set(e, ERR_NOT_FOUND, "no layer");
	pthread_mutex_lock(&lock);
	map_set(&snapshots, chain, keep("", 0));
	note("unpack", layer->digest);
	pthread_mutex_unlock(&lock);
	return 0;
}

static const struct image_store_ops st_ops = {
	.has = st_has,
	.read = st_read,
	.begin = st_begin,
	.add = st_add,
	.commit = st_commit,
	.end = st_end,
	.label = st_label,
	.has_snapshot = st_has_snapshot,
	.unpack = st_unpack,
};

/* ---- an image ---- */

static char *add_blob(const char *text)
{
	char *digest = arena_alloc(&arena, DIGEST_SIZE);

	digest_of(text, strlen(text), digest);
	map_set(&blobs, digest, keep(text, strlen(text)));
	return digest;
}

static struct oci_descriptor describe(const char *type, const char *digest)
{
	return (struct oci_descriptor){ .media_type = type,
		                        .digest = digest,
		                        .size = (int64_t)blob(digest)->len };
}

#define LAYERS 5

struct sample {
	struct oci_descriptor layers[LAYERS], config, manifest, index;
};

static void make_sample(struct sample *s)
{
	_cleanup_buf_ struct buf diffs = { 0 };
	struct oci_manifest m = { .schema_version = 2,
		                  .media_type = MEDIA_OCI_MANIFEST,
		                  .config = &s->config,
		                  .layers = { LAYERS, s->layers } };
	struct oci_platform host = { .os = "linux", .architecture = "amd64" };
	struct oci_index x = { .schema_version = 2,
		               .media_type = MEDIA_OCI_INDEX,
		               .manifests = { 1, &s->manifest } };

	for (int i = 0; i < LAYERS; i++) {
		char *digest = add_blob(arena_printf(&arena, "layer %d", i));

		s->layers[i] = describe(MEDIA_OCI_LAYER, digest);
		buf_printf(&diffs, "%s\"%s\"", i ? "," : "", digest);
	}
	s->config = describe(MEDIA_OCI_CONFIG,
	                     add_blob(arena_printf(
	                             &arena, "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}",
	                             diffs.data)));
	s->manifest =
	        describe(MEDIA_OCI_MANIFEST, add_blob(json_text(&arena, &oci_manifest_type, &m)));
	s->manifest.platform = &host;
	s->index = describe(MEDIA_OCI_INDEX, add_blob(json_text(&arena, &oci_index_type, &x)));
}

static int install(const struct oci_descriptor *target, struct err *e)
{
	static const struct oci_platform host = { .os = "linux", .architecture = "amd64" };
	struct image_source source = { .ops = &src_ops };
	struct image_store store = { .ops = &st_ops, .snapshotter = "overlayfs" };
	struct install in = { .store = &store, .source = &source, .platform = &host };

	return install_image(&in, target, e);
}

static int set_up(void **state unused_arg)
{
	buf_reset(&diary);
	return 0;
}

static int tear_down(void **state unused_arg)
{
	map_free(&blobs);
	map_free(&stored);
	map_free(&partial);
	map_free(&snapshots);
	blobs = stored = partial = snapshots = (struct map){ 0 };
	arena_free(&arena);
	return 0;
}

static const char *at(const char *what, const char *digest)
{
	return strstr(buf_cstr(&diary),
	              arena_printf(&arena, "%s %.8s\n", what, digest_hex(digest)));
}

static void test_order(void **state unused_arg)
{
	struct sample s;
	struct err e = { 0 };

	make_sample(&s);
	assert_int_equal(install(&s.index, &e), 0);
	for (int i = 0; i < LAYERS; i++) {
		assert_true(at("blob", s.layers[i].digest) < at("unpack", s.layers[i].digest));
		if (i > 0)
			assert_true(at("unpack", s.layers[i - 1].digest) <
			            at("unpack", s.layers[i].digest));
	}
	assert_true(at("unpack", s.layers[LAYERS - 1].digest) < at("blob", s.config.digest));
	assert_true(at("blob", s.config.digest) < at("blob", s.manifest.digest));
	assert_true(at("blob", s.manifest.digest) < at("blob", s.index.digest));
}

static void test_nothing_twice(void **state unused_arg)
{
	struct sample s;
	struct err e = { 0 };

	make_sample(&s);
	assert_int_equal(install(&s.index, &e), 0);
	buf_reset(&diary);
	assert_int_equal(install(&s.index, &e), 0);
	assert_null(strstr(buf_cstr(&diary), "blob "));
	assert_null(strstr(buf_cstr(&diary), "unpack "));
}

static void test_wrong_bytes(void **state unused_arg)
{
	struct sample s;
	struct err e = { 0 };

	make_sample(&s);
	map_set(&blobs, s.layers[2].digest, keep("lAyer 2", 7));
	assert_int_equal(install(&s.index, &e), -1);
	assert_non_null(strstr(e.text, "filesystem layer verification failed for digest"));
	assert_non_null(at("forget", s.layers[2].digest));
	assert_null(at("blob", s.config.digest));
	assert_null(at("blob", s.manifest.digest));
	map_set(&blobs, s.layers[2].digest, keep("layer 2", 7));
	assert_int_equal(install(&s.index, &e), 0);
}

static void test_too_many_bytes(void **state unused_arg)
{
	struct sample s;
	struct err e = { 0 };

	make_sample(&s);
	map_set(&blobs, s.layers[0].digest, keep("layer 0 and more", 16));
	assert_int_equal(install(&s.index, &e), -1);
	assert_non_null(strstr(e.text, "more than the 7 bytes"));
}

static void test_resume(void **state unused_arg)
{
	struct sample s;
	struct err e = { 0 };

	make_sample(&s);
	map_set(&partial, s.layers[1].digest, keep("laye", 4));
	assert_int_equal(install(&s.index, &e), 0);
	assert_non_null(at("blob", s.layers[1].digest));
}

static void test_resume_of_rubbish(void **state unused_arg)
{
	struct sample s;
	struct err e = { 0 };

	make_sample(&s);
	map_set(&partial, s.layers[1].digest, keep("LAYE", 4));
	assert_int_equal(install(&s.index, &e), 0);
	assert_true(at("forget", s.layers[1].digest) < at("blob", s.layers[1].digest));
}

static void test_somebody_else_writes(void **state unused_arg)
{
	struct sample s;
	struct err e = { 0 };

	make_sample(&s);
	busy = 4;
	assert_int_equal(install(&s.index, &e), 0);
	assert_int_equal(busy, 0);
}

static void test_bad_documents(void **state unused_arg)
{
	struct sample s;
	struct err e = { 0 };

	make_sample(&s);
	map_set(&blobs, s.config.digest, keep("{}", 2));
	assert_int_equal(install(&s.manifest, &e), -1);
	assert_int_equal(e.kind, ERR_DATA_LOSS);
	assert_int_equal(diary.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nothing_twice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wrong_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_many_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_resume, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_resume_of_rubbish, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_somebody_else_writes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_documents, set_up, tear_down),
	};
	int r = cmocka_run_group_tests_name("image_install", tests, NULL, NULL);

	buf_free(&diary);
	return r;
}
