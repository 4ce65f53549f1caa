/* From a seccomp profile to BPF. See seccomp_compile.h and config-linux.md "Seccomp". */
#include "libcontainer/seccomp_compile.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fd.h"

struct word {
	const char *text;
	uint32_t value;
};

static const struct word actions[] = {
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0) },
	{ "SCMP_ACT_KILL", SCMP_ACT_KILL },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
	{ "SCMP_ACT_LOG", SCMP_ACT_LOG },
	{ "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY },
	{ "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0) },
	{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
};

static const struct word operators[] = {
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ }, { "SCMP_CMP_GE", SCMP_CMP_GE },
	{ "SCMP_CMP_GT", SCMP_CMP_GT }, { "SCMP_CMP_LE", SCMP_CMP_LE },
	{ "SCMP_CMP_LT", SCMP_CMP_LT }, { "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
	{ "SCMP_CMP_NE", SCMP_CMP_NE },
};

static const struct word archs[] = {
	{ "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64 },
	{ "SCMP_ARCH_ARM", SCMP_ARCH_ARM },
	{ "SCMP_ARCH_MIPS", SCMP_ARCH_MIPS },
	{ "SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32 },
	{ "SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL },
	{ "SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PPC", SCMP_ARCH_PPC },
	{ "SCMP_ARCH_PPC64", SCMP_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE },
	{ "SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64 },
	{ "SCMP_ARCH_S390", SCMP_ARCH_S390 },
	{ "SCMP_ARCH_S390X", SCMP_ARCH_S390X },
	{ "SCMP_ARCH_X32", SCMP_ARCH_X32 },
	{ "SCMP_ARCH_X86", SCMP_ARCH_X86 },
	{ "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64 },
};

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static const struct word flags[] = {
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
};

const char *seccomp_action_word(size_t i)
{
	return i < ARRAY_LEN(actions) ? actions[i].text : NULL;
}

const char *seccomp_operator_word(size_t i)
{
	return i < ARRAY_LEN(operators) ? operators[i].text : NULL;
}

const char *seccomp_arch_word(size_t i)
{
	return i < ARRAY_LEN(archs) ? archs[i].text : NULL;
}

const char *seccomp_flag_word(size_t i)
{
	return i < ARRAY_LEN(flags) ? flags[i].text : NULL;
}

uint32_t seccomp_library_version(void)
{
	const struct scmp_version *v = seccomp_version();

	return v->major << 16 | v->minor << 8 | v->micro;
}

static int lookup(const struct word *table, size_t n, const char *what, const char *text,
                  uint32_t *out, struct err *e)
{
	for (size_t i = 0; text && i < n; i++) {
		if (strcmp(table[i].text, text) == 0) {
			*out = table[i].value;
			return 0;
		}
	}
	return err_set(e, ERR_INVALID, "string %s is not a valid %s for seccomp", text ? text : "",
	               what);
}

#define LOOKUP(table, what, text, out, e) lookup(table, ARRAY_LEN(table), what, text, out, e)

/* ERRNO and TRACE carry a number: EPERM where nothing is said. */
static int action_of(const char *text, struct json_opt_u64 ret, uint32_t *out, struct err *e)
{
	uint32_t number = ret.set ? (uint32_t)ret.value : EPERM;

	if (LOOKUP(actions, "action", text, out, e) < 0)
		return -1;
	if (*out == SCMP_ACT_ERRNO(0))
		*out = SCMP_ACT_ERRNO(number);
	else if (*out == SCMP_ACT_TRACE(0))
		*out = SCMP_ACT_TRACE(number);
	return 0;
}

/* ---- rules ---- */

static int convert_args(struct arena *a, const struct oci_syscall *s, struct scmp_arg_cmp **out,
                        struct err *e)
{
	*out = arena_array(a, struct scmp_arg_cmp, s->args.n + 1);
	for (size_t i = 0; i < s->args.n; i++) {
		const struct oci_syscall_arg *arg = &s->args.v[i];
		uint32_t op = 0;

		if (LOOKUP(operators, "operator", arg->op, &op, e) < 0)
			return -1;
		if (arg->index > 5)
			return err_set(e, ERR_INVALID, "syscall argument index %llu is over 5",
			               (unsigned long long)arg->index);
		(*out)[i] = (struct scmp_arg_cmp){ (unsigned)arg->index, op, arg->value,
			                           arg->value_two };
	}
	return 0;
}

/* libseccomp refuses two conditions on one argument in a rule: those are alternatives. */
static bool same_arg_twice(const struct oci_syscall *s)
{
	unsigned seen = 0;

	for (size_t i = 0; i < s->args.n; i++) {
		unsigned bit = 1U << s->args.v[i].index;

		if (seen & bit)
			return true;
		seen |= bit;
	}
	return false;
}

static int add_rule(scmp_filter_ctx ctx, uint32_t action, int nr, const struct oci_syscall *s,
                    const struct scmp_arg_cmp *args)
{
	int rc = 0;

	if (!same_arg_twice(s))
		return seccomp_rule_add_array(ctx, action, nr, (unsigned)s->args.n, args);
	for (size_t i = 0; rc == 0 && i < s->args.n; i++)
		rc = seccomp_rule_add_array(ctx, action, nr, 1, &args[i]);
	return rc;
}

static int add_syscall(struct arena *a, scmp_filter_ctx ctx, uint32_t standard,
                       const struct oci_syscall *s, struct err *e)
{
	struct scmp_arg_cmp *args;
	uint32_t action = 0;

	if (action_of(s->action, s->errno_ret, &action, e) < 0 || convert_args(a, s, &args, e) < 0)
		return -1;
	if (action == standard)
		return 0;
	for (size_t i = 0; i < s->names.n; i++) {
		int nr = seccomp_syscall_resolve_name(s->names.v[i]);
		int rc;

		if (nr == __NR_SCMP_ERROR)
			continue; /* a system call of another kernel */
		rc = add_rule(ctx, action, nr, s, args);
		if (rc < 0 && rc != -EEXIST)
			return err_errno(e, -rc, "rule for %s", s->names.v[i]);
	}
	return 0;
}

static int add_archs(scmp_filter_ctx ctx, const struct strs *list, struct err *e)
{
	for (size_t i = 0; i < list->n; i++) {
		uint32_t token = 0;
		int rc;

		if (LOOKUP(archs, "architecture", list->v[i], &token, e) < 0)
			return -1;
		rc = seccomp_arch_add(ctx, token);
		if (rc < 0 && rc != -EEXIST)
			return err_errno(e, -rc, "architecture %s", list->v[i]);
	}
	return 0;
}

/* The tree layout: the kernel walks the program once per system call when it is installed. */
#define OPTIMIZE_TREE 2

static int fill(struct arena *a, scmp_filter_ctx ctx, const struct oci_seccomp *p,
                uint32_t standard, struct err *e)
{
	int rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);

	if (rc == 0)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_TREE);
	if (rc < 0)
		return err_errno(e, -rc, "set up filter");
	if (add_archs(ctx, &p->architectures, e) < 0)
		return -1;
	for (size_t i = 0; i < p->syscalls.n; i++)
		if (add_syscall(a, ctx, standard, &p->syscalls.v[i], e) < 0)
			return -1;
	return 0;
}

static int export(struct arena *a, scmp_filter_ctx ctx, struct sock_fprog *out, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
	off_t size;
	int rc;

	if (fd < 0)
		return err_errno(e, errno, "create memory file");
	rc = seccomp_export_bpf(ctx, fd);
	if (rc < 0)
		return err_errno(e, -rc, "compile filter");
	size = lseek(fd, 0, SEEK_CUR);
	out->len = (unsigned short)((size_t)size / sizeof(struct sock_filter));
	out->filter = arena_alloc(a, (size_t)size);
	if (pread(fd, out->filter, (size_t)size, 0) != size)
		return err_errno(e, errno, "read filter");
	return 0;
}

/* ---- system calls that are newer than the profile ---- */

/*
 * A program that tries a new system call and falls back to an old one looks for ENOSYS; the EPERM of
 * a default action would break it. So numbers beyond the highest that the profile names answer ENOSYS.
 */
static int highest(uint32_t arch, const struct oci_seccomp *p)
{
	int max = -1;

	for (size_t i = 0; i < p->syscalls.n; i++) {
		for (size_t k = 0; k < p->syscalls.v[i].names.n; k++) {
			int nr = seccomp_syscall_resolve_name_arch(arch,
			                                           p->syscalls.v[i].names.v[k]);

			max = MAX(max, nr);
		}
	}
	return max;
}

#define X32_BIT 0x40000000

/* if (arch == A && nr > max && nr < X32_BIT) return ENOSYS; six instructions. */
static size_t enosys_for(struct sock_filter *out, uint32_t arch, int max)
{
	const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)max, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};

	memcpy(out, code, sizeof(code));
	return ARRAY_LEN(code);
}

static bool wants_enosys(uint32_t standard)
{
	return (standard & 0xffff0000U) == (SCMP_ACT_ERRNO(0) & 0xffff0000U) &&
	       standard != SCMP_ACT_ERRNO(ENOSYS);
}

static void prepend_enosys(struct arena *a, const struct oci_seccomp *p, struct sock_fprog *prog)
{
	uint32_t native = seccomp_arch_native();
	struct sock_filter *all =
	        arena_array(a, struct sock_filter, prog->len + 6 * (p->architectures.n + 1));
	int max = highest(native, p);
	size_t n = max >= 0 ? enosys_for(all, native, max) : 0;

	for (size_t i = 0; i < p->architectures.n; i++) {
		uint32_t arch = 0;

		if (LOOKUP(archs, "architecture", p->architectures.v[i], &arch, NULL) < 0 ||
		    arch == native || arch == SCMP_ARCH_X32)
			continue; /* x32 has the same audit arch as x86-64 */
		max = highest(arch, p);
		if (max >= 0)
			n += enosys_for(all + n, arch, max);
	}
	if (n + prog->len > BPF_MAXINSNS)
		return;
	memcpy(all + n, prog->filter, prog->len * sizeof(*all));
	prog->filter = all;
	prog->len = (unsigned short)(prog->len + n);
}

/* ---- */

static int flags_of(const struct oci_seccomp *p, unsigned *out, struct err *e)
{
	/* Without a word: no slow-down against speculation, as runc does since 1.2. */
	*out = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	if (!p->flags.v)
		return 0;
	*out = 0;
	for (size_t i = 0; i < p->flags.n; i++) {
		uint32_t bit = 0;

		if (LOOKUP(flags, "flag", p->flags.v[i], &bit, e) < 0)
			return -1;
		*out |= bit;
	}
	return 0;
}

/* Who is asked needs a way to be asked; and write(2) is needed to say that there is a question. */
static int check_notify(const struct oci_seccomp *p, bool *used, struct err *e)
{
	if (str_eq(p->default_action, "SCMP_ACT_NOTIFY"))
		return err_set(e, ERR_INVALID, "SCMP_ACT_NOTIFY cannot be used as default action");
	for (size_t i = 0; i < p->syscalls.n; i++) {
		const struct oci_syscall *s = &p->syscalls.v[i];

		if (!str_eq(s->action, "SCMP_ACT_NOTIFY"))
			continue;
		*used = true;
		for (size_t k = 0; k < s->names.n; k++)
			if (str_eq(s->names.v[k], "write"))
				return err_set(
				        e, ERR_INVALID,
				        "SCMP_ACT_NOTIFY cannot be used for the write syscall");
	}
	if (*used && str_empty(p->listener_path))
		return err_set(e, ERR_INVALID,
		               "SCMP_ACT_NOTIFY is used but listenerPath is not specified");
	return 0;
}

int seccomp_compile(struct arena *a, const struct oci_seccomp *p, struct seccomp_filter *out,
                    struct err *e)
{
	scmp_filter_ctx ctx;
	uint32_t standard = 0;
	int rc;

	if (check_notify(p, &out->notifies, e) < 0 ||
	    action_of(p->default_action, p->default_errno_ret, &standard, e) < 0 ||
	    flags_of(p, &out->flags, e) < 0)
		return -1;
	ctx = seccomp_init(standard);
	if (!ctx)
		return err_set(e, ERR_INTERNAL, "libseccomp cannot start a filter");
	rc = fill(a, ctx, p, standard, e) < 0 ? -1 : export(a, ctx, &out->program, e);
	seccomp_release(ctx);
	if (rc == 0 && wants_enosys(standard))
		prepend_enosys(a, p, &out->program);
	return rc;
}
