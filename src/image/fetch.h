/*
 * How the engine and its `fetch` helper talk. The helper is a child that speaks HTTP to one
 * repository of one registry; its standard input is a SOCK_SEQPACKET socket.
 *
 * The first message there is a fetch_setup. Each later one is a single byte with a descriptor: the
 * end of another such socket, a session. In a session the engine sends a fetch_request with a
 * descriptor that takes the bytes; the helper sends any number of fetch_notice that have `retry_in`,
 * and a last one, which has not, when it has closed the descriptor. When something is pushed, the
 * descriptor gives the bytes. A session does one thing at a
 * time; several run side by side. When the first socket is closed, the helper ends.
 *
 * All messages are JSON. The helper checks lengths, not digests: whoever stores the bytes does that.
 */
#ifndef IMAGE_FETCH_H
#define IMAGE_FETCH_H

#include "base/json.h"

/* A place where the registry may answer: they are tried in order, the first that does is used. */
#define FETCH_ENDPOINT(F)                                                             \
	F(STR, url, "url", 0)            /* "https://host:port", nothing behind it */ \
	F(BOOL, insecure, "insecure", 0) /* certificates are not checked */           \
	F(BOOL, mirror, "mirror", 0)     /* credentials are not for it, and it may lack the image */
JSON_STRUCT(fetch_endpoint, FETCH_ENDPOINT)

#define FETCH_SETUP(F)                                                                      \
	F(OBJS, endpoints, "endpoints", 0, fetch_endpoint)                                  \
	F(STR, repository, "repository", 0)      /* "library/busybox" */                    \
	F(STR, certs, "certs", OMIT_EMPTY)       /* folder: *.crt, and *.cert with *.key */ \
	F(I64, attempts, "attempts", OMIT_EMPTY) /* of one request; 0: five */              \
	F(STR, user_agent, "userAgent", OMIT_EMPTY)                                         \
	F(BOOL, push, "push", OMIT_EMPTY) /* ask for the right to write */                  \
	F(STR, username, "username", OMIT_EMPTY)                                            \
	F(STR, password, "password", OMIT_EMPTY)                                            \
	F(STR, identity_token, "identityToken", OMIT_EMPTY) /* buys access tokens */        \
	F(STR, registry_token, "registryToken", OMIT_EMPTY) /* is an access token */
JSON_STRUCT(fetch_setup, FETCH_SETUP)

#define FETCH_MANIFEST "manifest"
#define FETCH_BLOB     "blob"
#define FETCH_HAS      "has"    /* a blob: ERR_NOT_FOUND when it is not there */
#define FETCH_UPLOAD   "upload" /* a blob from a pipe */
#define FETCH_TAG      "tag"    /* a manifest from a file */
#define FETCH_LOGIN    "login"  /* are the setup's credentials good? */

#define FETCH_REQUEST(F)                                                                        \
	F(STR, what, "what", 0)                                                                 \
	F(STR, reference, "reference", 0)           /* manifest: tag or digest; blob: digest */ \
	F(I64, offset, "offset", 0)                 /* blob: where to begin */                  \
	F(I64, size, "size", 0)                     /* blob: of the whole */                    \
	F(STRS, urls, "urls", OMIT_EMPTY)           /* blob: where else it may be */            \
	F(STR, from, "from", OMIT_EMPTY)            /* upload: a repository that may have it */ \
	F(STR, media_type, "mediaType", OMIT_EMPTY) /* tag */
JSON_STRUCT(fetch_request, FETCH_REQUEST)

#define FETCH_NOTICE(F)                                         \
	F(I64, retry_in, "retryIn", OMIT_EMPTY) /* seconds */   \
	F(STR, error, "error", OMIT_EMPTY)                      \
	F(STR, kind, "kind", OMIT_EMPTY) /* an err_kind_name */ \
	F(STR, media_type, "mediaType", OMIT_EMPTY)             \
	F(STR, digest, "digest", OMIT_EMPTY) /* as the registry says */
JSON_STRUCT(fetch_notice, FETCH_NOTICE)

#define FETCH_MESSAGE_MAX (64 * 1024)

/* One message, with a descriptor or -1 (borrowed). */
int fetch_send(int sock, const struct json_table *t, const void *message, int fd, struct err *e)
        must_check;
/* 1, or 0 when the other side is gone. *fd is the caller's, -1 when none came; NULL: none may come. */
int fetch_recv(int sock, struct arena *a, const struct json_table *t, void *message, int *fd,
               struct err *e) must_check;

#endif
