/* The jail. See sandbox.h. */
#include "helpers/sandbox.h"

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

static int drop_capabilities(uint64_t keep, struct err *e)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data) < 0)
		return err_errno(e, errno, "read capabilities");
	for (int i = 0; i < 2; i++) {
		uint32_t mask = (uint32_t)(keep >> (32 * i));

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

/* The first two are for those who may not use the network. */
static const int forbidden[] = {
	SYS_socket,       SYS_socketpair,      SYS_execve,        SYS_execveat,
	SYS_mount,        SYS_umount2,         SYS_move_mount,    SYS_open_tree,
	SYS_fsopen,       SYS_fsmount,         SYS_mount_setattr, SYS_pivot_root,
	SYS_chroot,       SYS_unshare,         SYS_setns,         SYS_bpf,
	SYS_keyctl,       SYS_add_key,         SYS_request_key,   SYS_open_by_handle_at,
	SYS_userfaultfd,  SYS_io_uring_setup,  SYS_swapon,        SYS_sethostname,
	SYS_quotactl,     SYS_perf_event_open, SYS_reboot,        SYS_init_module,
	SYS_finit_module, SYS_kexec_load,      SYS_ptrace,        SYS_process_vm_writev,
};

#define NETWORK_CALLS 2
#define FILTER_MAX    (ARRAY_LEN(forbidden) + 6)
#define X32_BIT       0x40000000U

static struct sock_filter jump(unsigned op, uint32_t value, unsigned yes, unsigned no)
{
	return (struct sock_filter){ (uint16_t)(BPF_JMP | BPF_K | op), (uint8_t)yes, (uint8_t)no,
		                     value };
}

static struct sock_filter load(size_t offset)
{
	return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static struct sock_filter answer(uint32_t action)
{
	return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
}

/* Another architecture, x32 or a forbidden number jumps to the last instruction, which denies. */
static unsigned write_filter(struct sock_filter *f, bool network)
{
	unsigned first = network ? NETWORK_CALLS : 0, n = 0;
	unsigned deny = (unsigned)ARRAY_LEN(forbidden) - first + 5;

	f[n++] = load(offsetof(struct seccomp_data, arch));
	f[n] = jump(BPF_JEQ, ARCH, 0, deny - n - 1);
	n++;
	f[n++] = load(offsetof(struct seccomp_data, nr));
	f[n] = jump(BPF_JGE, X32_BIT, deny - n - 1, 0);
	n++;
	for (unsigned i = first; i < ARRAY_LEN(forbidden); i++, n++)
		f[n] = jump(BPF_JEQ, (uint32_t)forbidden[i], deny - n - 1, 0);
	f[n++] = answer(SECCOMP_RET_ALLOW);
	f[n++] = answer(SECCOMP_RET_ERRNO | EPERM);
	return n;
}

/* A kernel without filters has no harm done: the capabilities are gone all the same. */
static int forbid_calls(bool network, struct err *e)
{
	struct sock_filter f[FILTER_MAX];
	struct sock_fprog prog = { (unsigned short)write_filter(f, network), f };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(e, errno, "give up new privileges");
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0 && errno != EINVAL &&
	    errno != ENOSYS)
		return err_errno(e, errno, "set the system call filter");
	return 0;
}

#ifdef __SANITIZE_ADDRESS__
/* The leak checker traces its own process and reads /proc, which the jail does not allow. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

int sandbox_enter(const struct sandbox *s, struct err *e)
{
	if (s->root >= 0 && (fchdir(s->root) < 0 || chroot(".") < 0))
		return err_errno(e, errno, "enter the target directory");
	if (drop_capabilities(s->keep, e) < 0)
		return -1;
	return forbid_calls(s->network, e);
}
