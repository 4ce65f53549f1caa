/*
 * Questions that are asked outside: of up to three servers, one after the other, from the sandbox's
 * network (or, for servers on the host's loopback, from the host's), over what the question came
 * over. Each question has a socket of its own, so its port is as hard to guess as its id.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "base/fd.h"
#include "base/mem.h"
#include "proxy/resolver.h"

#define SERVERS_MAX 3
#define PATIENCE_MS 4000 /* with each of them */
#define ASKS_MAX    1024 /* of one sandbox at a time */

struct server {
	struct sockaddr_in at;
	bool of_host;
};

struct ask {
	struct question q;
	struct ask **at, *next; /* in the resolver's list */
	struct server servers[SERVERS_MAX];
	unsigned nservers, tried;
	int fd;
	struct loop_source *source, *patience;
	struct buf in; /* over TCP: what has come so far */
};

static void hang_up(struct ask *a)
{
	loop_remove(a->patience);
	loop_remove(a->source);
	a->patience = a->source = NULL;
	fd_close(&a->fd);
	buf_reset(&a->in);
}

static void ask_free(struct ask *a)
{
	hang_up(a);
	*a->at = a->next;
	if (a->next)
		a->next->at = a->at;
	a->q.resolver->nasks--;
	buf_free(&a->in);
	buf_free(&a->q.message);
	free(a);
}

void ask_forget(struct resolver *r, const struct client *c)
{
	struct ask *next;

	for (struct ask *a = r->asks; a; a = next) {
		next = a->next;
		if (!c || a->q.client == c)
			ask_free(a);
	}
}

/* ---- one server ---- */

static void ask_next(struct ask *a);

static void on_patience(void *arg)
{
	struct ask *a = arg;

	a->patience = NULL;
	ask_next(a);
}

/* One that cannot say is as good as one that does not; the last one's word counts. */
static void take_answer(struct ask *a, struct slice answer)
{
	enum dns_rcode rcode = dns_rcode_of(answer);
	bool helpless = rcode == DNS_SERVFAIL || rcode == DNS_REFUSED;

	if (helpless && a->tried < a->nservers) {
		ask_next(a);
		return;
	}
	resolver_answer(&a->q, answer);
	ask_free(a);
}

static bool is_answer(const struct ask *a, struct slice answer)
{
	return dns_is_answer_to(answer, (struct slice){ a->q.message.data, a->q.message.len },
	                        &a->q.q);
}

static void on_datagram(void *arg, int fd, unused_arg uint32_t events)
{
	static char text[DNS_MESSAGE];
	struct ask *a = arg;
	ssize_t n = recv(fd, text, sizeof(text), 0);
	struct slice answer = { text, n > 0 ? (size_t)n : 0 };

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		ask_next(a);
	else if (is_answer(a, answer))
		take_answer(a, answer);
}

/* The length, then the answer. */
static void on_bytes(void *arg, int fd, unused_arg uint32_t events)
{
	struct ask *a = arg;
	char text[4096];
	ssize_t n = recv(fd, text, sizeof(text), 0);
	struct slice answer;

	if (n <= 0) {
		ask_next(a);
		return;
	}
	buf_add(&a->in, text, (size_t)n);
	if (a->in.len < 2)
		return;
	answer.data = a->in.data + 2;
	answer.len = (size_t)(uint8_t)a->in.data[0] << 8 | (uint8_t)a->in.data[1];
	if (a->in.len - 2 < answer.len)
		return;
	if (is_answer(a, answer))
		take_answer(a, answer);
	else
		ask_next(a);
}

/* Connected, or not: then sending says so. */
static void on_connected(void *arg, int fd, unused_arg uint32_t events)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct ask *a = arg;
	size_t n = a->q.message.len;

	buf_addc(&b, (char)(n >> 8));
	buf_addc(&b, (char)n);
	buf_add(&b, a->q.message.data, n);
	loop_remove(a->source);
	a->source = NULL;
	if (send(fd, b.data, b.len, MSG_NOSIGNAL) != (ssize_t)b.len ||
	    !(a->source = loop_add(a->q.resolver->loop, fd, EPOLLIN, on_bytes, a, NULL)))
		ask_next(a);
}

static bool call_server(struct ask *a, const struct server *s)
{
	struct resolver *r = a->q.resolver;
	bool tcp = a->q.client;
	int type = tcp ? SOCK_STREAM : SOCK_DGRAM;

	a->fd = sandbox_socket(r->home, s->of_host ? -1 : r->netns, type, NULL);
	if (a->fd < 0 || (connect(a->fd, (const struct sockaddr *)&s->at, sizeof(s->at)) < 0 &&
	                  errno != EINPROGRESS))
		return false;
	if (!tcp && send(a->fd, a->q.message.data, a->q.message.len, 0) < 0)
		return false;
	a->source = loop_add(r->loop, a->fd, tcp ? EPOLLOUT : EPOLLIN,
	                     tcp ? on_connected : on_datagram, a, NULL);
	a->patience = loop_timer(r->loop, PATIENCE_MS, on_patience, a);
	return a->source;
}

static void ask_next(struct ask *a)
{
	hang_up(a);
	while (a->tried < a->nservers) {
		if (call_server(a, &a->servers[a->tried++]))
			return;
		hang_up(a);
	}
	resolver_fail(&a->q, DNS_SERVFAIL);
	ask_free(a);
}

/* ---- all of them ---- */

static void take_servers(struct ask *a)
{
	const struct name_resolver *info = &a->q.resolver->info;

	for (size_t i = 0; i < info->servers.n && a->nservers < SERVERS_MAX; i++) {
		struct server *s = &a->servers[a->nservers];

		*s = (struct server){ .at = { .sin_family = AF_INET, .sin_port = htons(DNS_PORT) },
			              .of_host = info->servers.v[i].of_host };
		if (inet_pton(AF_INET, info->servers.v[i].address, &s->at.sin_addr) == 1)
			a->nservers++;
	}
}

void ask_outside(const struct question *q)
{
	struct resolver *r = q->resolver;
	struct ask *a;

	if (r->nasks == ASKS_MAX) {
		resolver_fail(q, DNS_REFUSED);
		return;
	}
	a = xnew(struct ask);
	a->q = *q;
	a->q.message = (struct buf){ 0 };
	buf_add(&a->q.message, q->message.data, q->message.len);
	a->fd = -1;
	a->at = &r->asks;
	a->next = r->asks;
	if (a->next)
		a->next->at = &a->next;
	r->asks = a;
	r->nasks++;
	take_servers(a);
	ask_next(a);
}
