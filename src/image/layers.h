/* The layers of one manifest: fetched side by side, unpacked in order. Part of image/install. */
#ifndef IMAGE_LAYERS_H
#define IMAGE_LAYERS_H

#include "image/install.h"

/* *chain is the identity of the whole stack (lives in the arena), NULL when there is no layer. */
int install_layers(const struct install *in, const struct oci_manifest *m,
                   const struct oci_image *config, struct arena *a, const char **chain,
                   struct err *e) must_check;

#endif
