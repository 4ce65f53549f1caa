/* See listen_tls.h. Everything here runs in the loop's thread. */
#include "engine/daemon/listen_tls.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/server.h"
#include "http/tls.h"

#define PAUSE_MS 500 /* before a helper that died is started again */

struct tls_door {
	struct engine *engine;
	struct tls_setup setup;
	size_t n;
	int fds[LISTENERS_MAX];
	struct tls_helper helper;
	struct loop_source *source, *timer;
};

static int start(struct tls_door *d, struct err *e);

static void start_again(void *arg)
{
	struct tls_door *d = arg;
	struct err e = { 0 };

	d->timer = NULL;
	if (start(d, &e) == 0) {
		log_info("TLS is spoken again, by process %d", (int)d->helper.pid);
		return;
	}
	log_error_of(&e, "TLS cannot be spoken");
	d->timer = loop_timer(d->engine->loop, PAUSE_MS, start_again, d);
}

static void bury(struct tls_door *d)
{
	loop_remove(d->source);
	d->source = NULL;
	fd_close(&d->helper.control);
	fd_close(&d->helper.pidfd);
}

static void on_helper(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
	struct tls_door *d = arg;
	struct err e = { 0 };
	int conn = tls_take(&d->helper, &e);

	if (conn >= 0) {
		http_server_adopt(d->engine->http, conn);
		return;
	}
	log_error_of(&e, "TLS");
	bury(d);
	if (waitpid(d->helper.pid, NULL, 0) < 0)
		log_debug("the tls helper was nobody's child");
	d->timer = loop_timer(d->engine->loop, PAUSE_MS, start_again, d);
}

static int start(struct tls_door *d, struct err *e)
{
	int given = 0;

	if (tls_start(&d->setup, &d->helper, e) < 0)
		return -1;
	d->source = loop_add(d->engine->loop, d->helper.control, EPOLLIN, on_helper, d, e);
	for (size_t i = 0; given == 0 && i < d->n; i++)
		given = tls_give(&d->helper, d->fds[i], e);
	if (d->source && given == 0)
		return 0;
	bury(d);
	return -1;
}

struct tls_door *tls_door_open(struct engine *g, const struct listeners *l, struct err *e)
{
	struct tls_door *d = xalloc(sizeof(*d));

	d->engine = g;
	d->helper = (struct tls_helper){ .control = -1, .pidfd = -1 };
	d->setup = (struct tls_setup){ .verify = g->opt.tlsverify.value,
		                       .ca = g->opt.tlscacert,
		                       .cert = g->opt.tlscert,
		                       .key = g->opt.tlskey };
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].tcp)
			d->fds[d->n++] = l->v[i].fd;
	if (d->n == 0 || start(d, e) == 0)
		return d;
	free(d);
	return NULL;
}

void tls_door_close(struct tls_door *d)
{
	if (!d)
		return;
	loop_remove(d->timer);
	bury(d);
	free(d);
}
