/*
 * Docker's default seccomp policy as a table. See seccomp_default.h.
 *
 * A group is a list of system calls with the conditions under which it applies: a capability that
 * the container has (or lacks), the machine, the value of one argument. The list follows the
 * default policy that Docker documents (docs.docker.com/engine/security/seccomp), without io_uring
 * and AF_VSOCK sockets, as current engines have it. Unknown names are skipped by the runtime, so
 * that one table serves all kernels and architectures.
 */
#include "engine/spec/seccomp_default.h"

#include <errno.h>

#define ARCH_X86    "amd64"
#define ARCH_ARM    "arm64"
#define ARCH_OTHER  "other"
#define AF_VSOCK_NO 40
/* CLONE_NEW* without CLONE_NEWTIME: the namespaces that clone(2) can make. */
#define CLONE_NAMESPACES 0x7e020000

#if defined(__x86_64__)
#define THIS_ARCH ARCH_X86
static const char *const architectures[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32" };
#elif defined(__aarch64__)
#define THIS_ARCH ARCH_ARM
static const char *const architectures[] = { "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM" };
#elif defined(__riscv) && __riscv_xlen == 64
#define THIS_ARCH ARCH_OTHER
static const char *const architectures[] = { "SCMP_ARCH_RISCV64" };
#else
#error "seccomp_default.c: add this architecture's names"
#endif

struct argument {
	const char *op; /* NULL: any value */
	unsigned index;
	uint64_t value;
};

struct group {
	const char *names; /* separated by spaces */
	const char *with_cap, *without_cap, *arch;
	int errno_ret; /* 0: allowed */
	struct argument arg;
};

static const struct group groups[] = {
	{
	        .names =
	                "accept accept4 access adjtimex alarm bind brk cachestat capget capset "
	                "chdir chmod "
	                "chown chown32 clock_adjtime clock_adjtime64 clock_getres "
	                "clock_getres_time64 "
	                "clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 "
	                "close "
	                "close_range connect copy_file_range creat dup dup2 dup3 epoll_create "
	                "epoll_create1 "
	                "epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait "
	                "epoll_wait_old eventfd "
	                "eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 "
	                "fadvise64_64 "
	                "fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 "
	                "fchownat "
	                "fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr "
	                "fsetxattr fstat "
	                "fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex "
	                "futex_requeue "
	                "futex_time64 futex_wait futex_waitv futex_wake futimesat getcpu getcwd "
	                "getdents "
	                "getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups "
	                "getgroups32 "
	                "getitimer getpeername getpgid getpgrp getpid getppid getpriority "
	                "getrandom getresgid "
	                "getresgid32 getresuid getresuid32 getrlimit get_robust_list getrusage "
	                "getsid "
	                "getsockname getsockopt get_thread_area gettid gettimeofday getuid "
	                "getuid32 getxattr "
	                "getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch "
	                "io_cancel "
	                "ioctl io_destroy io_getevents io_pgetevents io_pgetevents_time64 "
	                "ioprio_get "
	                "ioprio_set io_setup io_submit ipc kill landlock_add_rule "
	                "landlock_create_ruleset "
	                "landlock_restrict_self lchown lchown32 lgetxattr link linkat listen "
	                "listxattr "
	                "listxattrat llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 "
	                "madvise "
	                "map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir "
	                "mkdirat mknod "
	                "mknodat mlock mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify "
	                "mq_open "
	                "mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 "
	                "mq_unlink "
	                "mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap "
	                "name_to_handle_at nanosleep newfstatat _newselect open openat openat2 "
	                "pause "
	                "pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free "
	                "pkey_mprotect poll "
	                "ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 "
	                "process_mrelease pselect6 "
	                "pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink "
	                "readlinkat readv "
	                "recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages "
	                "removexattr "
	                "removexattrat rename renameat renameat2 restart_syscall rmdir rseq "
	                "rt_sigaction "
	                "rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend "
	                "rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo "
	                "sched_getaffinity "
	                "sched_getattr sched_getparam sched_get_priority_max "
	                "sched_get_priority_min "
	                "sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 "
	                "sched_setaffinity sched_setattr sched_setparam sched_setscheduler "
	                "sched_yield "
	                "seccomp select semctl semget semop semtimedop semtimedop_time64 send "
	                "sendfile "
	                "sendfile64 sendmmsg sendmsg sendto setfsgid setfsgid32 setfsuid "
	                "setfsuid32 setgid "
	                "setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid "
	                "setregid32 "
	                "setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit "
	                "set_robust_list setsid setsockopt set_thread_area set_tid_address setuid "
	                "setuid32 "
	                "setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaltstack "
	                "signalfd "
	                "signalfd4 sigprocmask sigreturn socketcall socketpair splice stat stat64 "
	                "statfs "
	                "statfs64 statx symlink symlinkat sync sync_file_range syncfs sysinfo tee "
	                "tgkill time "
	                "timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 "
	                "timer_settime timer_settime64 timerfd_create timerfd_gettime "
	                "timerfd_gettime64 "
	                "timerfd_settime timerfd_settime64 times tkill truncate truncate64 "
	                "ugetrlimit umask "
	                "uname unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes "
	                "vfork "
	                "vmsplice wait4 waitid waitpid write writev process_vm_readv "
	                "process_vm_writev ptrace",
	},
	{ .names = "socket", .arg = { "SCMP_CMP_NE", 0, AF_VSOCK_NO } },
	{ .names = "personality", .arg = { "SCMP_CMP_EQ", 0, 0x0 } },
	{ .names = "personality", .arg = { "SCMP_CMP_EQ", 0, 0x8 } },
	{ .names = "personality", .arg = { "SCMP_CMP_EQ", 0, 0x20000 } },
	{ .names = "personality", .arg = { "SCMP_CMP_EQ", 0, 0x20008 } },
	{ .names = "personality", .arg = { "SCMP_CMP_EQ", 0, 0xffffffff } },
	{ .names = "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush "
	           "set_tls",
	  .arch = ARCH_ARM },
	{ .names = "arch_prctl modify_ldt", .arch = ARCH_X86 },
	{ .names = "riscv_flush_icache riscv_hwprobe", .arch = ARCH_OTHER },
	{ .names = "open_by_handle_at", .with_cap = "CAP_DAC_READ_SEARCH" },
	{ .names = "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick listmount "
	           "lookup_dcookie lsm_get_self_attr lsm_list_modules lsm_set_self_attr mount "
	           "mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd "
	           "setdomainname sethostname setns statmount syslog umount umount2 unshare",
	  .with_cap = "CAP_SYS_ADMIN" },
	{ .names = "clone",
	  .without_cap = "CAP_SYS_ADMIN",
	  .arg = { "SCMP_CMP_MASKED_EQ", 0, CLONE_NAMESPACES } },
	/* ENOSYS makes a C library fall back to clone(2), whose flags can be seen. */
	{ .names = "clone3", .without_cap = "CAP_SYS_ADMIN", .errno_ret = ENOSYS },
	{ .names = "reboot", .with_cap = "CAP_SYS_BOOT" },
	{ .names = "chroot", .with_cap = "CAP_SYS_CHROOT" },
	{ .names = "delete_module init_module finit_module", .with_cap = "CAP_SYS_MODULE" },
	{ .names = "acct", .with_cap = "CAP_SYS_PACCT" },
	{ .names = "kcmp pidfd_getfd process_madvise", .with_cap = "CAP_SYS_PTRACE" },
	{ .names = "iopl ioperm", .with_cap = "CAP_SYS_RAWIO" },
	{ .names = "settimeofday stime clock_settime clock_settime64", .with_cap = "CAP_SYS_TIME" },
	{ .names = "vhangup", .with_cap = "CAP_SYS_TTY_CONFIG" },
	{ .names = "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
	  .with_cap = "CAP_SYS_NICE" },
	{ .names = "syslog", .with_cap = "CAP_SYSLOG" },
	{ .names = "bpf", .with_cap = "CAP_BPF" },
	{ .names = "perf_event_open", .with_cap = "CAP_PERFMON" },
};

static bool has(const struct strs *caps, const char *cap)
{
	for (size_t i = 0; i < caps->n; i++)
		if (str_eq(caps->v[i], cap))
			return true;
	return false;
}

static bool applies(const struct group *g, const struct strs *caps)
{
	return (!g->with_cap || has(caps, g->with_cap)) &&
	       (!g->without_cap || !has(caps, g->without_cap)) &&
	       (!g->arch || str_eq(g->arch, THIS_ARCH));
}

static struct strs split(struct arena *a, const char *names)
{
	struct strs out = { 0 };

	while (*names) {
		size_t n = strcspn(names, " ");

		arena_push(a, &out, (const char *)arena_strndup(a, names, n));
		names += n + (names[n] == ' ');
	}
	return out;
}

static void add_argument(struct arena *a, struct oci_syscall *call, const struct argument *arg)
{
	call->args.n = 1;
	call->args.v = arena_new(a, struct oci_syscall_arg);
	/* For a masked comparison the first value is the mask, the second what must come out: 0. */
	*call->args.v = (struct oci_syscall_arg){
		.index = arg->index, .value = arg->value, .value_two = 0, .op = arg->op
	};
}

struct oci_seccomp *seccomp_default(struct arena *a, const struct strs *caps)
{
	struct oci_seccomp *s = arena_new(a, struct oci_seccomp);

	s->default_action = "SCMP_ACT_ERRNO";
	s->default_errno_ret.set = true;
	s->default_errno_ret.value = EPERM;
	for (size_t i = 0; i < ARRAY_LEN(architectures); i++)
		arena_push(a, &s->architectures, architectures[i]);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		struct oci_syscall call = { .action = "SCMP_ACT_ALLOW" };

		if (!applies(&groups[i], caps))
			continue;
		call.names = split(a, groups[i].names);
		if (groups[i].errno_ret) {
			call.action = "SCMP_ACT_ERRNO";
			call.errno_ret.set = true;
			call.errno_ret.value = (uint64_t)groups[i].errno_ret;
		}
		if (groups[i].arg.op)
			add_argument(a, &call, &groups[i].arg);
		arena_push(a, &s->syscalls, call);
	}
	return s;
}
