/* Rows of GET /images/json, and what DELETE and prune answer. Docker Engine API 1.24 to 1.51. */
#ifndef API_IMAGE_H
#define API_IMAGE_H

#include "base/json.h"

/* ---- GET /images/json ---- */

#define API_IMAGE_SUMMARY(F)                                   \
	F(I64, containers, "Containers", 0)                    \
	F(I64, created, "Created", 0) /* seconds since 1970 */ \
	F(STR, id, "Id", 0)                                    \
	F(MAP, labels, "Labels", NULL_WHEN_ABSENT)             \
	F(STR, parent_id, "ParentId", 0)                       \
	F(STRS, repo_digests, "RepoDigests", 0)                \
	F(STRS, repo_tags, "RepoTags", 0)                      \
	F(I64, shared_size, "SharedSize", 0)                   \
	F(I64, size, "Size", 0)                                \
	F(I64, virtual_size, "VirtualSize", UNTIL(44))
JSON_STRUCT(api_image_summary, API_IMAGE_SUMMARY)

/* ---- DELETE /images/NAME ---- */

#define API_IMAGE_DELETED(F)                     \
	F(STR, untagged, "Untagged", OMIT_EMPTY) \
	F(STR, deleted, "Deleted", OMIT_EMPTY)
JSON_STRUCT(api_image_deleted, API_IMAGE_DELETED)

#endif
