/* See system.h. */
#include "engine/daemon/system.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/proc.h"
#include "engine/daemon/runtimes.h"

const char *system_arch(void)
{
#if defined(__x86_64__)
	return "amd64";
#elif defined(__aarch64__)
	return "arm64";
#elif defined(__riscv) && __riscv_xlen == 64
	return "riscv64";
#else
#error "system.c: add this architecture's name"
#endif
}

/* The first line that a program prints. */
static int first_line(const char *program, char *out, size_t size)
{
	const char *argv[] = { program, "--version", NULL };
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	_cleanup_close_ int in = -1, in_end = -1;
	struct proc_spawn spawn = { .file = program, .argv = argv };
	int fds[2];
	ssize_t n;
	pid_t pid;

	if (null < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	in = fds[0];
	in_end = fds[1];
	spawn.fd[0] = PROC_NULL;
	spawn.fd[1] = in_end;
	spawn.fd[2] = PROC_NULL;
	pid = proc_spawn(&spawn, NULL, NULL);
	fd_close(&in_end);
	if (pid < 0)
		return -1;
	n = fd_read_full(in, out, size - 1, NULL);
	out[MAX(n, 0)] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return proc_wait(pid, NULL);
}

const char *system_runc_version(struct engine *g, struct arena *a)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static char version[64];
	static bool asked;
	const char *program = runtime_program(g, a, NULL, NULL);
	char line[256];
	const char *v;

	pthread_mutex_lock(&lock);
	if (!asked && program && first_line(program, line, sizeof(line)) == 0 &&
	    (v = str_after(line, "runc version ")))
		str_copy(version, sizeof(version), v);
	asked = true;
	pthread_mutex_unlock(&lock);
	return arena_strdup(a, version);
}

/* The value of NAME= in a shell-like file, without its quotes. */
static const char *os_value(struct arena *a, const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		if (strncmp(line, name, len) == 0) {
			const char *v = line + len;
			size_t vn = n - len;

			if (vn >= 2 && *v == '"')
				return arena_strndup(a, v + 1, vn - 2);
			return arena_strndup(a, v, vn);
		}
		line += n + (line[n] == '\n');
	}
	return "";
}

struct system_os system_os(struct arena *a)
{
	struct slice text;

	if (file_read(a, AT_FDCWD, "/etc/os-release", LIMIT_SMALL_FILE, &text, NULL) < 0)
		return (struct system_os){ "Linux", "" };
	return (struct system_os){ os_value(a, text.data, "PRETTY_NAME="),
		                   os_value(a, text.data, "VERSION_ID=") };
}

int64_t system_memory(void)
{
	struct sysinfo s;

	return sysinfo(&s) < 0 ? 0 : (int64_t)s.totalram * s.mem_unit;
}

int64_t system_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

bool system_cgroup_v2(void)
{
	return path_exists("/sys/fs/cgroup/cgroup.controllers");
}
