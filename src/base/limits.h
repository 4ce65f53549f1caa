/*
 * Every limit on something that comes from outside, in one place. A limit is checked before
 * anything is allocated for the thing that it limits.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define KIB (1024UL)
#define MIB (1024UL * KIB)

/* JSON (base/json): bytes of one document, nesting, and members or elements in one container. */
#define LIMIT_JSON_BYTES (16 * MIB)
#define LIMIT_JSON_DEPTH 64
#define LIMIT_JSON_ITEMS 100000

/* Files that are read whole: configuration, state, passwd and group of an image. */
#define LIMIT_CONFIG_FILE (16 * MIB)
#define LIMIT_PASSWD_FILE (10 * MIB)
#define LIMIT_SMALL_FILE  (64 * KIB)

/* HTTP/1.1 (src/http): the request line and headers together, one body held in memory. */
#define LIMIT_HTTP_HEAD    (64 * KIB)
#define LIMIT_HTTP_HEADERS 100
#define LIMIT_HTTP_BODY    (16 * MIB)

/* RPC (src/rpc): one gRPC message, one ttrpc message, metadata pairs. */
#define LIMIT_GRPC_MESSAGE  (16 * MIB)
#define LIMIT_TTRPC_MESSAGE (4 * MIB)
#define LIMIT_RPC_METADATA  64
/* gRPC server: connections, calls on one of them, bytes that wait for one slow reader of events. */
#define LIMIT_GRPC_CONNECTIONS 1000
#define LIMIT_GRPC_STREAMS     1000
#define LIMIT_GRPC_BACKLOG     (4 * MIB)

/* Directories: how deep a tree may nest where it is walked with one descriptor a level. */
#define LIMIT_TREE_DEPTH 500

/* containerd: filters of one call, bytes of one; threads that run handlers. */
#define LIMIT_FILTERS      1000
#define LIMIT_FILTER_BYTES (16 * KIB)
#define LIMIT_WORKERS      128

/* Images: a manifest or an index, an image config, layers in a manifest, files in an archive. */
#define LIMIT_MANIFEST_BYTES  (4 * MIB)
#define LIMIT_IMAGE_CONFIG    (8 * MIB)
#define LIMIT_IMAGE_LAYERS    1000
#define LIMIT_ARCHIVE_MEMBERS 100000

/* Names: a container, network or volume; a label key with its value (containerd's limit). */
#define LIMIT_NAME_BYTES  255
#define LIMIT_LABEL_BYTES 4096

#endif
