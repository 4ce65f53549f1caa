/* See network.h. */
#include "cli/spec/network.h"

#include "cli/format/units.h"
#include "cli/spec/csv.h"

struct api_endpoint_ipam *network_ipam(struct arena *a, struct api_endpoint *endpoint)
{
	if (!endpoint->ipam_config)
		endpoint->ipam_config = arena_new(a, struct api_endpoint_ipam);
	return endpoint->ipam_config;
}

static int driver_option(struct arena *a, const char *text, struct json_map *out, struct err *e)
{
	const char *key, *value;

	csv_pair(a, text, &key, &value);
	if (!value)
		return err_set(e, ERR_INVALID, "invalid key value pair format in driver options");
	json_map_set(a, out, key, value);
	return 0;
}

static int set_priority(const char *value, int64_t *out, struct err *e)
{
	if (number_parse(value, INT32_MIN, INT32_MAX, "", out, NULL) == 0)
		return 0;
	return err_set(e, ERR_INVALID, "invalid gw-priority (%s): invalid syntax", value);
}

static int set_field(struct arena *a, const char *field, struct network_spec *out, struct err *e)
{
	struct api_endpoint *ep = &out->endpoint;
	const char *key, *value;

	csv_pair(a, field, &key, &value);
	if (!value)
		return err_set(e, ERR_INVALID, "invalid network config: %s", field);
	if (str_eq(key, "name"))
		out->name = value;
	else if (str_eq(key, "alias"))
		arena_push(a, &ep->aliases, value);
	else if (str_eq(key, "ip"))
		network_ipam(a, ep)->ipv4_address = value;
	else if (str_eq(key, "ip6"))
		network_ipam(a, ep)->ipv6_address = value;
	else if (str_eq(key, "link-local-ip"))
		arena_push(a, &network_ipam(a, ep)->link_local_ips, value);
	else if (str_eq(key, "mac-address"))
		ep->mac_address = value;
	else if (str_eq(key, "driver-opt"))
		return driver_option(a, value, &ep->driver_opts, e);
	else if (str_eq(key, "gw-priority"))
		return set_priority(value, &ep->gw_priority, e);
	else
		return err_set(e, ERR_INVALID, "invalid field key %s", key);
	return 0;
}

int network_parse(struct arena *a, const char *text, struct network_spec *out, struct err *e)
{
	struct strs fields;

	*out = (struct network_spec){ .name = text };
	if (!strchr(text, '=') || str_starts(text, "container:"))
		return 0;
	out->name = "";
	if (csv_split(a, text, &fields, e) < 0)
		return -1;
	for (size_t i = 0; i < fields.n; i++)
		if (set_field(a, fields.v[i], out, e) < 0)
			return -1;
	return 0;
}
