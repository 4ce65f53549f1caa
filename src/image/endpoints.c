/* Where a registry answers. See endpoints.h. */
#include "image/endpoints.h"

#include <arpa/inet.h>
#include <string.h>
#include "base/str.h"

#define HUB_ADDRESS "registry-1.docker.io"
#define CERTS       "/etc/docker/certs.d"

/* The address alone of "host:port", "host", "[v6]:port". */
static char *host_of(struct arena *a, const char *domain)
{
	if (domain[0] == '[')
		return arena_strndup(a, domain + 1, strcspn(domain + 1, "]"));
	return arena_strndup(a, domain, strcspn(domain, ":"));
}

/* "10.0.0.0/8" and 10.1.2.3. Names are not resolved: what a name means may change. */
static bool in_network(const char *address, const char *network)
{
	char net[INET6_ADDRSTRLEN];
	const char *slash = strchr(network, '/');
	unsigned char a[16], n[16];
	uint64_t bits;
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;

	if (!slash || (size_t)(slash - network) >= sizeof(net) || !str_u64(slash + 1, &bits))
		return false;
	memcpy(net, network, (size_t)(slash - network));
	net[slash - network] = '\0';
	if (inet_pton(family, address, a) != 1 || inet_pton(family, net, n) != 1 ||
	    bits > (family == AF_INET ? 32 : 128))
		return false;
	for (uint64_t i = 0; i < bits; i++)
		if ((a[i / 8] ^ n[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

bool registry_is_insecure(const char *domain, const struct strs *insecure)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *host = host_of(&a, domain);

	if (str_eq(host, "localhost") || str_eq(host, "::1") || in_network(host, "127.0.0.0/8"))
		return true;
	for (size_t i = 0; i < insecure->n; i++)
		if (str_ieq(domain, insecure->v[i]) || str_ieq(host, insecure->v[i]) ||
		    in_network(host, insecure->v[i]))
			return true;
	return false;
}

static void add(struct arena *a, struct fetch_setup *out, struct fetch_endpoint endpoint)
{
	arena_push(a, &out->endpoints, endpoint);
}

static void add_mirrors(struct arena *a, const struct registry_config *c, struct fetch_setup *out)
{
	for (size_t i = 0; i < c->mirrors.n; i++) {
		const char *url = c->mirrors.v[i];
		size_t n = strlen(url);

		while (n > 0 && url[n - 1] == '/')
			n--;
		add(a, out,
		    (struct fetch_endpoint){ .url = arena_strndup(a, url, n),
		                             .insecure = str_starts(url, "http://"),
		                             .mirror = true });
	}
}

void registry_endpoints(struct arena *a, const struct reference *ref,
                        const struct registry_config *c, struct fetch_setup *out)
{
	bool hub = str_eq(ref->domain, REFERENCE_DEFAULT_DOMAIN);
	bool insecure = registry_is_insecure(ref->domain, &c->insecure);
	const char *host = hub ? HUB_ADDRESS : ref->domain;

	if (hub)
		add_mirrors(a, c, out);
	add(a, out,
	    (struct fetch_endpoint){ .url = arena_printf(a, "https://%s", host),
	                             .insecure = insecure });
	if (insecure)
		add(a, out,
		    (struct fetch_endpoint){ .url = arena_printf(a, "http://%s", host),
		                             .insecure = true });
	out->repository = ref->path;
	out->certs = arena_printf(a, CERTS "/%s", ref->domain);
}
