/*
 * fetch: speaks to one repository of one registry for the engine. image/fetch.h has the protocol.
 *
 * The main thread takes sessions from standard input and gives each a thread (session.c); when the
 * engine closes that socket, or dies, the process ends with all of them. It has no capabilities, runs
 * nothing and mounts nothing (helpers/sandbox.c). Proxies are those of the environment.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/fd.h"
#include "helpers/fetch/fetch_state.h"
#include "helpers/sandbox.h"

#define STACK_SIZE (256 * 1024)

char *fetch_authorization(struct fetch *f, struct arena *a)
{
	char *copy;

	pthread_mutex_lock(&f->lock);
	copy = arena_strdup(a, f->authorization);
	pthread_mutex_unlock(&f->lock);
	return copy;
}

void fetch_set_authorization(struct fetch *f, const char *value)
{
	pthread_mutex_lock(&f->lock);
	free(f->authorization);
	f->authorization = value ? strdup(value) : NULL;
	pthread_mutex_unlock(&f->lock);
}

size_t fetch_endpoint_index(struct fetch *f)
{
	size_t i;

	pthread_mutex_lock(&f->lock);
	i = f->endpoint;
	pthread_mutex_unlock(&f->lock);
	return i;
}

void fetch_move_on(struct fetch *f, size_t endpoint)
{
	pthread_mutex_lock(&f->lock);
	if (endpoint > f->endpoint) {
		f->endpoint = endpoint;
		free(f->authorization);
		f->authorization = NULL;
	}
	pthread_mutex_unlock(&f->lock);
}

/* Go's programs read HTTP_PROXY too; libcurl, which may run as a CGI script, does not. */
static void honour_proxy(void)
{
	const char *proxy = getenv("HTTP_PROXY");

	if (proxy)
		setenv("http_proxy", proxy, 0);
}

static int start_session(struct fetch *f, int sock, struct err *e)
{
	struct session_start *start = malloc(sizeof(*start));
	pthread_attr_t attr;
	pthread_t thread;
	int code;

	if (!start)
		abort();
	*start = (struct session_start){ f, sock };
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	code = pthread_create(&thread, &attr, session_main, start);
	pthread_attr_destroy(&attr);
	if (code == 0)
		return 0;
	free(start);
	close(sock);
	return err_errno(e, code, "start thread");
}

static int take_sessions(struct fetch *f, struct err *e)
{
	char byte;

	for (;;) {
		size_t n = 0;
		int sock;
		ssize_t got = fd_recv(STDIN_FILENO, &byte, 1, &sock, 1, &n, e);

		if (got <= 0)
			return (int)got;
		if (n == 1 && start_session(f, sock, e) < 0)
			return -1;
	}
}

static int run(struct fetch *f, struct err *e)
{
	int got;

	honour_proxy();
	if (sandbox_enter(&(struct sandbox){ .root = -1, .network = true }, e) < 0)
		return -1;
	got = fetch_recv(STDIN_FILENO, &f->arena, &fetch_setup_type, &f->setup, NULL, e);
	if (got <= 0)
		return got;
	if (f->setup.endpoints.n == 0)
		return err_set(e, ERR_INVALID, "setup without endpoint");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ERR_INTERNAL, "libcurl does not start");
	return take_sessions(f, e);
}

int main(void)
{
	static struct fetch f = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct err e = { 0 };

	signal(SIGPIPE, SIG_IGN);
	if (run(&f, &e) == 0)
		_exit(0); /* sessions may still run: nobody waits for them */
	fprintf(stderr, "fetch: %s\n", e.text);
	_exit(1);
}
