/* See config.h. */
#include "engine/container/config.h"

#include <ctype.h>
#include <stdio.h>
#include <unistd.h>
#include "base/limits.h"
#include "base/proc.h"
#include "engine/container/health.h"
#include "engine/daemon/host_check.h"
#include "engine/container/log_config.h"
#include "engine/spec/spec.h"

/* ---- merging ---- */

static bool has(const struct strs *s, const char *word)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->v[i], word))
			return true;
	return false;
}

static void merge_set(struct arena *a, struct strs *to, const struct strs *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (!has(to, from->v[i]))
			arena_push(a, to, from->v[i]);
}

/* The client's variables, then those of the image that he did not set. */
static void merge_env(struct arena *a, struct strs *env, const struct strs *from)
{
	size_t given = env->n;

	for (size_t i = 0; i < from->n; i++) {
		size_t n = strcspn(from->v[i], "=");
		bool set = false;

		for (size_t k = 0; k < given && !set; k++)
			set = strcspn(env->v[k], "=") == n && memcmp(env->v[k], from->v[i], n) == 0;
		if (!set)
			arena_push(a, env, from->v[i]);
	}
}

/* The image's command goes with the image's entrypoint only. */
static void merge_command(struct api_config *c, const struct oci_image_params *image)
{
	if (c->entrypoint.n == 0) {
		if (c->cmd.n == 0)
			c->cmd = image->cmd;
		if (!c->entrypoint.v)
			c->entrypoint = image->entrypoint;
	}
	if (c->entrypoint.n == 1 && !*c->entrypoint.v[0])
		c->entrypoint = (struct strs){ 0 };
}

/* What the client says replaces the image's field by field. */
static void merge_healthcheck(struct arena *a, struct api_config *c,
                              const struct oci_healthcheck *h)
{
	struct api_healthcheck *out = arena_new(a, struct api_healthcheck);

	if (c->healthcheck)
		*out = *c->healthcheck;
	if (out->test.n == 0)
		out->test = h->test;
	out->interval = out->interval ? out->interval : h->interval;
	out->timeout = out->timeout ? out->timeout : h->timeout;
	out->start_period = out->start_period ? out->start_period : h->start_period;
	out->start_interval = out->start_interval ? out->start_interval : h->start_interval;
	out->retries = out->retries ? out->retries : h->retries;
	c->healthcheck = out;
}

void config_merge(struct arena *a, struct api_config *c, const struct oci_image_params *image)
{
	if (!image)
		return;
	if (str_empty(c->user))
		c->user = image->user;
	if (str_empty(c->working_dir))
		c->working_dir = image->working_dir;
	if (str_empty(c->stop_signal))
		c->stop_signal = image->stop_signal;
	if (image->healthcheck)
		merge_healthcheck(a, c, image->healthcheck);
	if (c->shell.n == 0)
		c->shell = image->shell;
	merge_env(a, &c->env, &image->env);
	merge_set(a, &c->exposed_ports, &image->exposed_ports);
	merge_set(a, &c->volumes, &image->volumes);
	for (size_t i = 0; i < image->labels.n; i++)
		if (!json_map_get(&c->labels, image->labels.v[i].key))
			json_map_set(a, &c->labels, image->labels.v[i].key,
			             image->labels.v[i].value);
	merge_command(c, image);
}

/* ---- defaults ---- */

static void default_text(const char **s, const char *value)
{
	if (str_empty(*s))
		*s = value;
}

