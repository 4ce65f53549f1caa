/* Making images. See make.h. The documents and the layer are an image_source. */
#include "engine/image/make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "engine/image/names.h"
#include "image/install.h"
#include "oci/digest.h"
#include "oci/reference.h"

struct made {
	struct image_source source;
	struct image_draft *draft;
	struct oci_descriptor config, manifest;
	struct slice config_text, manifest_text;
};

/* ---- the source ---- */

static int source_document(struct image_source *s, const struct oci_descriptor *d,
                           struct arena *a unused_arg, struct slice *out, struct err *e)
{
	struct made *m = container_of(s, struct made, source);

	if (str_eq(d->digest, m->config.digest))
		*out = m->config_text;
	else if (str_eq(d->digest, m->manifest.digest))
		*out = m->manifest_text;
	else
		return err_set(e, ERR_NOT_FOUND, "content %s is not there", d->digest);
	return 0;
}

/* Only the new layer comes from outside the store; a descriptor with a position of its own. */
static int source_open(struct image_source *s, const struct oci_descriptor *d, int64_t offset,
                       struct blob_stream *out, struct err *e)
{
	struct made *m = container_of(s, struct made, source);
	char path[32];

	if (m->draft->tar < 0 || !str_eq(d->digest, m->draft->top.digest))
		return err_set(e, ERR_NOT_FOUND, "content %s is not there", d->digest);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", m->draft->tar);
	*out = (struct blob_stream){ .fd = open(path, O_RDONLY | O_CLOEXEC),
		                     .left = d->size - offset };
	if (out->fd < 0 || lseek(out->fd, offset, SEEK_SET) < 0) {
		(void)err_errno(e, errno, "open the layer");
		fd_close(&out->fd);
		return -1;
	}
	return 0;
}

static int source_close(struct image_source *s unused_arg, struct blob_stream *b,
                        struct err *e unused_arg)
{
	fd_close(&b->fd);
	return 0;
}

static const struct image_source_ops source_ops = { source_document, source_open, source_close };

/* ---- documents ---- */

static int describe_tar(struct image_draft *d, struct err *e)
{
	char digest[DIGEST_SIZE], *chunk = arena_alloc(d->arena, 128 * KIB);
	struct digester sum;
	ssize_t n;

	digester_init(&sum);
	while ((n = pread(d->tar, chunk, 128 * KIB, d->top.size)) > 0) {
		digester_add(&sum, chunk, (size_t)n);
		d->top.size += n;
	}
	if (n < 0)
		return err_errno(e, errno, "read the layer");
	digester_text(&sum, digest);
	d->top.digest = arena_strdup(d->arena, digest);
	return 0;
}

static struct oci_descriptor describe(struct arena *a, const char *media, struct slice text)
{
	char digest[DIGEST_SIZE];

	digest_of(text.data, text.len, digest);
	return (struct oci_descriptor){ .media_type = media,
		                        .digest = arena_strdup(a, digest),
		                        .size = (int64_t)text.len };
}

/* A layer of ours is not compressed: its digest is its diff ID. */
static void write_config(struct made *m)
{
	struct image_draft *d = m->draft;
	struct arena *a = d->arena;
	struct oci_rootfs *root = arena_new(a, struct oci_rootfs);

	if (d->config.rootfs)
		for (size_t i = 0; i < d->config.rootfs->diff_ids.n; i++)
			arena_push(a, &root->diff_ids, d->config.rootfs->diff_ids.v[i]);
	arena_push(a, &root->diff_ids, d->top.digest);
	root->type = "layers";
	d->config.rootfs = root;
	d->config.comment = d->said.comment;
	d->config.author = d->said.author;
	d->config.created = d->said.created = clock_now_ns();
	arena_push(a, &d->config.history, d->said);
	m->config_text = slice_of(json_text(a, &oci_image_type, &d->config));
}

/* An image keeps to the words of what it is based on. */
static void write_manifest(struct made *m)
{
	struct image_draft *d = m->draft;
	struct arena *a = d->arena;
	bool docker = d->base.config && str_eq(d->base.config->media_type, MEDIA_DOCKER_CONFIG);
	struct oci_manifest out = {
		.schema_version = 2,
		.media_type = docker ? MEDIA_DOCKER_MANIFEST : MEDIA_OCI_MANIFEST,
		.config = &m->config,
	};

	m->config = describe(a, docker ? MEDIA_DOCKER_CONFIG : MEDIA_OCI_CONFIG, m->config_text);
	d->top.media_type = docker ? MEDIA_DOCKER_LAYER : MEDIA_OCI_LAYER;
	for (size_t i = 0; i < d->base.layers.n; i++)
		arena_push(a, &out.layers, d->base.layers.v[i]);
	arena_push(a, &out.layers, d->top);
	m->manifest_text = slice_of(json_text(a, &oci_manifest_type, &out));
	m->manifest = describe(a, out.media_type, m->manifest_text);
}

/* ---- all together ---- */

static int name_it(struct engine *g, struct image_draft *d, struct image_store *s,
                   const struct oci_descriptor *target, struct err *e)
{
	if (d->name)
		return image_set_name(g, s, d->name, target, e) < 0 ? -1 : 0;
	return s->ops->tag(s, arena_printf(d->arena, IMAGE_DANGLING "%s", target->digest), target,
	                   e) < 0
	               ? -1
	               : 0;
}

int image_make(struct engine *g, struct image_draft *d, struct image_store *s, const char **id,
               struct err *e)
{
	struct made m = { .source = { .ops = &source_ops }, .draft = d };
	struct oci_platform platform = oci_image_platform(&d->config);
	struct install in = { .store = s, .source = &m.source, .platform = &platform };

	if (d->tar >= 0 && describe_tar(d, e) < 0)
		return -1;
	write_config(&m);
	write_manifest(&m);
	if (install_image(&in, &m.manifest, e) < 0) {
		if (e->kind == ERR_EXHAUSTED)
			image_store_give_up(s);
		return -1;
	}
	*id = m.manifest.digest;
	return name_it(g, d, s, &m.manifest, e);
}

int image_make_name(struct arena *a, const char *repo, const char *tag, const char **name,
                    struct err *e)
{
	struct reference ref;

	*name = NULL;
	if (str_empty(repo))
		return 0;
	if (!str_empty(tag))
		repo = arena_printf(a, "%s:%s", repo, tag);
	if (reference_parse(a, repo, &ref, e) < 0)
		return -1;
	if (ref.digest)
		return err_set(e, ERR_INVALID, "cannot import digest reference");
	reference_default_tag(&ref);
	*name = reference_text(a, &ref);
	return 0;
}
