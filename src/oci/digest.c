/* Digests. See digest.h. */
#include "oci/digest.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#define OPENSSL_SUPPRESS_DEPRECATED /* EVP would drag all of libcrypto in */
#include <openssl/sha.h>
#include "base/limits.h"
#include "base/str.h"

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((struct digester *)0)->opaque),
               "digester holds a SHA256_CTX");

static SHA256_CTX *state(struct digester *d)
{
	return (SHA256_CTX *)(void *)d->opaque;
}

void digester_init(struct digester *d)
{
	d->bytes = 0;
	SHA256_Init(state(d));
}

void digester_add(struct digester *d, const void *p, size_t n)
{
	d->bytes += n;
	SHA256_Update(state(d), p, n);
}

static void digester_hex(const struct digester *d, char dst[DIGEST_HEX + 1])
{
	unsigned char sum[SHA256_DIGEST_LENGTH];
	struct digester copy = *d;

	SHA256_Final(sum, state(&copy));
	hex_encode(dst, sum, sizeof(sum));
}

void digester_text(const struct digester *d, char dst[DIGEST_SIZE])
{
	memcpy(dst, DIGEST_PREFIX, strlen(DIGEST_PREFIX));
	digester_hex(d, dst + strlen(DIGEST_PREFIX));
}

void sha256_hex(const void *p, size_t n, char dst[DIGEST_HEX + 1])
{
	struct digester d;

	digester_init(&d);
	digester_add(&d, p, n);
	digester_hex(&d, dst);
}

void digest_of(const void *p, size_t n, char dst[DIGEST_SIZE])
{
	memcpy(dst, DIGEST_PREFIX, strlen(DIGEST_PREFIX));
	sha256_hex(p, n, dst + strlen(DIGEST_PREFIX));
}

int digest_of_fd(int fd, char dst[DIGEST_SIZE], uint64_t *bytes, struct err *e)
{
	char chunk[32 * KIB];
	struct digester d;
	ssize_t n;

	digester_init(&d);
	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, errno, "read");
		digester_add(&d, chunk, (size_t)n);
	}
	digester_text(&d, dst);
	if (bytes)
		*bytes = d.bytes;
	return 0;
}

static const struct {
	const char *prefix;
	size_t hex;
} algorithms[] = {
	{ "sha256:", 64 },
	{ "sha384:", 96 },
	{ "sha512:", 128 },
};

bool digest_is_valid(const char *s)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		const char *hex = str_after(s, algorithms[i].prefix);

		if (hex)
			return str_is_hex(hex, algorithms[i].hex);
	}
	return false;
}

bool digest_is_sha256(const char *s)
{
	const char *hex = str_after(s, DIGEST_PREFIX);

	return hex && str_is_hex(hex, DIGEST_HEX);
}

const char *digest_hex(const char *s)
{
	return strchr(s, ':') + 1;
}

int digest_check(const char *s, struct err *e)
{
	if (str_empty(s) || !strchr(s, ':'))
		return err_set(e, ERR_INVALID, "invalid checksum digest format: \"%s\"",
		               s ? s : "");
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		const char *hex = str_after(s, algorithms[i].prefix);

		if (!hex)
			continue;
		if (strlen(hex) != algorithms[i].hex)
			return err_set(e, ERR_INVALID, "invalid checksum digest length: %s", s);
		if (!str_is_hex(hex, algorithms[i].hex))
			return err_set(e, ERR_INVALID, "invalid checksum digest format: %s", s);
		return 0;
	}
	return err_set(e, ERR_INVALID, "unsupported digest algorithm: %s", s);
}

void chain_next(const char *parent, const char *diff, char dst[DIGEST_SIZE])
{
	char both[2 * DIGEST_LEN + 1];

	if (!parent) {
		memmove(dst, diff, DIGEST_SIZE);
		return;
	}
	memcpy(both, parent, DIGEST_LEN);
	both[DIGEST_LEN] = ' ';
	memcpy(both + DIGEST_LEN + 1, diff, DIGEST_LEN);
	digest_of(both, sizeof(both), dst);
}
