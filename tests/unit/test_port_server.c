/* libnetwork/port_server with the real docker-proxy: publish, conflicts, adoption, death. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "libnetwork/port_server.h"

struct fixture {
	char dir[40], socket[60], proxy[4096];
	struct port_server *s;
	int backend; /* a listening socket on loopback that stands for the container */
	uint16_t backend_port;
	struct err e;
	struct port_failure failure;
};

static void ignore_warning(unused_arg void *ctx, unused_arg const struct err *e)
{
}

static void reopen(struct fixture *f)
{
	port_server_close(f->s);
	f->s = port_server_open(f->socket, f->proxy, ignore_warning, NULL);
	assert_non_null(f->s);
}

static uint16_t bound_port(int fd)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	return ntohs(sa.sin_port);
}

static int loopback_listener(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char exe[4000];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	signal(SIGPIPE, SIG_IGN);
	assert_true(n > 0);
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	snprintf(f->proxy, sizeof(f->proxy), "%s/../../bin/docker-proxy", exe);
	str_copy(f->dir, sizeof(f->dir), "/tmp/lighter-ports-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->socket, sizeof(f->socket), "%s/ports.sock", f->dir);
	f->backend = loopback_listener();
	f->backend_port = bound_port(f->backend);
	reopen(f);
	*state = f;
	return 0;
}

static bool gone(const char *path)
{
	for (int i = 0; i < 200 && path_exists(path); i++)
		usleep(10000);
	return !path_exists(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	port_server_close(f->s);
	assert_true(gone(f->socket)); /* nobody connected, nothing owned: it has ended */
	close(f->backend);
	assert_int_equal(tree_remove(AT_FDCWD, f->dir, &f->e), 0);
	free(f);
	return 0;
}

static int publish(struct fixture *f, const char *owner, uint16_t host_port)
{
	struct port_bind b = { .proto = "tcp",
		               .host_ip = "127.0.0.1",
		               .host_port = host_port,
		               .container_ip = "127.0.0.1",
		               .container_port = f->backend_port };
	struct port_owner o = { .id = owner };

	o.ports.n = 1;
	o.ports.v = &b;
	return port_server_publish(f->s, &o, &f->failure, &f->e);
}

static uint16_t free_port(void)
{
	int fd = loopback_listener();
	uint16_t port = bound_port(fd);

	close(fd);
	return port;
}

static int dial(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		                  .sin_port = htons(port),
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The container's side: reads to the end, then answers, then closes: needs half-close to work. */
static void *answer_one(void *arg)
{
	struct fixture *f = arg;
	char text[64] = "";
	int fd = accept4(f->backend, NULL, NULL, SOCK_CLOEXEC);

	assert_int_equal(fd_read_full(fd, text, sizeof(text), NULL), 5);
	assert_int_equal(fd_write_all(fd, "world", 5, NULL), 0);
	close(fd);
	return NULL;
}

static void exchange(struct fixture *f, uint16_t port)
{
	char text[64] = "";
	pthread_t t;
	int fd = -1;

	pthread_create(&t, NULL, answer_one, f);
	for (int i = 0; i < 200 && (fd = dial(port)) < 0; i++)
		usleep(10000);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, "hello", 5, NULL), 0);
	shutdown(fd, SHUT_WR);
	assert_int_equal(fd_read_full(fd, text, sizeof(text), NULL), 5);
	assert_string_equal(text, "world");
	close(fd);
	pthread_join(t, NULL);
}

static void published_ports_carry_both_directions(void **state)
{
	struct fixture *f = *state;
	uint16_t port = free_port();

	assert_int_equal(publish(f, "ep1", port), 0);
	exchange(f, port);
	exchange(f, port);
	assert_int_equal(port_server_unpublish(f->s, "ep1", &f->e), 0);
	assert_int_equal(dial(port), -1);
}

static void a_port_in_use_is_refused_and_named(void **state)
{
	struct fixture *f = *state;
	uint16_t port = free_port();
	char want[100];
	int other = loopback_listener();

	assert_int_equal(publish(f, "ep1", port), 0);
	assert_int_equal(publish(f, "ep2", port), -1);
	snprintf(want, sizeof(want), "Bind for 127.0.0.1:%u failed: port is already allocated",
	         port);
	assert_string_equal(f->e.text, want);
	assert_int_equal(f->e.kind, ERR_PRECONDITION);
	assert_int_equal(f->failure.index, 0);
	assert_true(f->failure.in_use);
	assert_string_equal(f->failure.holder, "ep1");
	assert_int_equal(publish(f, "ep2", bound_port(other)), -1);
	assert_non_null(strstr(f->e.text, "address already in use"));
	assert_int_equal(port_server_unpublish(f->s, "ep1", &f->e), 0);
	assert_int_equal(publish(f, "ep2", port), 0);
	assert_int_equal(port_server_unpublish(f->s, "ep2", &f->e), 0);
	close(other);
}

static void a_new_engine_finds_the_old_ports(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct fixture *f = *state;
	struct port_owners owners;
	uint16_t port = free_port();
	char byte;
	int cut;

	assert_int_equal(publish(f, "ep1", port), 0);
	port_server_close(f->s);
	f->s = NULL;
	exchange(f, port); /* no engine */
	reopen(f);
	port_server_list(f->s, PORT_KIND_PORTS, &a, &owners);
	assert_int_equal(owners.n, 1);
	assert_string_equal(owners.v[0].id, "ep1");
	assert_int_equal(owners.v[0].ports.v[0].host_port, port);
	cut = dial(port);
	assert_int_equal(publish(f, "ep1", port), 0); /* as it is: nothing is cut */
	assert_int_equal(recv(cut, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	close(cut);
	assert_int_equal(port_server_unpublish(f->s, "ep1", &f->e), 0);
	assert_int_equal(dial(port), -1);
}

/* Its pid, from the socket. */
static pid_t server_pid(struct fixture *f)
{
	int fd = unix_connect(f->socket, &f->e);
	struct ucred who;
	socklen_t len = sizeof(who);

	assert_true(fd >= 0);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len), 0);
	close(fd);
	return who.pid;
}

/* A dying process still completes handshakes: only its successor may be dialled. */
static void kill_and_wait(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	for (int i = 0; i < 500 && kill(pid, 0) == 0; i++)
		usleep(10000);
}

static void a_killed_server_comes_back_with_its_ports(void **state)
{
	struct fixture *f = *state;
	uint16_t port = free_port();

	assert_int_equal(publish(f, "ep1", port), 0);
	kill_and_wait(server_pid(f));
	exchange(f, port);
	if (port_server_unpublish(f->s, "ep1", &f->e) < 0)
		fail_msg("%s", f->e.text);
}

static void an_idle_server_ends_and_is_started_again(void **state)
{
	struct fixture *f = *state;
	uint16_t port = free_port();

	assert_int_equal(publish(f, "ep1", port), 0);
	assert_int_equal(port_server_unpublish(f->s, "ep1", &f->e), 0);
	for (int i = 0; i < 1000 && path_exists(f->socket); i++)
		usleep(10000);
	assert_false(path_exists(f->socket));
	assert_int_equal(publish(f, "ep2", port), 0);
	exchange(f, port);
	assert_int_equal(port_server_unpublish(f->s, "ep2", &f->e), 0);
}

/* Accepts the connection for requests and the watcher's, as a server does in its last moment. */
static void *leave(void *arg)
{
	int listening = *(int *)arg;

	for (int i = 0; i < 2; i++) {
		int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

		fd_close(&fd);
	}
	return NULL;
}

static void a_server_that_leaves_while_it_is_found_is_none(void **state)
{
	struct fixture *f = *state;
	int listening;
	pthread_t thread;

	port_server_close(take_ptr(f->s));
	unlink(f->socket);
	listening = unix_listen(f->socket, 0600, &f->e);
	assert_true(listening >= 0);
	assert_int_equal(pthread_create(&thread, NULL, leave, &listening), 0);
	reopen(f);
	pthread_join(thread, NULL);
	fd_close(&listening);
	assert_int_equal(publish(f, "ep1", free_port()), 0);
	assert_int_equal(port_server_unpublish(f->s, "ep1", &f->e), 0);
}

static void a_missing_program_is_an_error(void **state)
{
	struct fixture *f = *state;

	str_copy(f->proxy, sizeof(f->proxy), "/nonexistent/docker-proxy");
	reopen(f);
	assert_int_equal(publish(f, "ep1", free_port()), -1);
	assert_non_null(strstr(f->e.text, "start the port server"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(published_ports_carry_both_directions, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_port_in_use_is_refused_and_named, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_new_engine_finds_the_old_ports, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_killed_server_comes_back_with_its_ports, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(an_idle_server_ends_and_is_started_again, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_leaves_while_it_is_found_is_none,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_missing_program_is_an_error, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
