/*
 * UDP forwarding. Each client address has a session: a socket connected to the container, whose
 * answers go back from the address that the client had sent to. A session ends after silence.
 */
#include "proxy/forward.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"

#define IDLE_MS      90000 /* as Docker's proxy */
#define SWEEP_MS     10000
#define DATAGRAM     65536
#define MAX_SESSIONS 4096
#define BUCKETS      256
#define BATCH        64 /* datagrams in a row before others have their turn */

struct session {
	struct udp_forward *owner;
	struct port_address client;
	/* The host's address that the client had sent to. */
	union {
		struct in_pktinfo v4;
		struct in6_pktinfo v6;
	} via;
	int fd;
	struct loop_source *source;
	int64_t last_ms;
	struct session *next; /* in its bucket */
};

struct udp_forward {
	struct loop *loop;
	int fd;
	struct loop_source *source, *sweeper;
	struct port_address to;
	unsigned count;
	struct session *buckets[BUCKETS];
};

static char datagram[DATAGRAM]; /* one thread, one datagram at a time */

static bool same_address(const struct port_address *a, const struct port_address *b)
{
	return a->len == b->len && memcmp(&a->sa, &b->sa, a->len) == 0;
}

static struct session **bucket_of(struct udp_forward *f, const struct port_address *client)
{
	const unsigned char *p = (const unsigned char *)&client->sa;
	unsigned h = 0;

	for (socklen_t i = 0; i < client->len; i++)
		h = h * 31 + p[i];
	return &f->buckets[h % BUCKETS];
}

static void session_free(struct session **at)
{
	struct session *s = *at;

	*at = s->next;
	s->owner->count--;
	loop_remove(s->source);
	fd_close(&s->fd);
	free(s);
}

/* Sends an answer to the client, from the address that it knows. */
static void answer(struct session *s, size_t n)
{
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo))] = { 0 };
	struct iovec iov = { datagram, n };
	struct msghdr m = { .msg_name = &s->client.sa,
		            .msg_namelen = s->client.len,
		            .msg_iov = &iov,
		            .msg_iovlen = 1,
		            .msg_control = control };
	struct cmsghdr *c = (struct cmsghdr *)control;
	bool v4 = s->client.sa.ss_family == AF_INET;
	size_t size = v4 ? sizeof(s->via.v4) : sizeof(s->via.v6);

	c->cmsg_level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
	c->cmsg_type = v4 ? IP_PKTINFO : IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), &s->via, size);
	m.msg_controllen = CMSG_SPACE(size);
	(void)!sendmsg(s->owner->fd, &m, MSG_NOSIGNAL); /* UDP may lose it */
}

static void on_answer(void *arg, int fd, unused_arg uint32_t events)
{
	struct session *s = arg;

	for (int i = 0; i < BATCH; i++) {
		ssize_t n = recv(fd, datagram, sizeof(datagram), 0);

		/* A refused datagram comes back as an error, which is the container's affair. */
		if (n < 0 && errno != ECONNREFUSED)
			return;
		if (n < 0)
			continue;
		s->last_ms = clock_mono_ms();
		answer(s, (size_t)n);
	}
}

static struct session *session_new(struct udp_forward *f, const struct port_address *client)
{
	struct session *s, **bucket = bucket_of(f, client);
	_cleanup_close_ int fd = -1;

	if (f->count >= MAX_SESSIONS)
		return NULL;
	fd = socket(f->to.sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&f->to.sa, f->to.len) < 0)
		return NULL;
	s = xalloc(sizeof(*s));
	s->owner = f;
	s->client = *client;
	s->source = loop_add(f->loop, fd, EPOLLIN, on_answer, s, NULL);
	if (!s->source) {
		free(s);
		return NULL;
	}
	s->fd = take_fd(&fd);
	s->next = *bucket;
	*bucket = s;
	f->count++;
	return s;
}

static struct session *session_find(struct udp_forward *f, const struct port_address *client)
{
	for (struct session *s = *bucket_of(f, client); s; s = s->next)
		if (same_address(&s->client, client))
			return s;
	return session_new(f, client);
}

/* The address that the datagram was sent to; interface indexes would pin the route, so not those. */
static void remember_via(struct session *s, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&s->via.v4, CMSG_DATA(c), sizeof(s->via.v4));
			s->via.v4.ipi_spec_dst = s->via.v4.ipi_addr;
			s->via.v4.ipi_ifindex = 0;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&s->via.v6, CMSG_DATA(c), sizeof(s->via.v6));
			if (!IN6_IS_ADDR_LINKLOCAL(&s->via.v6.ipi6_addr))
				s->via.v6.ipi6_ifindex = 0;
		}
	}
}

static bool receive_one(struct udp_forward *f)
{
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo)) + 64];
	struct port_address client = { .len = sizeof(client.sa) };
	struct iovec iov = { datagram, sizeof(datagram) };
	struct msghdr m = { .msg_name = &client.sa,
		            .msg_namelen = sizeof(client.sa),
		            .msg_iov = &iov,
		            .msg_iovlen = 1,
		            .msg_control = control,
		            .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(f->fd, &m, 0);
	struct session *s;

	if (n < 0)
		return errno == EINTR || errno == ECONNREFUSED;
	client.len = m.msg_namelen;
	s = session_find(f, &client);
	if (!s)
		return true;
	remember_via(s, &m);
	s->last_ms = clock_mono_ms();
	(void)!send(s->fd, datagram, (size_t)n, MSG_NOSIGNAL);
	return true;
}

static void on_datagram(void *arg, unused_arg int fd, unused_arg uint32_t events)
{
	for (int i = 0; i < BATCH && receive_one(arg); i++)
		;
}

static void sweep(void *arg)
{
	struct udp_forward *f = arg;
	int64_t oldest = clock_mono_ms() - IDLE_MS;

	for (int i = 0; i < BUCKETS; i++)
		for (struct session **at = &f->buckets[i]; *at;)
			if ((*at)->last_ms < oldest)
				session_free(at);
			else
				at = &(*at)->next;
	f->sweeper = loop_timer(f->loop, SWEEP_MS, sweep, f);
}

static int want_pktinfo(int fd, int family, struct err *e)
{
	int one = 1;
	int r = family == AF_INET
	                ? setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one))
	                : setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));

	return r < 0 ? err_errno(e, errno, "set IP_PKTINFO") : 0;
}

struct udp_forward *udp_forward_open(struct loop *l, int fd, const struct port_address *to,
                                     struct err *e)
{
	struct udp_forward *f = xalloc(sizeof(*f));
	struct sockaddr_storage own = { 0 };
	socklen_t len = sizeof(own);

	f->loop = l;
	f->fd = fd;
	f->to = *to;
	getsockname(fd, (struct sockaddr *)&own, &len);
	if (want_pktinfo(fd, own.ss_family, e) < 0 ||
	    !(f->source = loop_add(l, fd, EPOLLIN, on_datagram, f, e))) {
		udp_forward_close(f);
		return NULL;
	}
	f->sweeper = loop_timer(l, SWEEP_MS, sweep, f);
	return f;
}

void udp_forward_close(struct udp_forward *f)
{
	for (int i = 0; i < BUCKETS; i++)
		while (f->buckets[i])
			session_free(&f->buckets[i]);
	loop_remove(f->sweeper);
	loop_remove(f->source);
	fd_close(&f->fd);
	free(f);
}
