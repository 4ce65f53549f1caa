/* Errors and the one table of their kinds. See err.h. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>

/* gRPC codes: https://grpc.github.io/grpc/core/md_doc_statuscodes.html. HTTP: as Docker maps. */
static const struct {
	int grpc, http;
	const char *name;
} kinds[ERR_KINDS] = {
	[ERR_NONE] = { 0, 200, "ok" },
	[ERR_UNKNOWN] = { 2, 500, "unknown" },
	[ERR_NOT_FOUND] = { 5, 404, "not found" },
	[ERR_ALREADY_EXISTS] = { 6, 409, "already exists" },
	[ERR_INVALID] = { 3, 400, "invalid argument" },
	[ERR_PRECONDITION] = { 9, 409, "failed precondition" },
	[ERR_UNAVAILABLE] = { 14, 503, "unavailable" },
	[ERR_PERMISSION] = { 7, 403, "permission denied" },
	[ERR_UNAUTHORIZED] = { 16, 401, "unauthorized" },
	[ERR_UNIMPLEMENTED] = { 12, 501, "not implemented" },
	[ERR_NOT_MODIFIED] = { 9, 304, "not modified" },
	[ERR_EXHAUSTED] = { 8, 500, "resource exhausted" },
	[ERR_DEADLINE] = { 4, 504, "deadline exceeded" },
	[ERR_CANCELED] = { 1, 499, "canceled" },
	[ERR_ABORTED] = { 10, 409, "aborted" },
	[ERR_OUT_OF_RANGE] = { 11, 400, "out of range" },
	[ERR_DATA_LOSS] = { 15, 500, "data loss" },
	[ERR_INTERNAL] = { 13, 500, "internal" },
};

static const struct {
	int errnum;
	enum err_kind kind;
} errnos[] = {
	{ ENOENT, ERR_NOT_FOUND },       { ESRCH, ERR_NOT_FOUND },
	{ EEXIST, ERR_ALREADY_EXISTS },  { EACCES, ERR_PERMISSION },
	{ EPERM, ERR_PERMISSION },       { EROFS, ERR_PERMISSION },
	{ EINVAL, ERR_INVALID },         { ENAMETOOLONG, ERR_INVALID },
	{ EAGAIN, ERR_UNAVAILABLE },     { ECONNREFUSED, ERR_UNAVAILABLE },
	{ ECONNRESET, ERR_UNAVAILABLE }, { EPIPE, ERR_UNAVAILABLE },
	{ EBUSY, ERR_PRECONDITION },     { ENOTEMPTY, ERR_PRECONDITION },
	{ ENOSPC, ERR_EXHAUSTED },       { EDQUOT, ERR_EXHAUSTED },
	{ EMFILE, ERR_EXHAUSTED },       { ENFILE, ERR_EXHAUSTED },
	{ ENOMEM, ERR_EXHAUSTED },       { ETIMEDOUT, ERR_DEADLINE },
	{ ENOSYS, ERR_UNIMPLEMENTED },   { EOPNOTSUPP, ERR_UNIMPLEMENTED },
	{ ECANCELED, ERR_CANCELED },
};

enum err_kind err_from_errno(int errnum)
{
	for (size_t i = 0; i < ARRAY_LEN(errnos); i++)
		if (errnos[i].errnum == errnum)
			return errnos[i].kind;
	return ERR_UNKNOWN;
}

int err_grpc_code(enum err_kind kind)
{
	return kind < ERR_KINDS ? kinds[kind].grpc : 2;
}

enum err_kind err_from_grpc(int code)
{
	for (int k = 0; k < ERR_KINDS; k++)
		if (kinds[k].grpc == code)
			return k;
	return ERR_UNKNOWN;
}

int err_http_status(enum err_kind kind)
{
	return kind < ERR_KINDS ? kinds[kind].http : 500;
}

enum err_kind err_from_http(int status)
{
	for (int k = ERR_NOT_FOUND; k < ERR_KINDS; k++)
		if (kinds[k].http == status)
			return k;
	return ERR_UNKNOWN;
}

const char *err_kind_name(enum err_kind kind)
{
	return kind < ERR_KINDS ? kinds[kind].name : "unknown";
}

/* Puts `words` and ": " before the text; when both do not fit, the words lose their tail. */
static void prepend(struct err *e, const char *words)
{
	size_t have = strlen(e->text), want = strlen(words);
	size_t room = sizeof(e->text) - 1;
	size_t keep_words;

	if (have + 2 >= room)
		return;
	keep_words = MIN(want, room - have - 2);
	memmove(e->text + keep_words + 2, e->text, have + 1);
	memcpy(e->text, words, keep_words);
	memcpy(e->text + keep_words, ": ", 2);
}

int(err_set)(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	e->kind = kind;
	e->errnum = 0;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

int(err_errno)(struct err *e, int errnum, const char *fmt, ...)
{
	char words[sizeof(e->text)];
	va_list ap;

	if (!e)
		return -1;
	e->kind = err_from_errno(errnum);
	e->errnum = errnum;
	if (strerror_r(errnum, e->text, sizeof(e->text)) != e->text)
		snprintf(e->text, sizeof(e->text), "%s",
		         strerrordesc_np(errnum) ?: "unknown error");
	/* As Go and every Docker message writes it: the cause starts in lower case. */
	if (e->text[0] >= 'A' && e->text[0] <= 'Z' && !(e->text[1] >= 'A' && e->text[1] <= 'Z'))
		e->text[0] += 'a' - 'A';
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	prepend(e, words);
	return -1;
}

int(err_wrap)(struct err *e, const char *fmt, ...)
{
	char words[sizeof(e->text)];
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	prepend(e, words);
	return -1;
}

int(err_kind_set)(struct err *e, enum err_kind kind)
{
	if (e)
		e->kind = kind;
	return -1;
}

void err_clear(struct err *e)
{
	if (e)
		*e = (struct err){ 0 };
}
