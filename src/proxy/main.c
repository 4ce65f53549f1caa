/*
 * docker-proxy. Two ways to call it:
 *
 *     docker-proxy --serve SOCKET       owns all published ports of a Lighter engine (serve.h)
 *     docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 80 -container-ip IP -container-port 80
 *                  [-use-listen-fd]     one port, as dockerd starts it: descriptor 3 hears
 *                                       "0\n" or "1\n<error>", descriptor 4 may be the socket
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/str.h"
#include "libnetwork/port_socket.h"
#include "proxy/forward.h"
#include "proxy/serve.h"

#define STATUS_FD 3
#define LISTEN_FD 4

struct arguments {
	const char *serve, *proto, *host_ip, *host_port, *container_ip, *container_port;
	bool use_listen_fd, help, version;
};

static const struct flag {
	const char *name, *help;
	size_t offset;
	bool is_switch;
} flags[] = {
	{ "serve", "own the published ports of an engine, listen on this socket",
	  offsetof(struct arguments, serve), false },
	{ "proto", "proxy protocol (default tcp)", offsetof(struct arguments, proto), false },
	{ "host-ip", "host IP address", offsetof(struct arguments, host_ip), false },
	{ "host-port", "host port", offsetof(struct arguments, host_port), false },
	{ "container-ip", "container IP address", offsetof(struct arguments, container_ip), false },
	{ "container-port", "container port", offsetof(struct arguments, container_port), false },
	{ "use-listen-fd", "the listening socket is descriptor 4",
	  offsetof(struct arguments, use_listen_fd), true },
	{ "help", "print this", offsetof(struct arguments, help), true },
	{ "version", "print the version", offsetof(struct arguments, version), true },
};

static const struct flag *find_flag(const char *arg, const char **value)
{
	const char *name = arg + (arg[0] == '-') + (arg[0] == '-' && arg[1] == '-');
	size_t n = strcspn(name, "=");

	*value = name[n] ? name + n + 1 : NULL;
	for (size_t i = 0; name != arg && i < ARRAY_LEN(flags); i++)
		if (strlen(flags[i].name) == n && memcmp(flags[i].name, name, n) == 0)
			return &flags[i];
	return NULL;
}

/* Go's flag syntax: -name value, -name=value, with one or two dashes. */
static int parse(int argc, char **argv, struct arguments *out, struct err *e)
{
	for (int i = 1; i < argc; i++) {
		const char *value;
		const struct flag *f = find_flag(argv[i], &value);

		if (!f)
			return err_set(e, ERR_INVALID, "unknown argument %s", argv[i]);
		if (f->is_switch) {
			*(bool *)((char *)out + f->offset) = !value || str_eq(value, "true");
			continue;
		}
		if (!value && i + 1 >= argc)
			return err_set(e, ERR_INVALID, "flag needs an argument: -%s", f->name);
		*(const char **)((char *)out + f->offset) = value ? value : argv[++i];
	}
	return 0;
}

static void print_help(void)
{
	printf("Usage: docker-proxy [flags]\n\nForwards published ports to containers.\n\n");
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		printf("  -%-16s %s\n", flags[i].name, flags[i].help);
}

static int port_number(const char *text, const char *name, uint64_t *out, struct err *e)
{
	if (!text || !str_u64(text, out) || *out == 0 || *out > 65535)
		return err_set(e, ERR_INVALID, "-%s: invalid port \"%s\"", name, text ? text : "");
	return 0;
}

static void on_stop(void *arg, unused_arg const struct signalfd_siginfo *si)
{
	loop_stop(arg);
}

/* The socket to serve: dockerd's, or one of our own. */
static int one_socket(const struct arguments *a, int type, struct err *e)
{
	struct port_address at;
	uint64_t port;

	if (a->use_listen_fd)
		return fcntl(LISTEN_FD, F_SETFL, O_NONBLOCK) < 0
		               ? err_set(e, ERR_INVALID, "descriptor 4 is not a socket")
		               : LISTEN_FD;
	if (port_number(a->host_port, "host-port", &port, e) < 0 ||
	    port_address_parse(a->host_ip ? a->host_ip : "", port, &at, e) < 0)
		return -1;
	return port_listen(type, &at, e);
}

/* Forwards until SIGTERM or SIGINT. */
static int run_one(struct loop *l, int type, int fd, const struct port_address *to, struct err *e)
{
	struct forward *f = forward_open(l, type, fd, to, e);
	struct loop_source *signals;
	sigset_t stop;
	int r = -1;

	if (!f)
		return -1;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	signals = loop_signals(l, &stop, on_stop, l, e);
	if (signals) {
		report_status(STATUS_FD, NULL);
		close(STATUS_FD);
		r = loop_run(l, e);
	}
	loop_remove(signals);
	forward_close(f);
	return r;
}

static int serve_one(const struct arguments *a, struct err *e)
{
	const char *proto = a->proto ? a->proto : "tcp";
	int type = port_socket_type(proto, NULL), fd, r;
	struct port_address to;
	struct loop *l;
	uint64_t port;

	if (type < 0)
		return err_set(e, ERR_UNIMPLEMENTED, "unsupported protocol %s", proto);
	if (port_number(a->container_port, "container-port", &port, e) < 0 ||
	    port_address_parse(a->container_ip ? a->container_ip : "", port, &to, e) < 0)
		return -1;
	fd = one_socket(a, type, e);
	if (fd < 0)
		return -1;
	l = loop_new(e);
	if (!l)
		return -1;
	r = run_one(l, type, fd, &to, e);
	loop_free(l);
	return r;
}

/* Started by hand there is no status pipe: nothing else may take its number. */
static void occupy(int fd)
{
	int null;

	if (fcntl(fd, F_GETFD) >= 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0 && null != fd) {
		dup3(null, fd, O_CLOEXEC);
		close(null);
	}
}

/* A connection takes six descriptors. */
static void raise_descriptor_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return;
	r.rlim_cur = r.rlim_max;
	(void)!setrlimit(RLIMIT_NOFILE, &r); /* then it is what it is */
}

int main(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct err e = { 0 };
	int r = parse(argc, argv, &a, &e);

	occupy(STATUS_FD);

	if (r == 0 && a.help) {
		print_help();
		return 0;
	}
	if (r == 0 && a.version) {
		printf("docker-proxy (Lighter) %s\n", LIGHTER_VERSION);
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	if (r == 0)
		r = a.serve ? serve(a.serve, STATUS_FD, &e) : serve_one(&a, &e);
	if (r < 0) {
		report_status(STATUS_FD, &e);
		fprintf(stderr, "docker-proxy: %s\n", e.text);
		return 1;
	}
	return 0;
}
