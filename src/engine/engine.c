/* Small things of struct engine. See engine.h. */
#include "engine/engine.h"

#include <pthread.h>
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"

#define STACK_BYTES (128 * 1024)

void engine_setup_log(struct engine *g)
{
	enum log_level level = LOG_INFO;

	log_level_parse(g->opt.log_level, &level); /* checked by options_load */
	log_setup(STDERR_FILENO, engine_live(g)->debug ? LOG_DEBUG : level,
	          str_eq(g->opt.log_format, "json") ? LOG_JSON : LOG_TEXT);
}

static char *path_below(struct arena *a, const char *root, const char *fmt, va_list ap)
{
	return arena_printf(a, "%s/%s", root, arena_vprintf(a, fmt, ap));
}

char *engine_data_path(struct engine *g, struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *path;

	va_start(ap, fmt);
	path = path_below(a, g->opt.data_root, fmt, ap);
	va_end(ap);
	return path;
}

char *engine_exec_path(struct engine *g, struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *path;

	va_start(ap, fmt);
	path = path_below(a, g->opt.exec_root, fmt, ap);
	va_end(ap);
	return path;
}

const char *engine_program(struct arena *a, const char *name)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *found = proc_find(a, name), *path;

	if (found || n < 0)
		return found ? found : name;
	self[n] = '\0';
	path = arena_printf(a, "%.*s/%s", (int)(strrchr(self, '/') - self), self, name);
	return path_exists(path) ? path : name;
}

void engine_thread(void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, fn, arg) != 0) {
		log_fatal("no more threads can be started");
		abort();
	}
	pthread_attr_destroy(&attr);
}
