/*
 * Platforms: which of an index's manifests fits a machine (containerd's platforms package).
 * A platform is the `oci_platform` of oci/image.h; here it is always normalised: "x86_64" is amd64,
 * "aarch64" arm64 (v8 implied), "armhf" arm/v7.
 */
#ifndef OCI_PLATFORM_H
#define OCI_PLATFORM_H

#include "base/arena.h"
#include "base/err.h"
#include "oci/image.h"

/* "linux/amd64", "linux/arm/v7", "arm64", "linux": what is left out is the host's. */
int platform_parse(struct arena *a, const char *text, struct oci_platform *out, struct err *e)
        must_check;

void platform_host(struct oci_platform *out); /* strings are static */
void platform_normalize(struct oci_platform *p);
char *platform_format(struct arena *a, const struct oci_platform *p); /* "linux/arm/v7" */

#define PLATFORM_NO_MATCH (-1)

/* How well a machine `want` runs `have`: 0 exactly, more is worse, PLATFORM_NO_MATCH not at all. */
int platform_rank(const struct oci_platform *want, const struct oci_platform *have);

/*
 * The manifest of an index that fits best, or ERR_NOT_FOUND with Docker's words. Nested indexes
 * and attestations ("unknown/unknown") are never chosen over a manifest that names its platform.
 */
const struct oci_descriptor *platform_choose(const struct oci_index *index,
                                             const struct oci_platform *want, struct err *e)
        must_check;

#endif
