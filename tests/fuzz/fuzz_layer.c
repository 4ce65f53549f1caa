/*
 * Layers: any bytes, as a compressed or plain tar, unpacked into a directory on tmpfs. Beside it
 * lies a canary that must stay as it is, whatever the entries are called.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "helpers/unpack/layer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char home[] = "/dev/shm/fuzz-layer-XXXXXX";
static char target[sizeof(home) + 2];
static int home_fd, start_fd;

static void check_canary(void)
{
	struct stat st;

	if (fstatat(home_fd, "canary", &st, 0) < 0 || st.st_size != 0 || st.st_mtime != 1 ||
	    st.st_nlink != 1 || st.st_mode != (S_IFREG | 0640))
		abort();
}

static void remove_home(void)
{
	(void)!tree_remove(home_fd, "t", NULL);
	unlinkat(home_fd, "canary", 0);
	rmdir(home);
}

static void set_up(void)
{
	static const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	int fd;

	umask(0);
	if (!mkdtemp(home))
		abort();
	snprintf(target, sizeof(target), "%s/t", home);
	start_fd = open(".", O_PATH | O_CLOEXEC);
	home_fd = open(home, O_PATH | O_CLOEXEC);
	fd = openat(home_fd, "canary", O_CREAT | O_WRONLY | O_CLOEXEC, 0640);
	atexit(remove_home);
	if (start_fd < 0 || fd < 0 || futimens(fd, old) < 0)
		abort();
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	_cleanup_close_ int in = memfd_create("layer", MFD_CLOEXEC);
	struct tree t;
	struct stream *s;
	struct err e = { 0 };

	if (!ready)
		set_up();
	ready = true;
	if (write(in, data, size) != (ssize_t)size || lseek(in, 0, SEEK_SET) != 0 ||
	    mkdir(target, 0755) < 0)
		abort();
	if (tree_open(&t, target, &e) < 0 || !(s = stream_new(in, "auto", &e)))
		abort();
	(void)!layer_apply(s, &t, &(struct layer_options){ 0 }, &e);
	stream_free(s);
	tree_close(&t);
	if (fchdir(start_fd) < 0 || tree_remove(home_fd, "t", &e) < 0)
		abort();
	check_canary();
	return 0;
}
