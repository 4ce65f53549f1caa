/* --mount type=bind,source=/a,target=/b,readonly: https://docs.docker.com/engine/storage/ */
#ifndef CLI_SPEC_MOUNT_H
#define CLI_SPEC_MOUNT_H

#include "base/json.h"

#define BIND_OPTIONS(F)                                                      \
	F(STR, propagation, "Propagation", OMIT_EMPTY)                       \
	F(BOOL, non_recursive, "NonRecursive", OMIT_EMPTY)                   \
	F(BOOL, create_mountpoint, "CreateMountpoint", OMIT_EMPTY)           \
	F(BOOL, read_only_non_recursive, "ReadOnlyNonRecursive", OMIT_EMPTY) \
	F(BOOL, read_only_force_recursive, "ReadOnlyForceRecursive", OMIT_EMPTY)
JSON_STRUCT(bind_options, BIND_OPTIONS)

#define VOLUME_DRIVER(F)                 \
	F(STR, name, "Name", OMIT_EMPTY) \
	F(MAP, options, "Options", OMIT_EMPTY)
JSON_STRUCT(volume_driver, VOLUME_DRIVER)

#define VOLUME_OPTIONS(F)                      \
	F(BOOL, no_copy, "NoCopy", OMIT_EMPTY) \
	F(MAP, labels, "Labels", OMIT_EMPTY)   \
	F(STR, subpath, "Subpath", OMIT_EMPTY) \
	F(OBJ, driver, "DriverConfig", OMIT_EMPTY, volume_driver)
JSON_STRUCT(volume_options, VOLUME_OPTIONS)

#define IMAGE_OPTIONS(F) F(STR, subpath, "Subpath", OMIT_EMPTY)
JSON_STRUCT(image_options, IMAGE_OPTIONS)

#define TMPFS_OPTIONS(F)                      \
	F(I64, size, "SizeBytes", OMIT_EMPTY) \
	F(I64, mode, "Mode", OMIT_EMPTY)
JSON_STRUCT(tmpfs_options, TMPFS_OPTIONS)

#define MOUNT_SPEC(F)                                               \
	F(STR, type, "Type", OMIT_EMPTY)                            \
	F(STR, source, "Source", OMIT_EMPTY)                        \
	F(STR, target, "Target", OMIT_EMPTY)                        \
	F(BOOL, read_only, "ReadOnly", OMIT_EMPTY)                  \
	F(STR, consistency, "Consistency", OMIT_EMPTY)              \
	F(OBJ, bind, "BindOptions", OMIT_EMPTY, bind_options)       \
	F(OBJ, volume, "VolumeOptions", OMIT_EMPTY, volume_options) \
	F(OBJ, image, "ImageOptions", OMIT_EMPTY, image_options)    \
	F(OBJ, tmpfs, "TmpfsOptions", OMIT_EMPTY, tmpfs_options)
JSON_STRUCT(mount_spec, MOUNT_SPEC)

int mount_parse(struct arena *a, const char *text, struct mount_spec *out, struct err *e)
        must_check;

#endif
