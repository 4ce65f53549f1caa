/* The name server of one sandbox: datagrams, and what becomes of a question. See resolver.h. */
#include "proxy/resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "base/fd.h"
#include "base/mem.h"

#define BATCH 32 /* datagrams in one go, so that others get their turn */

/* ---- answers ---- */

void resolver_answer(const struct question *q, struct slice answer)
{
	if (q->client)
		client_answer(q->client, answer);
	else /* one that does not get through is asked for again */
		(void)!sendto(q->resolver->udp, answer.data, answer.len, 0,
		              (const struct sockaddr *)&q->from, sizeof(q->from));
}

void resolver_fail(const struct question *q, enum dns_rcode rcode)
{
	_cleanup_buf_ struct buf b = { 0 };

	dns_answer_begin(&b, (struct slice){ q->message.data, q->message.len }, &q->q, rcode);
	resolver_answer(q, (struct slice){ b.data, b.len });
}

void resolver_question(struct question *q)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct slice message = { q->message.data, q->message.len };
	const struct resolver *r = q->resolver;
	int rcode = dns_read_query(message, &q->q);

	if (rcode < 0)
		return;
	if (rcode != DNS_OK) {
		resolver_fail(q, (enum dns_rcode)rcode);
	} else if (names_answer(r->names, &r->info, message, &q->q, &b)) {
		dns_answer_cut(&b, &q->q, q->client ? DNS_MESSAGE : q->q.udp_size);
		resolver_answer(q, (struct slice){ b.data, b.len });
	} else if (r->info.internal) {
		resolver_fail(q, DNS_SERVFAIL); /* nothing leaves an internal network */
	} else {
		ask_outside(q);
	}
}

static bool receive_one(struct resolver *r)
{
	struct question q = { .resolver = r };
	socklen_t len = sizeof(q.from);
	char text[4096];
	ssize_t n = recvfrom(r->udp, text, sizeof(text), 0, (struct sockaddr *)&q.from, &len);

	if (n < 0)
		return false;
	buf_add(&q.message, text, (size_t)n);
	resolver_question(&q);
	buf_free(&q.message);
	return true;
}

static void on_datagram(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
	for (int i = 0; i < BATCH && receive_one(arg); i++)
		;
}

static void on_connection(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
	client_accept(arg);
}

/* ---- its life ---- */

void resolver_update(struct resolver *r, const struct name_resolver *info)
{
	struct arena old = r->arena;

	r->arena = (struct arena){ 0 };
	r->info = *(struct name_resolver *)json_copy(&r->arena, &name_resolver_type, info);
	arena_free(&old);
}

static int open_sockets(struct resolver *r, struct err *e)
{
	r->netns = open(r->info.netns, O_RDONLY | O_CLOEXEC);
	if (r->netns < 0)
		return err_errno(e, errno, "open network namespace %s", r->info.netns);
	if (sandbox_listen(r->home, r->netns, &r->udp, &r->tcp, e) < 0)
		return -1;
	r->udp_source = loop_add(r->loop, r->udp, EPOLLIN, on_datagram, r, e);
	if (!r->udp_source)
		return -1;
	r->tcp_source = loop_add(r->loop, r->tcp, EPOLLIN, on_connection, r, e);
	return r->tcp_source ? 0 : -1;
}

struct resolver *resolver_open(struct loop *l, const struct names *names, int home, const char *id,
                               const struct name_resolver *info, struct err *e)
{
	struct resolver *r = xnew(struct resolver);

	r->loop = l;
	r->names = names;
	r->home = home;
	r->id = xstrdup(id);
	r->netns = r->udp = r->tcp = -1;
	resolver_update(r, info);
	if (open_sockets(r, e) == 0)
		return r;
	resolver_free(r);
	return NULL;
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	ask_forget(r, NULL);
	clients_close(r);
	loop_remove(r->udp_source);
	loop_remove(r->tcp_source);
	fd_close(&r->udp);
	fd_close(&r->tcp);
	fd_close(&r->netns);
	arena_free(&r->arena);
	free(r->id);
	free(r);
}
