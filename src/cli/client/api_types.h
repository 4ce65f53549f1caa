/*
 * What the original decodes answers of the Engine API into before templates see them: the Go types
 * of API 1.50, for `inspect`, `version`, `info` and `events`. See format/go_type.h.
 */
#ifndef CLI_CLIENT_API_TYPES_H
#define CLI_CLIENT_API_TYPES_H

#include "cli/format/go_type.h"

extern const struct go_type api_container, api_image, api_network, api_volume;
extern const struct go_type api_version, api_info, api_event;

/* Shared by the files of tables. */
extern const struct go_type api_container_config, api_health_config, api_graph_driver;
extern const struct go_type api_descriptor;

#endif
