/*
 * pack: the reverse of unpack. Standard input is a directory, the upper one of an overlayfs; the
 * layer that it is goes to standard output as an uncompressed tar, overlayfs's whiteouts as OCI's.
 *
 * Exit code 1 with one line on standard error when that fails. It may read everything, and change
 * nothing (helpers/sandbox.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>
#include "base/fd.h"
#include "helpers/files/files.h"
#include "helpers/sandbox.h"

#define CAP(name) (1ULL << CAP_##name)

/* SYS_ADMIN is for trusted.* attributes. */
#define CAPABILITIES (CAP(DAC_READ_SEARCH) | CAP(SYS_ADMIN))

static int run(struct err *e)
{
	_cleanup_close_ int procfs = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (procfs < 0)
		return err_errno(e, errno, "open /proc/self/fd");
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return err_set(e, ERR_INTERNAL, "the C.UTF-8 locale is missing");
	if (sandbox_enter(&(struct sandbox){ .root = -1, .keep = CAPABILITIES }, e) < 0)
		return -1;
	return read_layer(STDIN_FILENO, procfs, e);
}

int main(void)
{
	struct err e = { 0 };

	if (run(&e) == 0)
		return 0;
	fprintf(stderr, "%s\n", e.text);
	return 1;
}
