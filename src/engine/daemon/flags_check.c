/* What a value of a flag or key may be: one function a rule, named in flags.def. */
#include "engine/daemon/flags_internal.h"

#include <arpa/inet.h>
#include "engine/engine.h"

static int invalid(struct err *e, const char *fmt, const char *text)
{
	return err_set(e, ERR_INVALID, "%s%s", text, fmt);
}

int check_absolute(const char *s, struct err *e)
{
	return s[0] == '/' ? 0 : invalid(e, " is not an absolute path", s);
}

int check_true(const char *s, struct err *e)
{
	if (str_eq(s, "true"))
		return 0;
	return err_set(e, ERR_UNIMPLEMENTED, "false is not supported yet");
}

int check_host(const char *s, struct err *e)
{
	if (str_starts(s, "unix://") || str_starts(s, "tcp://") || str_starts(s, "fd://"))
		return 0;
	return err_set(e, ERR_INVALID,
	               "Invalid bind address format: %s (expected unix://, tcp:// or fd://)", s);
}

int check_namespace(const char *s, struct err *e)
{
	size_t n = strlen(s);
	size_t ok = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");

	return n > 0 && n <= 76 && ok == n ? 0
	                                   : invalid(e, " is not a valid containerd namespace", s);
}

int check_api_version(const char *s, struct err *e)
{
	const char *minor = str_after(s, "1.");
	uint64_t n;

	if (!minor || !str_u64(minor, &n))
		return err_set(e, ERR_INVALID, "invalid API version: %s", s);
	if (n < API_VERSION_MIN || n > API_VERSION_MAX)
		return err_set(e, ERR_INVALID,
		               "API version %s is not between 1.%d and 1.%d, which are answered", s,
		               API_VERSION_MIN, API_VERSION_MAX);
	return 0;
}

int check_log_level(const char *s, struct err *e)
{
	enum log_level level;

	return log_level_parse(s, &level) ? 0
	                                  : err_set(e, ERR_INVALID, "invalid logging level: %s", s);
}

int check_log_format(const char *s, struct err *e)
{
	if (str_eq(s, "text") || str_eq(s, "json"))
		return 0;
	return err_set(e, ERR_INVALID, "invalid log format: %s", s);
}

int check_label(const char *s, struct err *e)
{
	const char *eq = strchr(s, '=');

	return eq && eq != s ? 0 : err_set(e, ERR_INVALID, "bad attribute format: %s", s);
}

/* Features that Docker has: what we are anyway may be asked for, what we are not may be refused. */
int check_feature(const char *s, struct err *e)
{
	static const struct {
		const char *name;
		bool is;
	} known[] = {
		{ "containerd-snapshotter", true },
		{ "buildkit", false },
		{ "cdi", false },
		{ "windows-dns-proxy", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		const char *value = str_after(s, known[i].name);

		if (!value || *value != '=')
			continue;
		if (str_eq(value + 1, known[i].is ? "true" : "false"))
			return 0;
		return err_set(e, ERR_UNIMPLEMENTED, "feature %s is not supported", s);
	}
	return err_set(e, ERR_INVALID, "unknown feature: %s", s);
}

int check_oom_score(const char *s, struct err *e)
{
	int64_t n;

	if (str_i64(s, &n) && n >= -1000 && n <= 1000)
		return 0;
	return invalid(e, " is not between -1000 and 1000", s);
}

int check_positive(const char *s, struct err *e)
{
	int64_t n;

	return str_i64(s, &n) && n >= 1 ? 0 : invalid(e, " is not a positive number", s);
}

int check_mtu(const char *s, struct err *e)
{
	int64_t n;

	if (str_i64(s, &n) && n >= 0 && n <= 65535)
		return 0;
	return err_set(e, ERR_INVALID, "invalid default MTU: %s", s);
}

int check_proxy(const char *s, struct err *e)
{
	return *s && strpbrk(s, " \t\r\n") == NULL
	               ? 0
	               : err_set(e, ERR_INVALID, "invalid proxy URL: '%s'", s);
}

int check_seccomp(const char *s, struct err *e)
{
	if (!*s || str_eq(s, "builtin") || str_eq(s, "unconfined"))
		return 0;
	return err_set(e, ERR_UNIMPLEMENTED, "profiles from files are not supported yet: %s", s);
}

int check_cgroupns(const char *s, struct err *e)
{
	if (str_eq(s, "host") || str_eq(s, "private"))
		return 0;
	return err_set(e, ERR_INVALID,
	               "default cgroup namespace mode (%s) is invalid; use \"host\" or "
	               "\"private\"",
	               s);
}

int check_ipc(const char *s, struct err *e)
{
	if (str_eq(s, "private") || str_eq(s, "shareable"))
		return 0;
	return err_set(e, ERR_INVALID,
	               "default IPC mode setting (%s) is invalid; use \"shareable\" or "
	               "\"private\"",
	               s);
}

/* ---- addresses and names ---- */

int check_ip(const char *s, struct err *e)
{
	unsigned char bytes[16];

	if (inet_pton(AF_INET, s, bytes) == 1 || inet_pton(AF_INET6, s, bytes) == 1)
		return 0;
	return invalid(e, " is not an ip address", s);
}

int check_cidr(const char *s, struct err *e)
{
	size_t n = strcspn(s, "/");
	char address[INET_ADDRSTRLEN];
	unsigned char bytes[4];
	uint64_t bits;

	if (s[n] && n < sizeof(address) && str_u64(s + n + 1, &bits) && bits <= 32) {
		memcpy(address, s, n);
		address[n] = '\0';
		if (inet_pton(AF_INET, address, bytes) == 1)
			return 0;
	}
	return err_set(e, ERR_INVALID, "invalid CIDR address: %s", s);
}

/* Labels of letters, digits, '-' and '_', with dots between; "." alone means none. */
int check_domain(const char *s, struct err *e)
{
	static const char allowed[] =
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	const char *at = s;

	if (str_eq(s, "."))
		return 0;
	while (*at) {
		size_t n = strspn(at, allowed);

		if (n == 0 || n > 63)
			return invalid(e, " is not a valid domain", s);
		at += n;
		if (*at == '.')
			at++;
		else if (*at)
			return invalid(e, " is not a valid domain", s);
	}
	return at != s && at - s <= 255 ? 0 : invalid(e, " is not a valid domain", s);
}

int check_mirror(const char *s, struct err *e)
{
	const char *host = registry_without_scheme(s);

	if (host == s)
		return err_set(e, ERR_INVALID, "invalid mirror: unsupported scheme in \"%s\"", s);
	if (!*host || strpbrk(host, "?#@ "))
		return err_set(e, ERR_INVALID, "invalid mirror: query, fragment or user in \"%s\"",
		               s);
	return 0;
}

const char *registry_without_scheme(const char *s)
{
	const char *host = str_after(s, "http://");

	if (!host)
		host = str_after(s, "https://");
	return host ? host : s;
}

/* "host", "host:port", "10.0.0.0/8"; a scheme of HTTP before it is overlooked, as Docker does. */
int check_insecure(const char *s, struct err *e)
{
	const char *host = registry_without_scheme(s);

	if (!*host || strstr(host, "://"))
		return err_set(e, ERR_INVALID, "insecure registry %s should not contain '://'", s);
	if (host[0] == '-' || str_ends(host, "-"))
		return err_set(e, ERR_INVALID, "insecure registry %s begins or ends with a hyphen",
		               s);
	return 0;
}
