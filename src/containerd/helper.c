/* Helpers. See helper.h. */
#include "containerd/helper.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/proc.h"

#define OUTPUT_MAX 4096

const char *helper_path(struct arena *a, const char *name)
{
	return proc_beside(a, arena_printf(a, "../libexec/lighter/%s", name));
}

int helper_output(struct err *e)
{
	int fd = memfd_create("helper", MFD_CLOEXEC);

	return fd < 0 ? err_errno(e, errno, "memfd") : fd;
}

const char *helper_text(struct arena *a, int fd)
{
	char *text = arena_alloc(a, OUTPUT_MAX);
	ssize_t n = pread(fd, text, OUTPUT_MAX - 1, 0);

	text[MAX(n, 0)] = '\0';
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		text[--n] = '\0';
	return text;
}
