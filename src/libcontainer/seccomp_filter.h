/*
 * Seccomp: a profile of the configuration becomes a BPF program. libseccomp compiles it, once per
 * profile and version: the result is cached under the state root.
 * The program is made by the runtime before the container's process exists, and installed by that.
 */
#ifndef LIBCONTAINER_SECCOMP_FILTER_H
#define LIBCONTAINER_SECCOMP_FILTER_H

#include <linux/filter.h>
#include "oci/runtime.h"
#include "base/arena.h"
#include "base/err.h"

struct seccomp_filter {
	struct sock_fprog program;
	unsigned flags; /* SECCOMP_FILTER_FLAG_* */
	bool notifies;  /* SCMP_ACT_NOTIFY is used: installing it gives a listener */
};

/* The program of a profile, from the cache or compiled; everything lives in the arena. */
int seccomp_prepare(struct arena *a, const struct oci_seccomp *profile, const char *cache_dir,
                    struct seccomp_filter *out, struct err *e) must_check;

/* In the container's process. Returns the listener's descriptor when f->notifies, else 0. */
int seccomp_install(const struct seccomp_filter *f, struct err *e) must_check;

/*
 * In the runtime: hands the listener to who answers the notifications, on the profile's socket,
 * with the state of the container and of the process.
 */
int seccomp_send_listener(const struct oci_seccomp *profile, int listener, pid_t pid,
                          const struct oci_state *state, struct err *e) must_check;

#endif
