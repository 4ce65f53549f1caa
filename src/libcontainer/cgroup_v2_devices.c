/*
 * Device rules on cgroup v2: a BPF program of type CGROUP_DEVICE, made from the rules and attached
 * to the container's cgroup. The last rule that matches decides, so the program tests them from the
 * last to the first. Kernel: admin-guide/cgroup-v2.rst "Device controller"; linux/bpf.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "libcontainer/cgroup_internal.h"
#include "base/fd.h"

/* struct bpf_cgroup_dev_ctx: access_type (access << 16 | type), major, minor. */
enum { R_TYPE = BPF_REG_2, R_ACCESS = BPF_REG_3, R_MAJOR = BPF_REG_4, R_MINOR = BPF_REG_5 };

struct program {
	size_t n;
	struct bpf_insn *v;
};

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ \
	        .code = (c), .dst_reg = (d), .src_reg = (s), .off = (short)(o), .imm = (i) })

static void emit_entry(struct arena *a, struct program *p)
{
	arena_push(a, p, INSN(BPF_LDX | BPF_MEM | BPF_W, R_TYPE, BPF_REG_1, 0, 0));
	arena_push(a, p, INSN(BPF_ALU | BPF_MOV | BPF_X, R_ACCESS, R_TYPE, 0, 0));
	arena_push(a, p, INSN(BPF_ALU | BPF_AND | BPF_K, R_TYPE, 0, 0, 0xffff));
	arena_push(a, p, INSN(BPF_ALU | BPF_RSH | BPF_K, R_ACCESS, 0, 0, 16));
	arena_push(a, p, INSN(BPF_LDX | BPF_MEM | BPF_W, R_MAJOR, BPF_REG_1, 4, 0));
	arena_push(a, p, INSN(BPF_LDX | BPF_MEM | BPF_W, R_MINOR, BPF_REG_1, 8, 0));
}

static void emit_verdict(struct arena *a, struct program *p, bool allow)
{
	arena_push(a, p, INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow));
	arena_push(a, p, INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

static int access_bits(const char *access)
{
	int bits = 0;

	for (const char *c = str_empty(access) ? "rwm" : access; *c; c++)
		bits |= *c == 'r'   ? BPF_DEVCG_ACC_READ
		        : *c == 'w' ? BPF_DEVCG_ACC_WRITE
		                    : BPF_DEVCG_ACC_MKNOD;
	return bits;
}

#define ALL_ACCESS (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD)

/* Every test that fails jumps behind the rule: `from` is where the rule's tests begin. */
static void patch_jumps(struct program *p, size_t from)
{
	for (size_t i = from; i < p->n; i++)
		if (BPF_CLASS(p->v[i].code) == BPF_JMP && BPF_OP(p->v[i].code) == BPF_JNE)
			p->v[i].off = (short)(p->n - i - 1);
}

/* True when the rule has tests; one without matches all, and nothing behind it is reachable. */
static bool emit_rule(struct arena *a, struct program *p, const struct oci_device_rule *r)
{
	size_t from = p->n;
	bool all = str_empty(r->type) || str_eq(r->type, "a"), tests;
	int bits = access_bits(r->access);

	if (!all)
		arena_push(a, p,
		           INSN(BPF_JMP | BPF_JNE | BPF_K, R_TYPE, 0, 0,
		                *r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
	if (bits != ALL_ACCESS) {
		/* all that is asked for must be in the rule */
		arena_push(a, p, INSN(BPF_ALU | BPF_MOV | BPF_X, BPF_REG_1, R_ACCESS, 0, 0));
		arena_push(a, p, INSN(BPF_ALU | BPF_AND | BPF_K, BPF_REG_1, 0, 0, bits));
		arena_push(a, p, INSN(BPF_JMP | BPF_JNE | BPF_X, BPF_REG_1, R_ACCESS, 0, 0));
	}
	if (r->major.set && r->major.value >= 0)
		arena_push(a, p,
		           INSN(BPF_JMP | BPF_JNE | BPF_K, R_MAJOR, 0, 0, (int)r->major.value));
	if (r->minor.set && r->minor.value >= 0)
		arena_push(a, p,
		           INSN(BPF_JMP | BPF_JNE | BPF_K, R_MINOR, 0, 0, (int)r->minor.value));
	tests = p->n > from;
	emit_verdict(a, p, r->allow);
	patch_jumps(p, from);
	return tests;
}

static void emit_program(struct arena *a, struct program *p,
                         const struct cgroup_device_rules *rules)
{
	emit_entry(a, p);
	for (size_t i = rules->n; i-- > 0;)
		if (!emit_rule(a, p, &rules->v[i]))
			return;
	emit_verdict(a, p, false);
}

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int load(const struct program *p, struct err *e)
{
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		                .insn_cnt = (unsigned)p->n,
		                .insns = (uintptr_t)p->v,
		                .license = (uintptr_t) "Apache" };
	int fd = bpf(BPF_PROG_LOAD, &attr);

	return fd < 0 ? err_errno(e, errno, "load device program") : fd;
}

#define MAX_ATTACHED 64

/* What was there before goes, once the new one is in: an update never leaves a gap. */
static int replace(int cgroup, int program, struct err *e)
{
	uint32_t ids[MAX_ATTACHED];
	union bpf_attr query = { .query = { .target_fd = (unsigned)cgroup,
		                            .attach_type = BPF_CGROUP_DEVICE,
		                            .prog_ids = (uintptr_t)ids,
		                            .prog_cnt = MAX_ATTACHED } };
	union bpf_attr attach = { .target_fd = (unsigned)cgroup,
		                  .attach_bpf_fd = (unsigned)program,
		                  .attach_type = BPF_CGROUP_DEVICE,
		                  .attach_flags = BPF_F_ALLOW_MULTI };

	if (bpf(BPF_PROG_QUERY, &query) < 0)
		query.query.prog_cnt = 0;
	if (bpf(BPF_PROG_ATTACH, &attach) < 0)
		return err_errno(e, errno, "attach device program");
	for (uint32_t i = 0; i < query.query.prog_cnt; i++) {
		union bpf_attr get = { .prog_id = ids[i] };
		_cleanup_close_ int old = bpf(BPF_PROG_GET_FD_BY_ID, &get);
		union bpf_attr detach = { .target_fd = (unsigned)cgroup,
			                  .attach_bpf_fd = (unsigned)old,
			                  .attach_type = BPF_CGROUP_DEVICE };

		if (old < 0 || bpf(BPF_PROG_DETACH, &detach) < 0)
			return err_errno(e, errno, "detach the former device program");
	}
	return 0;
}

int cgroup_v2_attach_device_program(const char *path, const struct cgroup_device_rules *rules,
                                    struct err *e)
{
	_cleanup_close_ int cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
	_cleanup_arena_ struct arena a = { 0 };
	struct program p = { 0 };

	if (cgroup < 0)
		return err_errno(e, errno, "open %s", path);
	emit_program(&a, &p, rules);
	fd = load(&p, e);
	return fd < 0 ? -1 : replace(cgroup, fd, e);
}
