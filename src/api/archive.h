/*
 * Files of a container: GET /containers/ID/changes, and the header X-Docker-Container-Path-Stat
 * (base64 of JSON) of HEAD and GET /containers/ID/archive. Docker Engine API 1.24 to 1.51.
 */
#ifndef API_ARCHIVE_H
#define API_ARCHIVE_H

#include "base/json.h"

enum api_change_kind { API_CHANGE_MODIFIED, API_CHANGE_ADDED, API_CHANGE_DELETED };

#define API_CHANGE(F)           \
	F(STR, path, "Path", 0) \
	F(I64, kind, "Kind", 0)
JSON_STRUCT(api_change, API_CHANGE)

#define API_PATH_STAT(F)                                                \
	F(STR, name, "name", 0)                                         \
	F(I64, size, "size", 0)                                         \
	F(U64, mode, "mode", 0) /* Go's os.FileMode: see api_go_mode */ \
	F(TIME, mtime, "mtime", 0)                                      \
	F(STR, link_target, "linkTarget", 0)
JSON_STRUCT(api_path_stat, API_PATH_STAT)

/* Bits of Go's os.FileMode besides the permissions. */
#define GO_MODE_DIR         (1ULL << 31)
#define GO_MODE_SYMLINK     (1ULL << 27)
#define GO_MODE_DEVICE      (1ULL << 26)
#define GO_MODE_PIPE        (1ULL << 25)
#define GO_MODE_SOCKET      (1ULL << 24)
#define GO_MODE_SETUID      (1ULL << 23)
#define GO_MODE_SETGID      (1ULL << 22)
#define GO_MODE_CHAR_DEVICE (1ULL << 21)
#define GO_MODE_STICKY      (1ULL << 20)

/* The same of a st_mode. */
uint64_t api_go_mode(unsigned mode);

#endif
