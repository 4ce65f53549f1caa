/*
 * The first process of a container. See init.h; the order of the steps is runc's.
 *
 * It is a clone of the runtime with memory of its own and no other thread, so the usual library
 * calls are fine until execve. All that it needs from the host it opens before pivot_root.
 */
#include "libcontainer/init.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "libcontainer/console.h"
#include "libcontainer/hooks.h"
#include "libcontainer/inroot.h"
#include "libcontainer/process.h"
#include "libcontainer/procfs.h"
#include "libcontainer/rootfs.h"
#include "libcontainer/sync.h"
#include "libcontainer/sysctl.h"
#include "base/fd.h"

void init_die(int sync, const struct err *e)
{
	sync_send_error(sync, e);
	_exit(1);
}

static int loopback_up(struct err *e)
{
	_cleanup_close_ int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	if (s < 0 || ioctl(s, SIOCSIFFLAGS, &r) < 0)
		return err_errno(e, errno, "set up the loopback interface");
	return 0;
}

/* Namespaces, in the order that makes each next step possible. */
static int settle(struct init *in, struct err *e)
{
	int created = in->ns->created;

	/* Nobody who shares our PID namespace may look into us before we are the program. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_errno(e, errno, "become undumpable");
	if (cgroup_doors_enter(in->doors, e) < 0)
		return -1;
	cgroup_doors_close(in->doors);
	if (namespaces_enter(in->ns, e) < 0 || sync_expect(in->sync, SYNC_GO, e) < 0)
		return -1;
	if ((namespaces_private(in->spec->linux) & CLONE_NEWUSER) &&
	    (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		return err_errno(e, errno, "become root of the user namespace");
	if (setsid() < 0)
		return err_errno(e, errno, "setsid");
	if ((created & CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0)
		return err_errno(e, errno, "create cgroup namespace");
	if (!in->options->no_new_keyring && process_join_keyring(in->id, e) < 0)
		return -1;
	return created & CLONE_NEWNET ? loopback_up(e) : 0;
}

/* The hooks that see the namespaces and still the host's files. */
static int run_hooks(struct init *in, struct rootfs *r, struct err *e)
{
	const struct oci_hooks *h = in->spec->hooks;

	if (!h)
		return 0;
	if (h->prestart.n || h->create_runtime.n) {
		if (sync_send(in->sync, SYNC_HOOKS, e) < 0 ||
		    sync_expect(in->sync, SYNC_DONE, e) < 0)
			return -1;
	}
	if (h->create_container.n == 0)
		return 0;
	if (r->root >= 0 && fchdir(r->root) < 0)
		return err_errno(e, errno, "enter rootfs");
	in->state.pid = getpid();
	return hooks_run("createContainer", h->create_container.n, h->create_container.v,
	                 &in->state, e);
}

/* Best effort: whether it can be entered is found out, and said, by chdir. */
static void make_cwd(struct init *in, struct rootfs *r)
{
	_cleanup_close_ int fd = inroot_mkdir_all(r->root, in->spec->process->cwd, 0755, NULL);

	if (fd < 0)
		return;
}

static int set_names(const struct oci_spec *s, struct err *e)
{
	if (!str_empty(s->hostname) && sethostname(s->hostname, strlen(s->hostname)) < 0)
		return err_errno(e, errno, "sethostname");
	if (!str_empty(s->domainname) && setdomainname(s->domainname, strlen(s->domainname)) < 0)
		return err_errno(e, errno, "setdomainname");
	return 0;
}

/* Root file system, terminal, names, sysctls, masks. */
static int furnish(struct init *in, struct rootfs *r, struct err *e)
{
	const struct oci_process *p = in->spec->process;

	if (rootfs_prepare(r, e) < 0)
		return -1;
	make_cwd(in, r);
	if (run_hooks(in, r, e) < 0)
		return -1;
	if (rootfs_enter(r, in->options->no_pivot, e) < 0)
		return -1;
	if (p->terminal && console_setup(r->root, in->console, p->console_size, true, e) < 0)
		return -1;
	if (set_names(in->spec, e) < 0)
		return -1;
	if (in->spec->linux && sysctl_write(r->proc, &in->spec->linux->sysctl, e) < 0)
		return -1;
	return rootfs_finish(r, e);
}

static void give_up(int signo)
{
	_exit(128 + signo);
}

/* Pid 1 of a namespace is immune to what it does not handle; a kill before the start must count. */
static void be_mortal(void)
{
	static const int deadly[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM };
	struct sigaction act = { .sa_handler = give_up };

	for (size_t i = 0; i < ARRAY_LEN(deadly); i++)
		sigaction(deadly[i], &act, NULL);
	sigprocmask(SIG_SETMASK, &act.sa_mask, NULL);
}

/*
 * Waits until somebody opens the fifo for reading, that is `runc start`. From then on it is the way
 * to say why the program could not be started; execve closes it.
 */
static int wait_for_start(struct init *in, int proc, struct err *e)
{
	int fd;

	be_mortal();
	fd = procfs_reopen(proc, in->fifo, O_WRONLY, e);
	if (fd < 0)
		return -1;
	if (write(fd, "0", 1) != 1)
		return err_errno(e, errno, "write to the exec fifo");
	return fd;
}

/* Hooks without an environment of their own have the program's. */
static int start_container_hooks(struct init *in, struct process *p, struct err *e)
{
	const struct oci_hooks *h = in->spec->hooks;

	if (!h)
		return 0;
	environ = (char **)p->env;
	in->state.status = container_status_name(CONTAINER_CREATED);
	in->state.pid = getpid();
	return hooks_run("startContainer", h->start_container.n, h->start_container.v, &in->state,
	                 e);
}

int init_main(void *arg)
{
	struct init *in = arg;
	struct rootfs r = { .a = in->a,
		            .spec = in->spec,
		            .cgroup = in->cgroup,
		            .root = -1,
		            .private = namespaces_private(in->spec->linux),
		            .sources = in->sources };
	struct process p = { .a = in->a,
		             .config = in->spec->process,
		             .linux = in->spec->linux,
		             .seccomp = in->seccomp,
		             .keep_fds = in->options->keep_fds };
	struct err e = { 0 };
	int fifo;

	fd_close(&in->parent_sync);
	if (settle(in, &e) < 0 || (r.proc = procfs_open(&e)) < 0)
		init_die(in->sync, &e);
	p.proc = r.proc;
	p.sync = in->sync;
	p.fifo = in->fifo;
	if (furnish(in, &r, &e) < 0 || process_restrict(&p, &e) < 0 ||
	    sync_send(in->sync, SYNC_READY, &e) < 0 || sync_expect(in->sync, SYNC_RUN, &e) < 0)
		init_die(in->sync, &e);
	capabilities_parse(in->spec->process->capabilities, &p.caps);
	if (process_become(&p, &e) < 0)
		init_die(in->sync, &e);
	fd_close(&in->sync);
	fifo = wait_for_start(in, r.proc, &e);
	if (fifo < 0)
		_exit(1);
	if (start_container_hooks(in, &p, &e) == 0)
		process_exec(&p);
	if (write(fifo, e.text, strlen(e.text)) < 0)
		_exit(2);
	_exit(1);
}
