/* What `create` and `run` share: flags and the way to a created container. */
#ifndef RUNC_CREATE_H
#define RUNC_CREATE_H

#include "runc/command.h"

struct create_flags {
	const char *bundle, *console_socket, *pidfd_socket, *pid_file;
	bool no_pivot, no_new_keyring;
	int64_t preserve_fds;
	/* run only */
	bool detach, keep, no_subreaper;
};

#define CREATE_FLAG(name, alias, kind, member, help)                                  \
	{                                                                             \
		name, alias, kind, offsetof(struct create_flags, member), help, false \
	}
#define CREATE_FLAGS                                                                              \
	CREATE_FLAG(                                                                              \
	        "bundle", "b", FLAG_STRING, bundle,                                               \
	        "path to the root of the bundle directory, defaults to the current directory"),   \
	        CREATE_FLAG("console-socket", "", FLAG_STRING, console_socket,                    \
	                    "path to an AF_UNIX socket which will receive the console's master"), \
	        CREATE_FLAG("pidfd-socket", "", FLAG_STRING, pidfd_socket,                        \
	                    "path to an AF_UNIX socket which will receive the pidfd of init"),    \
	        CREATE_FLAG("pid-file", "", FLAG_STRING, pid_file,                                \
	                    "specify the file to write the process id to"),                       \
	        CREATE_FLAG("no-pivot", "", FLAG_BOOL, no_pivot,                                  \
	                    "do not use pivot root to jail process inside rootfs"),               \
	        CREATE_FLAG("no-new-keyring", "", FLAG_BOOL, no_new_keyring,                      \
	                    "do not create a new session keyring for the container"),             \
	        CREATE_FLAG("preserve-fds", "", FLAG_INT, preserve_fds,                           \
	                    "pass N additional file descriptors to the container (stdio + "       \
	                    "$LISTEN_FDS + N)")

/* Fills *o from the flags, changes to the bundle, reads the configuration and creates. */
int create_from_flags(const struct call *call, const struct create_flags *f, struct oci_spec *spec,
                      struct create_options *o, struct container *out, struct err *e) must_check;

#endif
