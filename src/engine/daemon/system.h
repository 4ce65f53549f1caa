/* What this machine and this build are, for version and info. */
#ifndef ENGINE_DAEMON_SYSTEM_H
#define ENGINE_DAEMON_SYSTEM_H

#include "engine/engine.h"

#define SYSTEM_BUILD_TIME "" /* a build says the same every time */
#define SYSTEM_COMMIT     ""

const char *system_arch(void); /* Go's name: "amd64" */

/* "1.1.5" of the runtime in use, asked once a run. "" when it does not answer. */
const char *system_runc_version(struct engine *g, struct arena *a);

/* PRETTY_NAME and VERSION_ID of /etc/os-release. */
struct system_os {
	const char *name, *version;
};
struct system_os system_os(struct arena *a);

int64_t system_memory(void); /* bytes */
int64_t system_cpus(void);
bool system_cgroup_v2(void);

#endif
