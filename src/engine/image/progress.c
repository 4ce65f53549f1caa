/* A progress stream. See progress.h. */
#include "engine/image/progress.h"

#include <stdarg.h>
#include "engine/routes/image.h"

JSON_TYPE(api_progress_detail, API_PROGRESS_DETAIL)
JSON_TYPE(api_progress_error, API_PROGRESS_ERROR)
JSON_TYPE(api_progress, API_PROGRESS)

void progress_init(struct progress *p, struct api_call *c)
{
	*p = (struct progress){ .call = c };
	pthread_mutex_init(&p->lock, NULL);
}

static int send_line(struct progress *p, struct slice line, struct err *e)
{
	if (!p->started && http_reply_begin(p->call->reply, 200, "application/json", e) < 0)
		return -1;
	p->started = true;
	return http_reply_write(p->call->reply, line.data, line.len, e);
}

static void report(struct progress *p, const struct api_progress *line)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct err gone;

	json_encode(&b, &api_progress_type, line);
	buf_adds(&b, "\r\n");
	pthread_mutex_lock(&p->lock);
	if (!atomic_load(&p->gone) && send_line(p, (struct slice){ b.data, b.len }, &gone) < 0)
		atomic_store(&p->gone, true);
	pthread_mutex_unlock(&p->lock);
}

void progress_say(struct progress *p, const char *id, const char *fmt, ...)
{
	_cleanup_buf_ struct buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	report(p, &(struct api_progress){ .status = buf_cstr(&b), .id = id });
}

void progress_stream(struct progress *p, const char *fmt, ...)
{
	_cleanup_buf_ struct buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	report(p, &(struct api_progress){ .stream = buf_cstr(&b) });
}

void progress_aux(struct progress *p, const char *json)
{
	struct api_progress_detail none = { 0 };

	report(p, &(struct api_progress){ .detail = &none, .aux = slice_of(json) });
}

void progress_step(struct progress *p, const char *id, const char *status, int64_t current,
                   int64_t total)
{
	struct api_progress_detail detail = { 0 };

	if (total > 0)
		detail = (struct api_progress_detail){ current, total };
	report(p, &(struct api_progress){ .status = status, .id = id, .detail = &detail });
}

bool progress_is_gone(struct progress *p)
{
	return atomic_load(&p->gone) || http_peer_gone(p->call->reply->conn);
}

int progress_end(struct progress *p, int r, struct err *e)
{
	struct api_progress_error error = { e->text };
	struct err gone;

	if (r < 0 && p->started)
		report(p, &(struct api_progress){ .error = e->text, .error_detail = &error });
	pthread_mutex_destroy(&p->lock);
	if (!p->started)
		return r;
	(void)!http_reply_end(p->call->reply, &gone);
	return 0;
}
