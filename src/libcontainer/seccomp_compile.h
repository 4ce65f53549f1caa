/* From a seccomp profile to BPF, by libseccomp. The words that profiles use are tables here. */
#ifndef LIBCONTAINER_SECCOMP_COMPILE_H
#define LIBCONTAINER_SECCOMP_COMPILE_H

#include "libcontainer/seccomp_filter.h"

int seccomp_compile(struct arena *a, const struct oci_seccomp *profile, struct seccomp_filter *out,
                    struct err *e) must_check;

uint32_t seccomp_library_version(void);

/* For `runc features`: the known words, NULL past the last. */
const char *seccomp_action_word(size_t i);
const char *seccomp_operator_word(size_t i);
const char *seccomp_arch_word(size_t i);
const char *seccomp_flag_word(size_t i);

#endif
