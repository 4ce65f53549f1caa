/* Questions over TCP: each has its length before it (RFC 1035, 4.2.2). See resolver.h. */
#include <stdlib.h>
#include <sys/socket.h>
#include "base/fd.h"
#include "base/mem.h"
#include "proxy/resolver.h"

#define CLIENTS_MAX 100 /* of one sandbox */
#define IDLE_MS     10000

struct client {
	struct resolver *resolver;
	struct client **at, *next; /* in the resolver's list */
	int fd;
	struct loop_source *source, *idle;
	struct buf in;
};

static void client_close(struct client *c)
{
	struct resolver *r = c->resolver;

	ask_forget(r, c);
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	r->nclients--;
	loop_remove(c->idle);
	loop_remove(c->source);
	fd_close(&c->fd);
	buf_free(&c->in);
	free(c);
}

void clients_close(struct resolver *r)
{
	while (r->clients)
		client_close(r->clients);
}

/* One who does not read what he asked for is left to himself: his connection is idle soon. */
void client_answer(struct client *c, struct slice answer)
{
	_cleanup_buf_ struct buf b = { 0 };

	buf_addc(&b, (char)(answer.len >> 8));
	buf_addc(&b, (char)answer.len);
	buf_add(&b, answer.data, answer.len);
	if (send(c->fd, b.data, b.len, MSG_NOSIGNAL) != (ssize_t)b.len)
		shutdown(c->fd, SHUT_RDWR);
}

/* The next whole message; false when there is none yet. */
static bool take_message(struct client *c, struct buf *out)
{
	const uint8_t *p = (const uint8_t *)c->in.data;
	size_t n;

	if (c->in.len < 2)
		return false;
	n = (size_t)p[0] << 8 | p[1];
	if (c->in.len < n + 2)
		return false;
	buf_add(out, c->in.data + 2, n);
	buf_drop(&c->in, n + 2);
	return true;
}

static void on_idle(void *arg)
{
	struct client *c = arg;

	c->idle = NULL;
	client_close(c);
}

static void on_client(void *arg, int fd, unused_arg uint32_t events)
{
	struct client *c = arg;
	char text[4096];
	ssize_t n = recv(fd, text, sizeof(text), 0);

	if (n <= 0) {
		client_close(c);
		return;
	}
	loop_remove(c->idle);
	c->idle = loop_timer(c->resolver->loop, IDLE_MS, on_idle, c);
	buf_add(&c->in, text, (size_t)n);
	for (;;) {
		struct question q = { .resolver = c->resolver, .client = c };
		bool whole = take_message(c, &q.message);

		if (whole)
			resolver_question(&q);
		buf_free(&q.message);
		if (!whole)
			return;
	}
}

void client_accept(struct resolver *r)
{
	_cleanup_close_ int fd = accept4(r->tcp, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;

	if (fd < 0 || r->nclients == CLIENTS_MAX)
		return;
	c = xnew(struct client);
	c->source = loop_add(r->loop, fd, EPOLLIN, on_client, c, NULL);
	if (!c->source) {
		free(c);
		return;
	}
	c->resolver = r;
	c->fd = take_fd(&fd);
	c->idle = loop_timer(r->loop, IDLE_MS, on_idle, c);
	c->at = &r->clients;
	c->next = r->clients;
	if (c->next)
		c->next->at = &c->next;
	r->clients = c;
	r->nclients++;
}
