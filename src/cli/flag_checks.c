/* See flag_checks.h. */
#include "cli/flag_checks.h"

#include <arpa/inet.h>

#include "cli/spec/device.h"
#include "cli/spec/gpus.h"
#include "cli/spec/host.h"
#include "cli/spec/mount.h"
#include "cli/spec/network.h"
#include "cli/spec/ulimit.h"

int check_filter(struct arena *a unused_arg, const char *text, struct err *e)
{
	if (!*text || strchr(text, '='))
		return 0;
	return err_set(e, ERR_INVALID, "bad format of filter (expected name=value)");
}

int check_env(struct arena *a unused_arg, const char *text, struct err *e)
{
	if (*text && *text != '=')
		return 0;
	return err_set(e, ERR_INVALID, "invalid environment variable: %s", text);
}

int check_label(struct arena *a unused_arg, const char *text, struct err *e)
{
	if (*text && *text != '=')
		return 0;
	return err_set(e, ERR_INVALID, "invalid label '%s': empty name", text);
}

/* What a namespace of its own can have; the daemon decides for good. */
int check_sysctl(struct arena *a unused_arg, const char *text, struct err *e)
{
	static const char *const allowed[] = { "kernel.msg",        "kernel.sem", "kernel.shm",
		                               "kernel.domainname", "fs.mqueue.", "net." };

	for (size_t i = 0; strchr(text, '=') && i < ARRAY_LEN(allowed); i++)
		if (str_starts(text, allowed[i]))
			return 0;
	return err_set(e, ERR_INVALID, "sysctl '%s' is not allowed", text);
}

int check_stream(struct arena *a unused_arg, const char *text, struct err *e)
{
	if (str_ieq(text, "stdin") || str_ieq(text, "stdout") || str_ieq(text, "stderr"))
		return 0;
	return err_set(e, ERR_INVALID, "valid streams are STDIN, STDOUT and STDERR");
}

int check_ip(struct arena *a unused_arg, const char *text, struct err *e)
{
	unsigned char addr[16];

	if (inet_pton(AF_INET, text, addr) == 1 || inet_pton(AF_INET6, text, addr) == 1)
		return 0;
	return err_set(e, ERR_INVALID, "IP address is not correctly formatted: %s", text);
}

int check_host(struct arena *a, const char *text, struct err *e)
{
	const char *unused;

	return host_parse(a, text, &unused, e);
}

int check_mount(struct arena *a, const char *text, struct err *e)
{
	struct api_mount unused;

	return mount_parse(a, text, &unused, e);
}

int check_network(struct arena *a, const char *text, struct err *e)
{
	struct network_spec unused;

	return network_parse(a, text, &unused, e);
}

int check_ulimit(struct arena *a, const char *text, struct err *e)
{
	struct api_ulimit unused;

	return ulimit_parse(a, text, &unused, e);
}

int check_gpus(struct arena *a, const char *text, struct err *e)
{
	struct api_device_request unused;

	return gpus_parse(a, text, &unused, e);
}

int check_weight_device(struct arena *a, const char *text, struct err *e)
{
	struct api_weight_device unused;

	return weight_parse(a, text, &unused, e);
}

int check_bytes_rate(struct arena *a, const char *text, struct err *e)
{
	struct api_throttle_device unused;

	return throttle_parse(a, text, true, &unused, e);
}

int check_ops_rate(struct arena *a, const char *text, struct err *e)
{
	struct api_throttle_device unused;

	return throttle_parse(a, text, false, &unused, e);
}

int check_link(struct arena *a unused_arg, const char *text, struct err *e)
{
	const char *colon = strchr(text, ':');

	if (!*text)
		return err_set(e, ERR_INVALID, "empty string specified for links");
	if (!colon || !strchr(colon + 1, ':'))
		return 0;
	return err_set(e, ERR_INVALID, "bad format for links: %s", text);
}

/* A number or "*". Returns what follows, or NULL. */
static const char *rule_number(const char *p)
{
	size_t n = *p == '*' ? 1 : strspn(p, "0123456789");

	return n ? p + n : NULL;
}

/* "c 1:3 rwm": a kind of device, its numbers, what is allowed. */
int check_device_rule(struct arena *a unused_arg, const char *text, struct err *e)
{
	const char *p = *text && strchr("abc", *text) && text[1] == ' ' ? text + 2 : NULL;

	p = p ? rule_number(p) : NULL;
	p = p && *p == ':' ? rule_number(p + 1) : NULL;
	if (p && *p == ' ' && p[1] && !p[1 + strspn(p + 1, "rwm")] && strlen(p + 1) <= 3)
		return 0;
	return err_set(e, ERR_INVALID, "invalid device cgroup format '%s'", text);
}
