/*
 * How the engine and its `files` helper talk: one job on the files of one container, for `docker cp`
 * and `docker export`. The helper is a child that confines itself to the container's root before it
 * touches anything in it.
 *
 * Descriptors of the helper: 0 a tar to write into the container, 1 the tar that was read from it,
 * 3 the job (JSON), 4 where the result goes (JSON), 5 the root of a running container, 6 its mount
 * namespace. The result comes before the tar that is read, and after the one that is written.
 */
#ifndef IMAGE_FILES_H
#define IMAGE_FILES_H

#include "base/json.h"

#define FILES_STAT   "stat"   /* what a path is */
#define FILES_READ   "read"   /* the same, then a tar of it */
#define FILES_WRITE  "write"  /* a tar into a directory */
#define FILES_EXPORT "export" /* a tar of the root file system without what is mounted in it */

enum files_fd { FILES_FD_JOB = 3, FILES_FD_RESULT, FILES_FD_ROOT, FILES_FD_NAMESPACE };

/* The root of a container that does not run: the helper mounts it in a namespace of its own. */
#define FILES_ROOTFS(F)                                                    \
	F(STR, type, "type", 0)                                            \
	F(STR, source, "source", 0)                                        \
	F(STR, folder, "folder", 0) /* where paths in the options begin */ \
	F(STR, options, "options", 0)                                      \
	F(STR, target, "target", 0) /* any directory of the host */
JSON_STRUCT(files_rootfs, FILES_ROOTFS)

#define FILES_MOUNT(F)                        \
	F(STR, source, "source", 0)           \
	F(STR, destination, "destination", 0) \
	F(BOOL, read_only, "readOnly", 0)     \
	F(BOOL, recursive, "recursive", 0)
JSON_STRUCT(files_mount, FILES_MOUNT)

#define FILES_JOB(F)                                                                      \
	F(STR, what, "what", 0)                                                           \
	F(STR, path, "path", 0) /* as the client wrote it */                              \
	F(OBJ, rootfs, "rootfs", OMIT_EMPTY,                                              \
	  files_rootfs) /* absent: it runs, and `mounts` are there */                     \
	F(OBJS, mounts, "mounts", OMIT_EMPTY, files_mount) /* parents before children */  \
	F(BOOL, read_only, "readOnly", OMIT_EMPTY)         /* the root itself */          \
	F(BOOL, keep_kinds, "keepKinds",                                                  \
	  OMIT_EMPTY)                      /* no file in place of a directory, or back */ \
	F(OPT_I64, uid, "uid", OMIT_EMPTY) /* owner of all that is written */             \
	F(OPT_I64, gid, "gid", OMIT_EMPTY)
JSON_STRUCT(files_job, FILES_JOB)

#define FILES_RESULT(F)                                         \
	F(STR, error, "error", OMIT_EMPTY)                      \
	F(STR, kind, "kind", OMIT_EMPTY) /* an err_kind_name */ \
	F(STR, name, "name", OMIT_EMPTY)                        \
	F(I64, size, "size", OMIT_EMPTY)                        \
	F(U64, mode, "mode", OMIT_EMPTY) /* st_mode */          \
	F(TIME, mtime, "mtime", OMIT_EMPTY)                     \
	F(STR, link, "link", OMIT_EMPTY) /* what a symlink leads to */
JSON_STRUCT(files_result, FILES_RESULT)

#endif
