/* What the engine says about images: inspect, history, progress. Lists and deletions: api/image.h. */
#ifndef ENGINE_ROUTES_IMAGE_H
#define ENGINE_ROUTES_IMAGE_H

#include "api/image.h"
#include "api/inspect.h"

/* ---- GET /images/NAME/json ---- */

#define API_IMAGE_ROOTFS(F)     \
	F(STR, type, "Type", 0) \
	F(STRS, layers, "Layers", OMIT_EMPTY)
JSON_STRUCT(api_image_rootfs, API_IMAGE_ROOTFS)

#define API_IMAGE_METADATA(F) F(TIME, last_tag_time, "LastTagTime", 0)
JSON_STRUCT(api_image_metadata, API_IMAGE_METADATA)

#define API_IMAGE_INSPECT(F)                                               \
	F(STR, id, "Id", 0)                                                \
	F(STRS, repo_tags, "RepoTags", 0)                                  \
	F(STRS, repo_digests, "RepoDigests", 0)                            \
	F(STR, parent, "Parent", 0)                                        \
	F(STR, comment, "Comment", 0)                                      \
	F(TIME, created, "Created", 0)                                     \
	F(STR, container, "Container", UNTIL(45))                          \
	F(OBJ, container_config, "ContainerConfig", UNTIL(45), api_config) \
	F(STR, docker_version, "DockerVersion", 0)                         \
	F(STR, author, "Author", 0)                                        \
	F(OBJ, config, "Config", 0, api_config)                            \
	F(STR, architecture, "Architecture", 0)                            \
	F(STR, variant, "Variant", OMIT_EMPTY)                             \
	F(STR, os, "Os", 0)                                                \
	F(STR, os_version, "OsVersion", OMIT_EMPTY)                        \
	F(I64, size, "Size", 0)                                            \
	F(I64, virtual_size, "VirtualSize", UNTIL(44))                     \
	F(OBJ, graph_driver, "GraphDriver", 0, api_graph_driver)           \
	F(OBJ, root_fs, "RootFS", 0, api_image_rootfs)                     \
	F(OBJ, metadata, "Metadata", 0, api_image_metadata)                \
	F(OBJ, descriptor, "Descriptor", SINCE(48), oci_descriptor)
JSON_STRUCT(api_image_inspect, API_IMAGE_INSPECT)

/* ---- GET /images/NAME/history ---- */

#define API_IMAGE_HISTORY(F)               \
	F(STR, comment, "Comment", 0)      \
	F(I64, created, "Created", 0)      \
	F(STR, created_by, "CreatedBy", 0) \
	F(STR, id, "Id", 0)                \
	F(I64, size, "Size", 0)            \
	F(STRS, tags, "Tags", NULL_WHEN_ABSENT)
JSON_STRUCT(api_image_history, API_IMAGE_HISTORY)

/* ---- progress: one JSON object a line ---- */

#define API_PROGRESS_DETAIL(F)                 \
	F(I64, current, "current", OMIT_EMPTY) \
	F(I64, total, "total", OMIT_EMPTY)
JSON_STRUCT(api_progress_detail, API_PROGRESS_DETAIL)

#define API_PROGRESS_ERROR(F) F(STR, message, "message", 0)
JSON_STRUCT(api_progress_error, API_PROGRESS_ERROR)

#define API_PROGRESS(F)                                                     \
	F(STR, stream, "stream", OMIT_EMPTY)                                \
	F(STR, status, "status", OMIT_EMPTY)                                \
	F(OBJ, detail, "progressDetail", OMIT_EMPTY, api_progress_detail)   \
	F(STR, id, "id", OMIT_EMPTY)                                        \
	F(OBJ, error_detail, "errorDetail", OMIT_EMPTY, api_progress_error) \
	F(STR, error, "error", OMIT_EMPTY)                                  \
	F(RAW, aux, "aux", OMIT_EMPTY)
JSON_STRUCT(api_progress, API_PROGRESS)

/* A row of the list; the view must outlive the answer. */
struct api_call;
struct image_view;
struct api_image_summary api_image_summary_of(struct api_call *c, const struct image_view *v);

#endif
