/* runc features: what this runtime knows, as runtime-spec's features.md has it. */
#include <stdio.h>
#include "oci/capabilities.h"
#include "libcontainer/mount_options.h"
#include "libcontainer/namespaces.h"
#include "libcontainer/seccomp_compile.h"
#include "runc/command.h"

#define FEATURES_CGROUP(F)                      \
	F(BOOL, v1, "v1", 0)                    \
	F(BOOL, v2, "v2", 0)                    \
	F(BOOL, systemd, "systemd", 0)          \
	F(BOOL, systemd_user, "systemdUser", 0) \
	F(BOOL, rdma, "rdma", 0)
JSON_STRUCT(features_cgroup, FEATURES_CGROUP)
JSON_TYPE(features_cgroup, FEATURES_CGROUP)

#define FEATURES_SECCOMP(F)                            \
	F(BOOL, enabled, "enabled", 0)                 \
	F(STRS, actions, "actions", OMIT_EMPTY)        \
	F(STRS, operators, "operators", OMIT_EMPTY)    \
	F(STRS, archs, "archs", OMIT_EMPTY)            \
	F(STRS, known_flags, "knownFlags", OMIT_EMPTY) \
	F(STRS, supported_flags, "supportedFlags", OMIT_EMPTY)
JSON_STRUCT(features_seccomp, FEATURES_SECCOMP)
JSON_TYPE(features_seccomp, FEATURES_SECCOMP)

#define FEATURES_ENABLED(F) F(BOOL, enabled, "enabled", 0)
JSON_STRUCT(features_enabled, FEATURES_ENABLED)
JSON_TYPE(features_enabled, FEATURES_ENABLED)

#define FEATURES_MOUNTS(F) F(OBJ, idmap, "idmap", OMIT_EMPTY, features_enabled)
JSON_STRUCT(features_mounts, FEATURES_MOUNTS)
JSON_TYPE(features_mounts, FEATURES_MOUNTS)

#define FEATURES_LINUX(F)                                           \
	F(STRS, namespaces, "namespaces", OMIT_EMPTY)               \
	F(STRS, capabilities, "capabilities", OMIT_EMPTY)           \
	F(OBJ, cgroup, "cgroup", OMIT_EMPTY, features_cgroup)       \
	F(OBJ, seccomp, "seccomp", OMIT_EMPTY, features_seccomp)    \
	F(OBJ, apparmor, "apparmor", OMIT_EMPTY, features_enabled)  \
	F(OBJ, selinux, "selinux", OMIT_EMPTY, features_enabled)    \
	F(OBJ, intel_rdt, "intelRdt", OMIT_EMPTY, features_enabled) \
	F(OBJ, mounts, "mountExtensions", OMIT_EMPTY, features_mounts)
JSON_STRUCT(features_linux, FEATURES_LINUX)
JSON_TYPE(features_linux, FEATURES_LINUX)

#define FEATURES(F)                               \
	F(STR, version_min, "ociVersionMin", 0)   \
	F(STR, version_max, "ociVersionMax", 0)   \
	F(STRS, hooks, "hooks", 0)                \
	F(STRS, mount_options, "mountOptions", 0) \
	F(OBJ, linux, "linux", 0, features_linux) \
	F(MAP, annotations, "annotations", OMIT_EMPTY)
JSON_STRUCT(features, FEATURES)
JSON_TYPE(features, FEATURES)

static void add_words(struct arena *a, const char *(*word)(size_t), struct strs *out)
{
	for (size_t i = 0; word(i); i++)
		arena_push(a, out, word(i));
}

static const char *capability_word(size_t i)
{
	return capability_name((unsigned)i);
}

static const char *namespace_word(size_t i)
{
	return i < NAMESPACE_KINDS ? namespace_kinds[i].type : NULL;
}

static const char *hook_word(size_t i)
{
	static const char *const names[] = { "prestart",       "createRuntime", "createContainer",
		                             "startContainer", "poststart",     "poststop" };

	return i < ARRAY_LEN(names) ? names[i] : NULL;
}

static int run(const struct call *call, struct err *e)
{
	struct arena *a = call->a;
	struct features_enabled yes = { true }, no = { false };
	struct features_cgroup cgroup = { .v1 = true, .v2 = true };
	struct features_seccomp seccomp = { .enabled = true };
	struct features_mounts mounts = { &yes };
	struct features_linux linux = { .cgroup = &cgroup,
		                        .seccomp = &seccomp,
		                        .apparmor = &yes,
		                        .selinux = &yes,
		                        .intel_rdt = &no,
		                        .mounts = &mounts };
	struct features f = { .version_min = "1.0.0",
		              .version_max = OCI_RUNTIME_VERSION,
		              .linux = &linux };
	_cleanup_buf_ struct buf b = { 0 };
	struct json_value v;

	add_words(a, hook_word, &f.hooks);
	add_words(a, mount_options_word, &f.mount_options);
	add_words(a, namespace_word, &linux.namespaces);
	add_words(a, capability_word, &linux.capabilities);
	add_words(a, seccomp_action_word, &seccomp.actions);
	add_words(a, seccomp_operator_word, &seccomp.operators);
	add_words(a, seccomp_arch_word, &seccomp.archs);
	add_words(a, seccomp_flag_word, &seccomp.known_flags);
	seccomp.supported_flags = seccomp.known_flags;
	json_map_set(a, &f.annotations, "org.opencontainers.runc.version", RUNC_VERSION);
	if (json_parse(a, slice_of(json_text(a, &features_type, &f)), &v, e) < 0)
		return -1;
	json_write(&b, &v, "    ");
	printf("%s\n", b.data);
	return 0;
}

const struct command cmd_features = {
	.name = "features",
	.args = "",
	.summary = "show the enabled features",
	.flags = NO_FLAGS,
	.run = run,
};
