/*
 * The port server. See serve.h. One thread, one loop: control connections (the engine's), owners
 * with their forwards, the forwards' own traffic, and the name servers of sandboxes (dns.h).
 */
#include "proxy/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/map.h"
#include "base/mem.h"
#include "libnetwork/port_socket.h"
#include "proxy/dns.h"
#include "proxy/forward.h"

#define IDLE_MS    3000
#define PATIENCE_S 5

struct owner {
	struct arena arena;
	struct port_owner what;
	struct forward **forwards; /* as many as what.ports */
};

struct control {
	struct server *server;
	struct control *next;
	int fd;
	struct loop_source *source;
};

struct server {
	struct loop *loop;
	const char *socket_path;
	int fd;
	struct loop_source *source; /* of fd */
	struct control *controls;
	bool ended;
	struct loop_source *idle; /* while it owns nothing */
	struct map owners;        /* of ports: id -> struct owner */
	struct dns *dns;
};

/* ---- owners ---- */

static void owner_free(struct owner *o)
{
	if (!o)
		return;
	for (size_t i = 0; o->forwards && i < o->what.ports.n; i++)
		forward_close(o->forwards[i]);
	arena_free(&o->arena);
	free(o);
}

/* Who of ours holds a port that cannot be bound, or NULL. */
static const struct owner *holder_of(const struct server *s, const struct port_bind *p)
{
	const char *id;
	void *value;

	for (size_t i = 0; map_next(&s->owners, &i, &id, &value);) {
		const struct owner *o = value;

		for (size_t j = 0; j < o->what.ports.n; j++)
			if (o->forwards[j] && port_overlap(&o->what.ports.v[j], p))
				return o;
	}
	return NULL;
}

static struct forward *open_forward(struct server *s, const struct port_bind *p,
                                    const char **holder, struct err *e)
{
	int type = port_socket_type(p->proto, e), fd;
	struct port_address at, to;
	const struct owner *o;

	if (type < 0 || port_address_parse(p->host_ip, p->host_port, &at, e) < 0 ||
	    port_address_parse(p->container_ip, p->container_port, &to, e) < 0)
		return NULL;
	fd = port_listen(type, &at, e);
	if (fd >= 0)
		return forward_open(s->loop, type, fd, &to, e);
	o = holder_of(s, p);
	if (o)
		*holder = o->what.id;
	port_bind_error(p, o != NULL, e);
	return NULL;
}

static int publish(struct server *s, const struct port_request *req, unused_arg struct arena *a,
                   struct port_reply *reply, struct err *e)
{
	struct port_owner what = { .id = req->id };
	struct owner *o;

	if (str_empty(req->id))
		return err_set(e, ERR_INVALID, "publish: no owner");
	what.ports.n = req->ports.n;
	what.ports.v = req->ports.v;
	o = xalloc(sizeof(*o));
	o->what = *(struct port_owner *)json_copy(&o->arena, &port_owner_type, &what);
	o->forwards = arena_array(&o->arena, struct forward *, o->what.ports.n + 1);
	owner_free(map_remove(&s->owners, req->id)); /* published again: the new list counts */
	for (size_t i = 0; i < o->what.ports.n; i++) {
		o->forwards[i] = open_forward(s, &o->what.ports.v[i], &reply->holder, e);
		if (!o->forwards[i]) {
			reply->failed = (int64_t)i + 1;
			owner_free(o);
			return -1;
		}
	}
	map_set(&s->owners, req->id, o);
	return 0;
}

static int unpublish(struct server *s, const struct port_request *req, unused_arg struct arena *a,
                     unused_arg struct port_reply *reply, unused_arg struct err *e)
{
	owner_free(map_remove(&s->owners, req->id));
	return 0;
}

static int name(struct server *s, const struct port_request *req, unused_arg struct arena *a,
                unused_arg struct port_reply *reply, struct err *e)
{
	return dns_name(s->dns, req, e);
}

static int unname(struct server *s, const struct port_request *req, unused_arg struct arena *a,
                  unused_arg struct port_reply *reply, unused_arg struct err *e)
{
	dns_unname(s->dns, req->id);
	return 0;
}

static int resolve(struct server *s, const struct port_request *req, unused_arg struct arena *a,
                   unused_arg struct port_reply *reply, struct err *e)
{
	return dns_resolve(s->dns, req, e);
}

static int unresolve(struct server *s, const struct port_request *req, unused_arg struct arena *a,
                     unused_arg struct port_reply *reply, unused_arg struct err *e)
{
	dns_unresolve(s->dns, req->id);
	return 0;
}

static int list(struct server *s, unused_arg const struct port_request *req, struct arena *a,
                struct port_reply *reply, unused_arg struct err *e)
{
	const char *id;
	void *value;

