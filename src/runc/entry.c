/*
 * The very first instructions of runc: own-binary protection (protect.h) before the C library starts.
 *
 * protect_self executes runc a second time, and the start of the C library is a tenth of what a
 * `runc run` costs. Here nothing has been started yet: when the command line names a command that
 * enters a container, we are executed again at once, from a read-only mount of our own file. If
 * anything is not as expected we go on; main looks again and has the other ways.
 *
 * No library call, no stack protector, no relocation can be used here: the program is linked
 * statically at a fixed address.
 */
#include <elf.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <sys/syscall.h>

#define BARE                                                                             \
	__attribute__((no_stack_protector, optimize("no-tree-loop-distribute-patterns"), \
	               no_sanitize("address", "undefined")))

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

#if defined(__x86_64__)

static inline BARE long sys5(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long r;

	__asm__ volatile("syscall"
	                 : "=a"(r)
	                 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
	                 : "rcx", "r11", "memory");
	return r;
}

/* rdx is the C library's: it is kept; rsp points to argc. */
__asm__(".globl runc_entry\n"
        "runc_entry:\n"
        "	mov %rsp, %rdi\n"
        "	mov %rsp, %rbx\n"
        "	mov %rdx, %r12\n"
        "	and $-16, %rsp\n"
        "	call runc_protect_early\n"
        "	mov %r12, %rdx\n"
        "	mov %rbx, %rsp\n"
        "	xor %ebp, %ebp\n"
        "	jmp _start\n");

#elif defined(__aarch64__)

static inline BARE long sys5(long nr, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc 0"
	                 : "+r"(x0)
	                 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
	                 : "memory");
	return x0;
}

__asm__(".globl runc_entry\n"
        "runc_entry:\n"
        "	mov x19, x0\n"
        "	mov x0, sp\n"
        "	bl runc_protect_early\n"
        "	mov x0, x19\n"
        "	b _start\n");

#else
#error "runc_entry is not written for this architecture: leave it out of the link"
#endif

static BARE bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static BARE bool starts(const char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return false;
	return true;
}

/* A word that is no command but equals one costs a needless start, nothing more. */
static BARE bool enters_container(long argc, char **argv)
{
	for (long i = 1; i < argc; i++)
		if (same(argv[i], "run") || same(argv[i], "create") || same(argv[i], "exec"))
			return true;
	return false;
}

/* The kernel calls what was executed by descriptor /dev/fd/N: then this is the second time. */
static BARE bool is_second_start(const Elf64_auxv_t *aux)
{
	for (; aux->a_type != AT_NULL; aux++)
		if (aux->a_type == AT_EXECFN)
			return starts((const char *)aux->a_un.a_val, "/dev/fd/");
	return true;
}

/* `stack`: argc, argv, NULL, environment, NULL, auxiliary vector, as the kernel leaves it. */
__attribute__((used)) BARE void runc_protect_early(long *stack)
{
	static const char exe[] = "/proc/self/exe", empty[] = "";
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	char **argv = (char **)(stack + 1), **env = argv + stack[0] + 1, **end = env;
	long mnt;

	while (*end)
		end++;
	if (!enters_container(stack[0], argv) || is_second_start((Elf64_auxv_t *)(end + 1)))
		return;
	mnt = sys5(SYS_open_tree, AT_FDCWD, (long)exe, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0);
	if (mnt < 0)
		return;
	if (sys5(SYS_mount_setattr, mnt, (long)empty, AT_EMPTY_PATH, (long)&attr, sizeof(attr)) ==
	    0)
		sys5(SYS_execveat, mnt, (long)empty, (long)argv, (long)env, AT_EMPTY_PATH);
	sys5(SYS_close, mnt, 0, 0, 0, 0);
}
