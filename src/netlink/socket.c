/* See socket.h. */
#include "netlink/socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/limits.h"

/* The kernel fills at most 32 KiB of a dump at once. */
#define RECEIVE_SIZE (32 * KIB)
#define DUMP_LIMIT   (64 * MIB)
#define DUMP_TRIES   20
/* Room for the answers to a large batch; they are all queued before the first is read. */
#define QUEUE_SIZE (4 * MIB)

static void set_option(int fd, int level, int option, int value)
{
	/* Old kernels lack some; then errors have fewer words. */
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

int nl_open(int protocol, struct err *e)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0 || bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0)
		return err_errno(e, errno, "open netlink socket");
	set_option(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
	set_option(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
	set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, (int)QUEUE_SIZE);
	set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, (int)QUEUE_SIZE);
	return take_fd(&fd);
}

static int send_batch(int fd, const struct nl_batch *m, struct err *e)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n;

	do
		n = sendto(fd, m->b.data, m->b.len, 0, (struct sockaddr *)&kernel, sizeof(kernel));
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_errno(e, errno, "send to the kernel") : 0;
}

/* One datagram. Returns 1, 0 when there is none (MSG_DONTWAIT), -1. */
static int receive(int fd, int flags, struct buf *b, struct err *e)
{
	ssize_t n;

	buf_reset(b);
	buf_reserve(b, RECEIVE_SIZE);
	do
		n = recv(fd, b->data, RECEIVE_SIZE, flags | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		return err_errno(e, errno, "receive from the kernel");
	if ((size_t)n > RECEIVE_SIZE)
		return err_set(e, ERR_INTERNAL, "netlink message of %zd bytes", n);
	b->len = (size_t)n;
	return 1;
}

int nl_error_of(const struct nlmsghdr *h, struct slice body, char *words, size_t size)
{
	struct nlmsgerr ne;
	struct slice attrs = nl_body(body, &ne, sizeof(ne));
	struct slice table[NLMSGERR_ATTR_MSG + 1];

	words[0] = '\0';
	if (!(h->nlmsg_flags & NLM_F_CAPPED)) { /* then the whole request stands in between */
		size_t request = NLMSG_ALIGN(ne.msg.nlmsg_len);
		size_t skip = request > sizeof(ne.msg) ? request - sizeof(ne.msg) : 0;

		skip = MIN(skip, attrs.len);
		attrs.data += skip;
		attrs.len -= skip;
	}
	if (h->nlmsg_flags & NLM_F_ACK_TLVS) {
		nl_attrs(attrs, table, ARRAY_LEN(table));
		nl_str(table[NLMSGERR_ATTR_MSG], words, size);
	}
	return -ne.error;
}

struct exchange {
	nl_message_fn *fn;
	void *arg;
	uint32_t acks;   /* that came */
	uint32_t failed; /* number of the first refused message, or 0 */
	struct err *e;
};

static void take_error(struct exchange *x, const struct nlmsghdr *h, struct slice body)
{
	char words[128];
	int errnum = nl_error_of(h, body, words, sizeof(words));

	x->acks++;
	if (errnum == 0 || x->failed)
		return;
	x->failed = h->nlmsg_seq ?: UINT32_MAX;
	err_errno(x->e, errnum, "%s", words[0] ? words : "the kernel refused");
}

static void take_datagram(struct exchange *x, struct slice rest)
{
	struct nlmsghdr h;
	struct slice body;

	while (nl_next_message(&rest, &h, &body)) {
		if (h.nlmsg_type == NLMSG_ERROR)
			take_error(x, &h, body);
		else if (x->fn && h.nlmsg_type >= NLMSG_MIN_TYPE)
			x->fn(x->arg, &h, body);
	}
}

int nl_exchange(int fd, struct nl_batch *m, nl_message_fn *fn, void *arg, uint32_t *failed,
                struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct exchange x = { .fn = fn, .arg = arg, .e = e };
	int got;

	if (failed)
		*failed = 0;
	if (send_batch(fd, m, e) < 0)
		return -1;
	while ((got = receive(fd, MSG_DONTWAIT, &b, e)) > 0)
		take_datagram(&x, (struct slice){ b.data, b.len });
	if (failed)
		*failed = x.failed;
	if (got < 0 || x.failed)
		return -1;
	if (x.acks < m->acks)
		return err_set(e, ERR_INTERNAL, "the kernel acknowledged %u of %u messages", x.acks,
		               m->acks);
	return 0;
}

/* Looks through one datagram of a dump. Returns 1 at the end of the dump, 0, or -1. */
static int dump_datagram(struct slice rest, bool *interrupted, struct err *e)
{
	char words[128];
	struct nlmsghdr h;
	struct slice body;

	while (nl_next_message(&rest, &h, &body)) {
		if (h.nlmsg_flags & NLM_F_DUMP_INTR)
			*interrupted = true;
		if (h.nlmsg_type == NLMSG_ERROR) {
			int errnum = nl_error_of(&h, body, words, sizeof(words));

			return err_errno(e, errnum, "%s", words[0] ? words : "dump");
		}
		if (h.nlmsg_type == NLMSG_DONE)
			return 1;
	}
	return 0;
}

/* Reads one dump to its end into `all`. */
static int dump_once(int fd, struct nl_batch *m, struct buf *all, bool *interrupted, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	int end = 0;

	*interrupted = false;
	buf_reset(all);
	if (send_batch(fd, m, e) < 0)
		return -1;
	while (end == 0) {
		if (receive(fd, 0, &b, e) < 0)
			return -1;
		if (all->len + b.len > DUMP_LIMIT)
			return err_set(e, ERR_EXHAUSTED, "dump is larger than %lu bytes",
			               DUMP_LIMIT);
		buf_add(all, b.data, b.len);
		end = dump_datagram((struct slice){ b.data, b.len }, interrupted, e);
	}
	return end < 0 ? -1 : 0;
}

static void dump_flag(struct nl_batch *m)
{
	struct nlmsghdr h;

	memcpy(&h, m->b.data, sizeof(h));
	h.nlmsg_flags |= NLM_F_DUMP;
	memcpy(m->b.data, &h, sizeof(h));
}

int nl_dump(int fd, struct nl_batch *m, nl_message_fn *fn, void *arg, struct err *e)
{
	_cleanup_buf_ struct buf all = { 0 };
	bool interrupted = true;
	struct nlmsghdr h;
	struct slice rest, body;

	dump_flag(m);
	for (int i = 0; i < DUMP_TRIES && interrupted; i++)
		if (dump_once(fd, m, &all, &interrupted, e) < 0)
			return -1;
	if (interrupted)
		return err_set(e, ERR_ABORTED, "dump was interrupted %d times", DUMP_TRIES);
	rest = (struct slice){ all.data, all.len };
	while (nl_next_message(&rest, &h, &body))
		if (h.nlmsg_type >= NLMSG_MIN_TYPE && fn(arg, &h, body))
			break;
	return 0;
}
