/*
 * hello: the program of the hello-world image. It prints a greeting and ends; with --wait it prints
 * it and stays until SIGTERM or SIGINT.
 *
 * Static and without a C library: it is the only file in its container, it starts in no time, and
 * the image is a few KB.
 */
#include "start.h"

#include <signal.h>

static const char greeting[] =
        "\n"
        "Hello from Lighter!\n"
        "This text comes out of a container, so every part of your installation did its work.\n"
        "\n"
        "On its way to you the request went through these programs:\n"
        " 1. docker      asked the engine, over its REST interface, to run the image "
        "\"hello-world\".\n"
        " 2. dockerd     found the image (it comes with Lighter; others are pulled from a "
        "registry)\n"
        "                and asked containerd, over gRPC, for a file system and a task.\n"
        " 3. containerd  stacked the image's layers into that file system and started a shim.\n"
        " 4. the shim    (containerd-shim-runc-v2) called runc, and stays with the container.\n"
        " 5. runc        made the namespaces and limits, started this program in them, and is "
        "gone.\n"
        " 6. hello       wrote these lines into a pipe. dockerd logged them and passed them to "
        "docker,\n"
        "                which shows them on your terminal.\n"
        "\n"
        "Next, have a look around in a container with a shell:\n"
        "    docker run -it --rm busybox sh\n"
        "\n";

static int same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static int say(const char *text, unsigned long n)
{
	while (n > 0) {
		long done = sys_call(SYS_write, 1, (long)text, (long)n, 0);

		if (done < 0)
			return 1;
		text += done;
		n -= (unsigned long)done;
	}
	return 0;
}

/* As PID 1 of its container the program gets only signals that it asks for. */
#define WANTED (1UL << (SIGTERM - 1) | 1UL << (SIGINT - 1))

static void wait_for_the_end(void)
{
	unsigned long wanted = WANTED;

	sys_call(SYS_rt_sigprocmask, SIG_BLOCK, (long)&wanted, 0, sizeof(wanted));
	while (sys_call(SYS_rt_sigtimedwait, (long)&wanted, 0, 0, sizeof(wanted)) < 0)
		;
}

int hello_main(int argc, char **argv)
{
	int code = say(greeting, sizeof(greeting) - 1);

	if (argc > 1 && same(argv[1], "--wait"))
		wait_for_the_end();
	return code;
}
