/* The jail. See sandbox.h. */
#include "helpers/unpack/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP(name) (1ULL << CAP_##name)

/* SYS_ADMIN is for trusted.* attributes; the filter takes away what else it would allow. */
static const uint64_t kept = CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) |
                             CAP(MKNOD) | CAP(SETFCAP) | CAP(SYS_ADMIN);

static int drop_capabilities(struct err *e)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data) < 0)
		return err_errno(e, errno, "read capabilities");
	for (int i = 0; i < 2; i++) {
		uint32_t mask = (uint32_t)(kept >> (32 * i));

		data[i].permitted &= mask;
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &head, data) < 0)
		return err_errno(e, errno, "drop capabilities");
	return 0;
}

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv)
#define ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__)
#define ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCH AUDIT_ARCH_S390X
#elif defined(__arm__)
#define ARCH AUDIT_ARCH_ARM
#elif defined(__i386__)
#define ARCH AUDIT_ARCH_I386
#endif

static const int forbidden[] = {
	SYS_socket,      SYS_socketpair,      SYS_execve,
	SYS_execveat,    SYS_mount,           SYS_umount2,
	SYS_move_mount,  SYS_open_tree,       SYS_fsopen,
	SYS_fsmount,     SYS_mount_setattr,   SYS_pivot_root,
	SYS_chroot,      SYS_unshare,         SYS_setns,
	SYS_bpf,         SYS_perf_event_open, SYS_keyctl,
	SYS_add_key,     SYS_request_key,     SYS_open_by_handle_at,
	SYS_userfaultfd, SYS_io_uring_setup,  SYS_swapon,
	SYS_sethostname, SYS_quotactl,        SYS_reboot,
};

#define FORBIDDEN ((unsigned)(sizeof(forbidden) / sizeof(forbidden[0])))
#define X32_BIT   0x40000000U

/* load arch; other arch -> deny; load nr; x32 -> deny; each forbidden -> deny; allow; deny */
static int forbid_calls(struct err *e)
{
	struct sock_filter f[FORBIDDEN + 6];
	struct sock_fprog prog = { 0, f };
	unsigned n = 0, deny = FORBIDDEN + 5;

	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	                                      offsetof(struct seccomp_data, arch));
	f[n] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 0,
	                                    (uint8_t)(deny - n - 1));
	n++;
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	                                      offsetof(struct seccomp_data, nr));
	f[n] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT,
	                                    (uint8_t)(deny - n - 1), 0);
	n++;
	for (unsigned i = 0; i < FORBIDDEN; i++, n++)
		f[n] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
		                                    (uint32_t)forbidden[i], (uint8_t)(deny - n - 1),
		                                    0);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	prog.len = (unsigned short)n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0 && errno != EINVAL &&
	     errno != ENOSYS))
		return err_errno(e, errno, "set the system call filter");
	return 0;
}

#ifdef __SANITIZE_ADDRESS__
/* The leak checker reads /proc, which the jail does not have. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

int sandbox_enter(int root, struct err *e)
{
	if (fchdir(root) < 0 || chroot(".") < 0)
		return err_errno(e, errno, "enter the target directory");
	if (drop_capabilities(e) < 0)
		return -1;
	return forbid_calls(e);
}
