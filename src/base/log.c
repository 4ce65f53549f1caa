/* The log of a daemon. See log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/str.h"

static const char *const names[] = { "fatal", "error", "warning", "info", "debug", "trace" };

static int log_fd = STDERR_FILENO;
static enum log_format log_format = LOG_TEXT;
static _Atomic int log_level = LOG_INFO;

void log_setup(int fd, enum log_level level, enum log_format format)
{
	log_fd = fd;
	log_format = format;
	log_level = level;
}

void log_set_level(enum log_level level)
{
	log_level = level;
}

bool log_enabled(enum log_level level)
{
	return (int)level <= log_level;
}

bool log_level_parse(const char *name, enum log_level *out)
{
	if (strcasecmp(name, "warn") == 0)
		name = "warning";
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcasecmp(names[i], name) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/* A quoted string that is valid both for logfmt readers and for JSON. */
static void add_quoted(struct buf *b, const char *s)
{
	buf_addc(b, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c == '\n')
			buf_adds(b, "\\n");
		else if (c < 0x20)
			buf_printf(b, "\\u%04x", c);
		else
			buf_addc(b, (char)c);
	}
	buf_addc(b, '"');
}

static void add_pair(struct buf *b, const char *key, const char *value)
{
	if (log_format == LOG_JSON)
		buf_printf(b, "%s\"%s\":", b->len > 1 ? "," : "", key);
	else
		buf_printf(b, "%s%s=", b->len ? " " : "", key);
	add_quoted(b, value);
}

void log_write(enum log_level level, const struct err *e, const char *fmt, ...)
{
	_cleanup_buf_ struct buf line = { 0 };
	_cleanup_buf_ struct buf msg = { 0 };
	char when[CLOCK_TEXT_SIZE];
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	buf_vprintf(&msg, fmt, ap);
	va_end(ap);
	if (log_format == LOG_JSON)
		buf_addc(&line, '{');
	add_pair(&line, "time", clock_format_fixed(when, clock_now_ns()));
	if (log_format == LOG_JSON)
		add_pair(&line, "level", names[level]);
	else
		buf_printf(&line, " level=%s", names[level]);
	add_pair(&line, "msg", buf_cstr(&msg));
	if (e && e->kind != ERR_NONE)
		add_pair(&line, "error", e->text);
	buf_adds(&line, log_format == LOG_JSON ? "}\n" : "\n");
	if (write(log_fd, line.data, line.len) < 0)
		return; /* nowhere left to say it */
}
