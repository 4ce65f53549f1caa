/* The service manager. See notify.h. */
#include "base/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"

static struct {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int alive_every;
} claimed;

static void notify(const char *state)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	const char *path = claimed.path[0] ? claimed.path : getenv("NOTIFY_SOCKET");
	_cleanup_close_ int fd = -1;
	socklen_t len;

	if (!path || !str_copy(sa.sun_path, sizeof(sa.sun_path), path))
		return;
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (sa.sun_path[0] == '@')
		sa.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&sa, len);
}

void notify_ready(void)
{
	notify("READY=1");
}

/* systemd 253 tells two reloads apart by the time. */
void notify_reloading(void)
{
	struct timespec now;
	char text[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
	         (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	notify(text);
}

void notify_stopping(void)
{
	notify("STOPPING=1");
}

static int watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t us, owner;

	if (!usec || !str_u64(usec, &us) ||
	    (pid && (!str_u64(pid, &owner) || owner != (uint64_t)getpid())))
		return 0;
	return (int)MIN(us / 2000, (uint64_t)INT32_MAX);
}

void notify_claim(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (!path || !str_copy(claimed.path, sizeof(claimed.path), path))
		claimed.path[0] = '\0';
	claimed.alive_every = watchdog_ms();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

int notify_alive_every(void)
{
	return claimed.alive_every;
}

void notify_alive(void)
{
	notify("WATCHDOG=1");
}
