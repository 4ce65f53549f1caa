/*
 * Volumes as JSON tables. Docker Engine API 1.24 to 1.51, "Volume". What a mount says about its
 * volume is in container.h.
 */
#ifndef API_VOLUME_H
#define API_VOLUME_H

#include "base/json.h"

/* In GET /system/df only. -1: not known. */
#define API_VOLUME_USAGE(F)              \
	F(I64, ref_count, "RefCount", 0) \
	F(I64, size, "Size", 0)
JSON_STRUCT(api_volume_usage, API_VOLUME_USAGE)

#define API_VOLUME(F)                                \
	F(STR, created_at, "CreatedAt", OMIT_EMPTY)  \
	F(STR, driver, "Driver", 0)                  \
	F(MAP, labels, "Labels", NULL_WHEN_ABSENT)   \
	F(STR, mountpoint, "Mountpoint", 0)          \
	F(STR, name, "Name", 0)                      \
	F(MAP, options, "Options", NULL_WHEN_ABSENT) \
	F(STR, scope, "Scope", 0)                    \
	F(OBJ, usage, "UsageData", OMIT_EMPTY, api_volume_usage)
JSON_STRUCT(api_volume, API_VOLUME)

#define API_VOLUME_LIST(F)                         \
	F(OBJS, volumes, "Volumes", 0, api_volume) \
	F(STRS, warnings, "Warnings", NULL_WHEN_ABSENT)
JSON_STRUCT(api_volume_list, API_VOLUME_LIST)

/* The body of POST /volumes/create. */
#define API_VOLUME_CREATE(F)                          \
	F(STR, name, "Name", OMIT_EMPTY)              \
	F(STR, driver, "Driver", OMIT_EMPTY)          \
	F(MAP, driver_opts, "DriverOpts", OMIT_EMPTY) \
	F(MAP, labels, "Labels", OMIT_EMPTY)          \
	F(RAW, cluster, "ClusterVolumeSpec", OMIT_EMPTY)
JSON_STRUCT(api_volume_create, API_VOLUME_CREATE)

/* The label that tells an anonymous volume; its value is empty. */
#define API_VOLUME_ANONYMOUS "com.docker.volume.anonymous"

#endif