	for (size_t i = 0; map_next(&s->owners, &i, &id, &value);) {
		const struct owner *o = value;

		arena_push(a, &reply->owners, o->what);
	}
	dns_list(s->dns, a, reply);
	return 0;
}

static const struct {
	const char *op;
	int (*fn)(struct server *s, const struct port_request *req, struct arena *a,
	          struct port_reply *reply, struct err *e);
} ops[] = {
	{ "publish", publish }, { "unpublish", unpublish }, { "name", name }, { "unname", unname },
	{ "resolve", resolve }, { "unresolve", unresolve }, { "list", list },
};

/* ---- control connections ---- */

/* Once: by then the path may be the next server's. */
static void end(struct server *s)
{
	if (s->ended)
		return;
	s->ended = true;
	unlink(s->socket_path);
	loop_stop(s->loop);
}

static void on_idle(void *arg)
{
	struct server *s = arg;

	s->idle = NULL;
	end(s);
}

/*
 * Owning nothing it ends: at once when nobody is connected, else after a while, so that the next
 * container finds it. An engine whose request meets the end starts another one.
 */
static void end_if_unused(struct server *s)
{
	loop_remove(s->idle);
	s->idle = NULL;
	if (s->owners.used || !dns_is_empty(s->dns))
		return;
	if (s->controls)
		s->idle = loop_timer(s->loop, IDLE_MS, on_idle, s);
	else
		end(s);
}

static void control_close(struct control *c)
{
	struct server *s = c->server;
	struct control **at = &s->controls;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	loop_remove(c->source);
	fd_close(&c->fd);
	free(c);
	end_if_unused(s);
}

static int carry_out(struct server *s, struct arena *a, const struct port_request *req,
                     struct port_reply *reply, struct err *e)
{
	struct port_request r = *req;

	r.id = r.id ? r.id : "";
	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (str_eq(ops[i].op, req->op))
			return ops[i].fn(s, &r, a, reply, e);
	return err_set(e, ERR_UNIMPLEMENTED, "unknown request \"%s\"", req->op);
}

static void handle(struct server *s, struct arena *a, const struct port_request *req,
                   struct port_reply *reply)
{
	struct err e = { 0 };

	if (carry_out(s, a, req, reply, &e) == 0)
		return;
	reply->error = arena_strdup(a, e.text);
	reply->kind = err_grpc_code(e.kind);
}

/* The peer is the engine of this user, which sends whole messages: reading them may block briefly. */
static void on_control(void *arg, int fd, unused_arg uint32_t events)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct control *c = arg;
	struct port_request req;
	struct port_reply reply = { 0 };

	if (port_message_recv(&a, fd, &port_request_type, &req, NULL) <= 0) {
		control_close(c);
		return;
	}
	handle(c->server, &a, &req, &reply);
	if (port_message_send(fd, &port_reply_type, &reply, NULL) < 0)
		control_close(c);
	else
		end_if_unused(c->server);
}

static bool is_same_user(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
	       (who.uid == geteuid() || who.uid == 0);
}

static void on_connection(void *arg, int fd, unused_arg uint32_t events)
{
	struct server *s = arg;
	_cleanup_close_ int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	struct control *c;

	if (conn < 0 || !is_same_user(conn))
		return;
	socket_patience(conn, PATIENCE_S);
	c = xalloc(sizeof(*c));
	c->server = s;
	c->source = loop_add(s->loop, conn, EPOLLIN, on_control, c, NULL);
	if (!c->source) {
		free(c);
		return;
	}
	c->fd = take_fd(&conn);
	c->next = s->controls;
	s->controls = c;
}

/* ---- the process ---- */

void report_status(int fd, const struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };

	if (e)
		buf_printf(&b, "1\n%s\n", e->text);
	else
		buf_adds(&b, "0\n");
	(void)!fd_write_all(fd, b.data, b.len, NULL); /* nobody may be listening */
}

static int run(struct server *s, int status_fd, struct err *e)
{
	s->fd = unix_listen(s->socket_path, 0600, e);
	if (s->fd < 0)
		return -1;
	s->loop = loop_new(e);
	if (!s->loop || !(s->dns = dns_new(s->loop, e)) ||
	    !(s->source = loop_add(s->loop, s->fd, EPOLLIN, on_connection, s, e)))
		return -1;
	/* The engine that started us may have been killed, and never come. */
	s->idle = loop_timer(s->loop, IDLE_MS, on_idle, s);
	report_status(status_fd, NULL);
	close(status_fd);
	return loop_run(s->loop, e);
}

int serve(const char *socket_path, int status_fd, struct err *e)
{
	static struct server s; /* the one: lives as long as the process */
	pid_t pid = fork();

	if (pid < 0)
		return err_errno(e, errno, "fork");
	if (pid > 0)
		_exit(0); /* the starter has a child to reap; the server is nobody's */
	setsid();
	s.socket_path = socket_path;
	return run(&s, status_fd, e);
}
