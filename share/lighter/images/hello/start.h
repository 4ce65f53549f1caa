/* What the C library would do: the entry point, and system calls of up to four arguments. */
#ifndef HELLO_START_H
#define HELLO_START_H

#include <sys/syscall.h>

int hello_main(int argc, char **argv);
__attribute__((noreturn, used)) void hello_start(long *stack);

#if defined(__x86_64__)
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call hello_start\n");

static inline long sys_call(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall"
	                 : "=a"(ret)
	                 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
	                 : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n_start: mov x0, sp\n bl hello_start\n");

static inline long sys_call(long nr, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}
#elif defined(__riscv)
__asm__(".globl _start\n_start: mv a0, sp\n tail hello_start\n");

static inline long sys_call(long nr, long a, long b, long c, long d)
{
	register long a7 __asm__("a7") = nr;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3) : "memory");
	return a0;
}
#else
#error "add the entry point and the system call of this architecture"
#endif

/* The kernel leaves argc and argv at the top of the stack. */
void hello_start(long *stack)
{
	int code = hello_main((int)stack[0], (char **)(stack + 1));

	for (;;)
		sys_call(SYS_exit_group, code, 0, 0, 0);
}

#endif
