/* See host.h. */
#include "cli/spec/host.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"

static bool is_ip(const char *s)
{
	unsigned char addr[16];

	return inet_pton(AF_INET, s, addr) == 1 || inet_pton(AF_INET6, s, addr) == 1;
}

int host_parse(struct arena *a, const char *text, const char **out, struct err *e)
{
	size_t n = strcspn(text, strchr(text, '=') ? "=" : ":");
	const char *ip = text[n] ? text + n + 1 : "";
	size_t len = strlen(ip);

	if (!n || !len)
		return err_set(e, ERR_INVALID, "bad format for add-host: \"%s\"", text);
	if (ip[0] == '[' && ip[len - 1] == ']')
		ip = arena_strndup(a, ip + 1, len - 2);
	if (!str_eq(ip, "host-gateway") && !is_ip(ip))
		return err_set(e, ERR_INVALID, "invalid IP address in add-host: \"%s\"", ip);
	*out = arena_printf(a, "%.*s:%s", (int)n, text, ip);
	return 0;
}
