/* The shim's parts that need no container: mounts, relays, the reaper, events under way. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "proto/forward.pb-c.h"
#include "proto/task_events.pb-c.h"
#include "rpc/ttrpc_server.h"
#include "rpc/wkt.h"
#include "shim/publisher.h"
#include "shim/reaper.h"
#include "shim/relay.h"
#include "shim/rootfs.h"

/* ---- rootfs: more layers than fit into one page of options ---- */

#define LAYERS 90

static char *make_layer(struct arena *a, const char *top, int i)
{
	char *dir = arena_printf(a, "%s/snapshots/a-rather-long-name-of-a-folder/%03d/fs", top, i);

	assert_int_equal(dir_make(dir, 0755, NULL), 0);
	assert_int_equal(
	        file_write(AT_FDCWD, arena_printf(a, "%s/from-%d", dir, i), "x", 1, 0644, NULL), 0);
	return dir;
}

static void mount_many_layers(const char *top)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf lower = { 0 };
	Types__Mount *m = pb_new(&a, types__mount, Types__Mount);
	const char *options[] = { NULL, "ro" }, *rootfs = arena_printf(&a, "%s/rootfs", top);
	struct err e = { 0 };

	for (int i = 0; i < LAYERS; i++)
		buf_printf(&lower, "%s%s", i ? ":" : "lowerdir=", make_layer(&a, top, i));
	assert_true(lower.len > 4096);
	options[0] = lower.data;
	m->type = "overlay";
	m->source = "overlay";
	m->options = options;
	m->n_options = 2;
	if (rootfs_mount(top, &m, 1, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(path_exists(arena_printf(&a, "%s/from-0", rootfs)));
	assert_true(path_exists(arena_printf(&a, "%s/from-%d", rootfs, LAYERS - 1)));
	assert_int_equal(mkdir(arena_printf(&a, "%s/new", rootfs), 0755), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(rootfs_unmount(top, &e), 0);
	assert_false(path_exists(arena_printf(&a, "%s/from-0", rootfs)));
	assert_int_equal(rootfs_unmount(top, &e), 0);
}

static void bind_read_only(const char *top)
{
	_cleanup_arena_ struct arena a = { 0 };
	Types__Mount *m = pb_new(&a, types__mount, Types__Mount);
	const char *options[] = { "rbind", "ro" };
	struct err e = { 0 };

	m->type = "bind";
	m->source = make_layer(&a, top, 500);
	m->options = options;
	m->n_options = 2;
	assert_int_equal(rootfs_mount(top, &m, 1, &e), 0);
	assert_true(path_exists(arena_printf(&a, "%s/rootfs/from-500", top)));
	assert_int_equal(mkdir(arena_printf(&a, "%s/rootfs/new", top), 0755), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(rootfs_unmount(top, &e), 0);
}

/* In a child, whose mount namespace is its own. */
static void rootfs_mounts(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		char top[] = "/tmp/test_shim.XXXXXX";

		if (unshare(CLONE_NEWNS) < 0 || !mkdtemp(top))
			_exit(77);
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("tmpfs", top, "tmpfs", 0, NULL) < 0)
			_exit(77);
		mount_many_layers(top);
		bind_read_only(top);
		umount2(top, MNT_DETACH);
		rmdir(top);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

/* ---- relay ---- */

struct relay_world {
	struct loop *loop;
	int in[2], out[2];
	struct relay *relay;
	bool ended;
};

static void on_ended(void *arg)
{
	struct relay_world *w = arg;

	w->ended = true;
	loop_stop(w->loop);
}

static void relay_setup(struct relay_world *w)
{
	struct err e = { 0 };

	w->loop = loop_new(&e);
	w->ended = false;
	assert_int_equal(pipe2(w->in, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(pipe2(w->out, O_CLOEXEC | O_NONBLOCK), 0);
	w->relay = relay_new(w->loop, w->in[0], w->out[1], on_ended, w);
}

static void relay_teardown(struct relay_world *w)
{
	relay_free(w->relay);
	fd_close(&w->in[1]);
	fd_close(&w->out[0]);
	loop_free(w->loop);
}

static void stop_loop(void *loop)
{
	loop_stop(loop);
}

static void run_for(struct loop *l, int ms)
{
	loop_timer(l, ms, stop_loop, l);
	assert_int_equal(loop_run(l, NULL), 0);
}

/* Takes what is there; returns how many bytes. */
static size_t drain_fd(int fd)
{
	char data[4096];
	size_t sum = 0;
	ssize_t n;

	while ((n = read(fd, data, sizeof(data))) > 0)
		sum += (size_t)n;
	return sum;
}

static void a_relay_waits_for_its_reader(void **state)
{
	static char data[65536];
	struct relay_world w;
	size_t sent = 0, got = 0;

	(void)state;
	relay_setup(&w);
	for (int i = 0; i < 10; i++) {
		ssize_t n = write(w.in[1], data, sizeof(data));

		sent += n > 0 ? (size_t)n : 0;
		run_for(w.loop, 2);
	}
	assert_true(sent < 4 * sizeof(data)); /* two pipes and a buffer */
	fd_close(&w.in[1]);
	while (!w.ended) {
		got += drain_fd(w.out[0]);
		run_for(w.loop, 2);
	}
	got += drain_fd(w.out[0]);
	assert_int_equal(got, sent);
	relay_teardown(&w);
}

static void a_relay_delivers_the_last_of_an_endless_source(void **state)
{
	struct relay_world w;

	(void)state;
	relay_setup(&w);
	assert_int_equal(write(w.in[1], "last", 4), 4);
	relay_finish(w.relay, RELAY_UNTIL_EMPTY);
	assert_true(w.ended);
	assert_int_equal(drain_fd(w.out[0]), 4);
	relay_teardown(&w);
}

static void a_relay_ends_when_nobody_reads(void **state)
{
	struct relay_world w;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	relay_setup(&w);
	fd_close(&w.out[0]);
	assert_int_equal(write(w.in[1], "x", 1), 1);
	run_for(w.loop, 50);
	assert_true(w.ended);
	relay_teardown(&w);
}

/* ---- reaper ---- */

struct end {
	struct loop *loop;
	pid_t pid;
	uint32_t status;
};

static void on_child(void *arg, pid_t pid, uint32_t status, int64_t when)
{
	struct end *d = arg;

	assert_true(when > 0);
	d->pid = pid;
	d->status = status;
	loop_stop(d->loop);
}

static pid_t child_that_exits(int code)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(code);
	return pid;
}

static void the_reaper_remembers_who_died_early(void **state)
{
	static struct reaper *r; /* lives as long as the process, as the shim's does */
	struct err e = { 0 };
	struct loop *l = loop_new(&e);
	struct end d = { .loop = l };
	pid_t pid;

	(void)state;
	r = reaper_new(l, &e);
	pid = child_that_exits(3);
	reaper_watch(r, pid, on_child, &d);
	assert_int_equal(loop_run(l, &e), 0);
	assert_int_equal(d.pid, pid);
	assert_int_equal(d.status, 3);

	reaper_keep(r);
	pid = child_that_exits(4);
	assert_int_equal(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	run_for(l, 50);
	reaper_adopt(r, pid, on_child, &d);
	assert_int_equal(d.pid, pid);
	assert_int_equal(d.status, 4);
	reaper_release(r);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	loop_free(l);
}

/* ---- publisher ---- */

struct events_world {
	struct loop *loop;
	char path[64];
	struct ttrpc_server *server;
	unsigned got, refuse;
	uint32_t pids[64];
};

static int on_forward(struct rpc_call *call, const void *request, void *resp, struct err *e)
{
	const Forward__ForwardRequest *req = request;
	struct events_world *w = rpc_call_user(call);
	Events__TaskStart *ev;

	(void)resp;
	if (w->refuse > 0) {
		w->refuse--;
		return err_set(e, ERR_UNAVAILABLE, "not ready");
	}
	assert_string_equal(req->envelope->namespace_, "moby");
	assert_string_equal(req->envelope->topic, "/tasks/start");
	ev = wkt_any_unpack(rpc_call_arena(call), &events__task_start__descriptor,
	                    req->envelope->event, e);
	assert_non_null(ev);
	w->pids[w->got++] = ev->pid;
	return 0;
}

static const struct rpc_route forward_routes[] = { { RPC_FORWARD, on_forward } };

static void listen_for_events(struct events_world *w)
{
	struct err e = { 0 };
	int fd = unix_listen(w->path, 0600, &e);

	assert_true(fd >= 0);
	w->server = ttrpc_server_new(w->loop, fd, forward_routes, 1, w, &e);
	assert_non_null(w->server);
}

static void send_events(struct publisher *p, uint32_t first, uint32_t n)
{
	Events__TaskStart ev = EVENTS__TASK_START__INIT;

	ev.container_id = "c";
	for (uint32_t i = first; i < first + n; i++) {
		pb_set(&ev, pid, i);
		publisher_send(p, "/tasks/start", &ev);
	}
}

static void events_wait_for_containerd_in_order(void **state)
{
	static struct publisher *p; /* lives as long as the process, as the shim's does */
	struct events_world w = { 0 };
	struct err e = { 0 };

	(void)state;
	w.loop = loop_new(&e);
	snprintf(w.path, sizeof(w.path), "/tmp/test_shim.%d.sock", getpid());
	p = publisher_new(w.loop, w.path, "moby");
	send_events(p, 0, 10);
	assert_false(publisher_idle(p, stop_loop, w.loop));
	run_for(w.loop, 20);
	w.refuse = 2;
	listen_for_events(&w);
	assert_int_equal(loop_run(w.loop, &e), 0);
	assert_int_equal(w.got, 10);

	ttrpc_server_free(w.server);
	send_events(p, 10, 10);
	run_for(w.loop, 20);
	listen_for_events(&w);
	assert_int_equal(loop_run(w.loop, &e), 0);
	assert_int_equal(w.got, 20);
	for (uint32_t i = 0; i < w.got; i++)
		assert_int_equal(w.pids[i], i);
	assert_true(publisher_idle(p, NULL, NULL));
	ttrpc_server_free(w.server);
	unlink(w.path);
	loop_free(w.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rootfs_mounts),
		cmocka_unit_test(a_relay_waits_for_its_reader),
		cmocka_unit_test(a_relay_delivers_the_last_of_an_endless_source),
		cmocka_unit_test(a_relay_ends_when_nobody_reads),
		cmocka_unit_test(the_reaper_remembers_who_died_early),
		cmocka_unit_test(events_wait_for_containerd_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