void host_config_defaults(struct arena *a, const struct options *o, const struct live_options *live,
                          struct api_host_config *h)
{
	if (str_empty(h->network_mode) || str_eq(h->network_mode, "default"))
		h->network_mode = str_eq(o->bridge, "none") ? "none" : "bridge";
	default_text(&h->ipc_mode, live->ipc_mode);
	default_text(&h->cgroupns_mode, live->cgroupns_mode);
	default_text(&h->runtime, live->default_runtime);
	default_text(&h->cgroup_parent, o->cgroup_parent);
	if (!h->log_config)
		h->log_config = arena_new(a, struct api_log_config);
	log_config_defaults(a, o, h->log_config);
	if (!h->restart_policy)
		h->restart_policy = arena_new(a, struct api_restart_policy);
	default_text(&h->restart_policy->name, "no");
	if (h->shm_size == 0)
		h->shm_size = live->shm_size;
	if (h->memory > 0 && h->memory_swap == 0)
		h->memory_swap = h->memory * 2;
	if (h->memory_swappiness.set && h->memory_swappiness.value == -1)
		h->memory_swappiness.set = false;
	if (!h->init.set && o->init)
		h->init = (struct json_opt_bool){ true, true };
	if (o->no_new_privileges)
		arena_push(a, &h->security_opt, "no-new-privileges");
	while (h->console_size.n < 2)
		arena_push(a, &h->console_size, (int64_t)0);
}

/* ---- refusing ---- */

/* "02:42:ac:11:00:02" */
static bool is_mac(const char *s)
{
	unsigned b[6];
	int n = 0;

	return sscanf(s, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
	              &n) == 6 &&
	       n == 17 && s[n] == '\0';
}

static int check_config(const struct api_config *c, struct err *e)
{
	if (c->cmd.n == 0 && c->entrypoint.n == 0)
		return err_set(e, ERR_INVALID, "no command specified");
	if (c->hostname && strlen(c->hostname) > 63)
		return err_set(e, ERR_INVALID, "invalid hostname: %s", c->hostname);
	if (!str_empty(c->working_dir) && c->working_dir[0] != '/')
		return err_set(
		        e, ERR_INVALID,
		        "the working directory '%s' is invalid, it needs to be an absolute path",
		        c->working_dir);
	if (!str_empty(c->stop_signal) && !signal_parse(c->stop_signal))
		return err_set(e, ERR_INVALID, "Invalid signal: %s", c->stop_signal);
	if (!str_empty(c->mac_address) && !is_mac(c->mac_address))
		return err_set(e, ERR_INVALID, "%s is not a valid mac address", c->mac_address);
	for (size_t i = 0; i < c->env.n; i++)
		if (c->env.v[i][0] == '=' || !c->env.v[i][0])
			return err_set(e, ERR_INVALID, "invalid environment variable: %s",
			               c->env.v[i]);
	return health_validate(c->healthcheck, e);
}

static int check_modes(const struct api_host_config *h, struct err *e)
{
	if (log_config_check(h->log_config, e) < 0)
		return -1;
	if (h->shm_size < 0)
		return err_set(e, ERR_INVALID, "SHM size can not be less than 0");
	if (h->device_requests.n > 0)
		return err_set(e, ERR_UNIMPLEMENTED, "device requests (--gpus) are not there yet");
	if (h->storage_opt.n > 0)
		return err_set(e, ERR_UNIMPLEMENTED, "--storage-opt is not there yet");
	return 0;
}

static int check_spec_parts(struct arena *a, const struct api_config *c,
                            const struct api_host_config *h, struct err *e)
{
	struct mount_points points;
	struct oci_linux linux = { 0 };
	struct strs caps;

	return spec_points_parse(a, c, h, &points, e) < 0 ||
	                       spec_caps(a, &h->cap_add, &h->cap_drop, h->privileged, &caps, e) <
	                               0 ||
	                       spec_resources(a, h, &linux, e) < 0
	               ? -1
	               : 0;
}

int config_check(struct arena *a, const struct api_config *c, const struct api_host_config *h,
                 struct strs *warnings, struct err *e)
{
	if (check_config(c, e) < 0 || host_check(a, h, e) < 0 || check_modes(h, e) < 0 ||
	    check_spec_parts(a, c, h, e) < 0)
		return -1;
	if (str_eq(h->network_mode, "host") && h->port_bindings.n > 0)
		arena_push(a, warnings,
		           "Published ports are discarded when using host network mode");
	return 0;
}
