/*
 * Digests: "sha256:<64 hex digits>", how the OCI specifications name content.
 *
 * The algorithm is sha256; sha384 and sha512 are recognised as valid references but not computed.
 * The hashing is OpenSSL's assembly, linked from the static libcrypto: those few objects cost 25
 * KB, where the shared library costs each daemon a millisecond and 400 KB of relocations at start.
 */
#ifndef OCI_DIGEST_H
#define OCI_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/macros.h"

#define DIGEST_PREFIX "sha256:"
#define DIGEST_HEX    64
#define DIGEST_LEN    (7 + DIGEST_HEX)
#define DIGEST_SIZE   (DIGEST_LEN + 1)

/* A running hash; a plain value that may be copied to read an intermediate result. */
struct digester {
	uint64_t bytes;      /* how many went in */
	uint64_t opaque[16]; /* OpenSSL's state */
};

void digester_init(struct digester *d);
void digester_add(struct digester *d, const void *p, size_t n);
/* Writes "sha256:..." and leaves the digester as it is: more may be added. */
void digester_text(const struct digester *d, char dst[DIGEST_SIZE]);

/* Of bytes in memory. */
void digest_of(const void *p, size_t n, char dst[DIGEST_SIZE]);
/* The 64 hex digits alone, for names that are hashes without the prefix. */
void sha256_hex(const void *p, size_t n, char dst[DIGEST_HEX + 1]);

/* Of all that a descriptor gives from where it stands to its end. */
int digest_of_fd(int fd, char dst[DIGEST_SIZE], uint64_t *bytes, struct err *e) must_check;

bool digest_is_valid(
        const char *s); /* sha256, sha384 or sha512, lower-case hex of the right length */
bool digest_is_sha256(const char *s);  /* what the stores accept */
const char *digest_hex(const char *s); /* what follows the colon; s must be valid */

/* ERR_INVALID with Docker's words when `s` is no digest. */
int digest_check(const char *s, struct err *e) must_check;

/*
 * Chain identity of a stack of layers (OCI image specification, "Layer ChainID"): the snapshot key
 * of that stack. chain_next(NULL, diff) is diff itself; `dst` may be `parent`.
 */
void chain_next(const char *parent, const char *diff, char dst[DIGEST_SIZE]);

#endif
