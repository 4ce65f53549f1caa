/*
 * Errors: a fixed-size value on the caller's stack.
 *
 * A function that can fail returns int (0 or a useful non-negative value, -1 on failure) and takes
 * `struct err *` last. The place that knows most fills it, callers wrap it on the way up, so that
 * the text reads like a sentence: "create container web: mount /data: permission denied".
 * The text is cut from its outermost words when it does not fit, never from the cause.
 *
 * The kinds are containerd's. One table (err.c) gives each its gRPC code and HTTP status.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/macros.h"

enum err_kind {
	ERR_NONE,
	ERR_UNKNOWN,
	ERR_NOT_FOUND,
	ERR_ALREADY_EXISTS,
	ERR_INVALID,       /* the caller's argument is wrong */
	ERR_PRECONDITION,  /* the object is not in a state that allows this (conflict) */
	ERR_UNAVAILABLE,   /* try again later, or the other side is not there */
	ERR_PERMISSION,    /* not allowed */
	ERR_UNAUTHORIZED,  /* who are you? */
	ERR_UNIMPLEMENTED, /* not there yet, or the asked version lacks it */
	ERR_NOT_MODIFIED,  /* already in the asked state */
	ERR_EXHAUSTED,     /* a limit or a resource ran out */
	ERR_DEADLINE,      /* too late */
	ERR_CANCELED,
	ERR_ABORTED,
	ERR_OUT_OF_RANGE,
	ERR_DATA_LOSS, /* stored bytes are not what they should be */
	ERR_INTERNAL,
	ERR_KINDS
};

struct err {
	enum err_kind kind;
	int errnum; /* errno of the failed call, or 0 */
	char text[400];
};

/* Fill *e and return -1. `e` may be NULL where the caller does not care. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...) printf_like(3, 4);

/* The same from an errno value: the kind follows from it, ": <strerror>" is appended. */
int err_errno(struct err *e, int errnum, const char *fmt, ...) printf_like(3, 4);

/* Puts "<words>: " before what is there. Returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) printf_like(2, 3);

/* Replaces the kind where the caller knows better what the failure means. Returns -1. */
int err_kind_set(struct err *e, enum err_kind kind);

/* Said at the call, so that compilers and analyzers know what a caller's "< 0" will find. */
static inline int err_failed(void)
{
	return -1;
}
#define err_set(...)      (err_set(__VA_ARGS__), err_failed())
#define err_errno(...)    (err_errno(__VA_ARGS__), err_failed())
#define err_wrap(...)     (err_wrap(__VA_ARGS__), err_failed())
#define err_kind_set(...) (err_kind_set(__VA_ARGS__), err_failed())

void err_clear(struct err *e);

/* One table: kind <-> gRPC status code, kind -> HTTP status, kind -> its name, errno -> kind. */
int err_grpc_code(enum err_kind kind);
enum err_kind err_from_grpc(int code);
int err_http_status(enum err_kind kind);
enum err_kind err_from_http(int status);
const char *err_kind_name(enum err_kind kind);
enum err_kind err_from_errno(int errnum);

#endif
