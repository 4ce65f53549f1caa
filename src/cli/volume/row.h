/* A volume as a row: of `volume ls` and of `system df -v`. The rows are struct api_volume. */
#ifndef CLI_VOLUME_ROW_H
#define CLI_VOLUME_ROW_H

#include "cli/format/list.h"

extern const struct row_type volume_row_type;

#endif
