/* From a create request and an image to the complete configuration of a container. */
#ifndef ENGINE_CONTAINER_CONFIG_H
#define ENGINE_CONTAINER_CONFIG_H

#include "engine/container/container.h"
#include "engine/image/image.h"

/* What the client left out, the image says. */
void config_merge(struct arena *a, struct api_config *c, const struct oci_image_params *image);

/* What neither says, Docker's defaults say. */
void host_config_defaults(struct arena *a, const struct options *o, const struct live_options *live,
                          struct api_host_config *h);

/*
 * Everything that can be refused without touching the machine is refused here, in Docker's words.
 * What is accepted without effect becomes a line in *warnings.
 */
int config_check(struct arena *a, const struct api_config *c, const struct api_host_config *h,
                 struct strs *warnings, struct err *e) must_check;

#endif
