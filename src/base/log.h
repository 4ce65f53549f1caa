/*
 * The daemons' log: one line an event on stderr, as containerd and dockerd write theirs
 * (time="..." level=info msg="..." error="..."), or as JSON. Libraries never log: they return
 * errors. Thread-safe: a line is one write(2).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include "base/err.h"

enum log_level { LOG_FATAL, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };
enum log_format { LOG_TEXT, LOG_JSON };

void log_setup(int fd, enum log_level level, enum log_format format);
void log_set_level(enum log_level level);
bool log_level_parse(const char *name, enum log_level *out); /* "warn" and "warning", ... */
bool log_enabled(enum log_level level);

void log_write(enum log_level level, const struct err *e, const char *fmt, ...) printf_like(3, 4);

#define log_fatal(...) log_write(LOG_FATAL, NULL, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, NULL, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, NULL, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, NULL, __VA_ARGS__)
#define log_debug(...)                                           \
	do {                                                     \
		if (log_enabled(LOG_DEBUG))                      \
			log_write(LOG_DEBUG, NULL, __VA_ARGS__); \
	} while (0)

/* A line with error="..." from *e. */
#define log_error_of(e, ...) log_write(LOG_ERROR, (e), __VA_ARGS__)
#define log_warn_of(e, ...)  log_write(LOG_WARN, (e), __VA_ARGS__)

#endif
