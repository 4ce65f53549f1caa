/* Seccomp: installing, and the cache of compiled profiles. See seccomp_filter.h and seccomp(2). */
#include "libcontainer/seccomp_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "libcontainer/seccomp_compile.h"
#include "base/fd.h"
#include "base/file.h"

/*
 * A cache file: header, the profile's text, the program. It is used only when the text is the same
 * byte for byte, so the hash that names the file need not be a strong one.
 */
#define CACHE_FORMAT 2
#define CACHE_LIMIT  (1 << 20)

struct cache_header {
	uint32_t format, flags;
	uint32_t text_size, program_count;
	uint32_t library; /* libseccomp's version */
	uint32_t notifies;
};

static uint64_t fnv1a(const void *p, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const unsigned char *)p)[i]) * UINT64_C(0x100000001b3);
	return h;
}

static bool cache_load(struct arena *a, const char *path, struct slice text,
                       struct seccomp_filter *out)
{
	struct cache_header h;
	struct slice file;
	size_t size;

	if (file_read(a, AT_FDCWD, path, CACHE_LIMIT, &file, NULL) < 0 || file.len < sizeof(h))
		return false;
	memcpy(&h, file.data, sizeof(h));
	size = h.program_count * sizeof(struct sock_filter);
	if (h.format != CACHE_FORMAT || h.library != seccomp_library_version() ||
	    h.text_size != text.len || h.program_count > BPF_MAXINSNS ||
	    file.len != sizeof(h) + text.len + size ||
	    memcmp(file.data + sizeof(h), text.data, text.len) != 0)
		return false;
	out->flags = h.flags;
	out->notifies = h.notifies;
	out->program.len = (unsigned short)h.program_count;
	out->program.filter = arena_memdup(a, file.data + sizeof(h) + text.len, size);
	return true;
}

/* Not to have it is only slow. */
static void cache_store(const char *dir, const char *path, struct slice text,
                        const struct seccomp_filter *f)
{
	struct cache_header h = { .format = CACHE_FORMAT,
		                  .flags = f->flags,
		                  .text_size = (uint32_t)text.len,
		                  .program_count = f->program.len,
		                  .library = seccomp_library_version(),
		                  .notifies = f->notifies };
	_cleanup_buf_ struct buf b = { 0 };

	buf_add(&b, &h, sizeof(h));
	buf_add(&b, text.data, text.len);
	buf_add(&b, f->program.filter, f->program.len * sizeof(struct sock_filter));
	if (dir_make(dir, 0700, NULL) < 0 ||
	    file_replace_path(path, b.data, b.len, 0600, FILE_VOLATILE, NULL) < 0)
		return;
}

int seccomp_prepare(struct arena *a, const struct oci_seccomp *profile, const char *cache_dir,
                    struct seccomp_filter *out, struct err *e)
{
	_cleanup_buf_ struct buf text = { 0 };
	struct slice key;
	const char *path;

	json_encode(&text, &oci_seccomp_type, profile);
	key = (struct slice){ text.data, text.len };
	path = arena_printf(a, "%s/%016llx", cache_dir,
	                    (unsigned long long)fnv1a(key.data, key.len));
	if (cache_load(a, path, key, out))
		return 0;
	if (seccomp_compile(a, profile, out, e) < 0)
		return -1;
	cache_store(cache_dir, path, key, out);
	return 0;
}

int seccomp_install(const struct seccomp_filter *f, struct err *e)
{
	unsigned flags = f->flags | (f->notifies ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0);
	long fd;

	/* Both say "failed" by their return value: together the kernel wants them told apart. */
	if (f->notifies && (flags & SECCOMP_FILTER_FLAG_TSYNC))
		flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &f->program);
	return fd < 0 ? err_errno(e, errno, "load seccomp filter") : (int)fd;
}

int seccomp_send_listener(const struct oci_seccomp *profile, int listener, pid_t pid,
                          const struct oci_state *state, struct err *e)
{
	static const char *names[] = { "seccompFd" };
	struct oci_state copy = *state;
	struct oci_process_state p = { .oci_version = state->oci_version,
		                       .fds = { 1, names },
		                       .pid = pid,
		                       .metadata = profile->listener_metadata,
		                       .state = &copy };
	_cleanup_close_ int sock = unix_connect(profile->listener_path, e);
	_cleanup_buf_ struct buf text = { 0 };

	if (sock < 0)
		return err_wrap(e, "failed to connect with seccomp agent");
	json_encode(&text, &oci_process_state_type, &p);
	return fd_send(sock, listener, text.data, text.len, e);
}
