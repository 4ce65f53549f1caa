/* Hosts, restart policy, security, namespaces and devices of a new container. */
#include "cli/container/create_parts.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/limits.h"
#include "cli/format/units.h"
#include "cli/spec/device.h"
#include "cli/spec/gpus.h"
#include "cli/spec/host.h"

int create_extra_hosts(struct arena *a, const struct create_options *o, struct api_host_config *h,
                       struct err *e)
{
	for (size_t i = 0; i < o->add_host.n; i++) {
		const char *host;

		if (host_parse(a, o->add_host.v[i], &host, e) < 0)
			return -1;
		arena_push(a, &h->extra_hosts, host);
	}
	return 0;
}

int create_restart(struct arena *a, const char *text, struct api_restart_policy **out,
                   struct err *e)
{
	const char *colon = strchr(text, ':');
	struct api_restart_policy *p = *out = arena_new(a, struct api_restart_policy);

	p->name = colon ? arena_strndup(a, text, (size_t)(colon - text)) : text;
	if (colon && number_parse(colon + 1, 0, INT32_MAX, "", &p->maximum_retry_count, NULL) < 0)
		return err_set(e, ERR_INVALID,
		               "invalid restart policy format: maximum retry count must be an "
		               "integer");
	if (colon && !*p->name)
		return err_set(e, ERR_INVALID,
		               "invalid restart policy format: no policy provided before colon");
	return 0;
}

/* seccomp=FILE becomes seccomp=JSON, compact. */
static int seccomp_profile(struct arena *a, const char *path, const char **out, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct json_value tree;
	struct slice text;

	if (file_read(a, AT_FDCWD, path, LIMIT_CONFIG_FILE, &text, e) < 0)
		return err_wrap(e, "opening seccomp profile (%s) failed", path);
	if (json_parse(a, text, &tree, e) < 0)
		return err_wrap(e, "compacting json for seccomp profile (%s) failed", path);
	json_write(&b, &tree, NULL);
	*out = arena_printf(a, "seccomp=%s", buf_cstr(&b));
	return 0;
}

int create_security(struct arena *a, const struct create_options *o, struct api_host_config *h,
                    struct err *e)
{
	for (size_t i = 0; i < o->security_opt.n; i++) {
		const char *opt = o->security_opt.v[i];
		const char *profile = str_after(opt, "seccomp=");

		profile = profile ? profile : str_after(opt, "seccomp:");
		if (str_eq(opt, "systempaths=unconfined")) {
			h->masked_paths.v = h->readonly_paths.v =
			        arena_list_new(a, 0, sizeof(char *));
			continue;
		}
		if (!strpbrk(opt, "=:") && !str_eq(opt, "no-new-privileges"))
			return err_set(e, ERR_INVALID, "Invalid --security-opt: \"%s\"", opt);
		if (profile && !str_eq(profile, "unconfined") && !str_eq(profile, "builtin") &&
		    seccomp_profile(a, profile, &opt, e) < 0)
			return -1;
		arena_push(a, &h->security_opt, opt);
	}
	if (o->security_opt.n && !h->security_opt.v)
		h->security_opt.v = arena_list_new(a, 0, sizeof(char *)); /* [], as the original */
	return 0;
}

static bool mode_is(const char *mode, const char *list)
{
	const char *container = mode ? str_after(mode, "container:") : NULL;

	return str_empty(mode) || name_listed(list, mode) ||
	       (container && *container && strstr(list, "container"));
}

int create_namespaces(struct arena *a unused_arg, const struct call *call, struct api_create *out,
                      struct err *e)
{
	const struct create_options *o = call->options;
	struct api_host_config *h = out->host_config;

	h->ipc_mode = o->ipc;
	h->pid_mode = o->pid;
	h->uts_mode = o->uts;
	h->userns_mode = o->userns;
	h->cgroupns_mode = o->cgroupns;
	if (!mode_is(o->pid, "host container"))
		return err_set(e, ERR_INVALID, "--pid: invalid PID mode");
	if (!mode_is(o->uts, "host"))
		return err_set(e, ERR_INVALID, "--uts: invalid UTS mode");
	if (!mode_is(o->userns, "host"))
		return err_set(e, ERR_INVALID, "--userns: invalid USER mode");
	if (!mode_is(o->cgroupns, "host private"))
		return err_set(e, ERR_INVALID, "--cgroupns: invalid CGROUP mode");
	return 0;
}

/* The four lists of limits of block devices, and the weights. */
static int block_limits(struct arena *a, const struct create_options *o, struct api_host_config *h,
                        struct err *e)
{
	const struct {
		const struct strs *texts;
		__typeof__(h->read_bps) *list;
		bool bytes;
	} limits[] = {
		{ &o->read_bps, &h->read_bps, true },
		{ &o->write_bps, (void *)&h->write_bps, true },
		{ &o->read_iops, (void *)&h->read_iops, false },
		{ &o->write_iops, (void *)&h->write_iops, false },
	};

	for (size_t k = 0; k < ARRAY_LEN(limits); k++) {
		for (size_t i = 0; i < limits[k].texts->n; i++) {
			struct api_throttle_device t;

			if (throttle_parse(a, limits[k].texts->v[i], limits[k].bytes, &t, e) < 0)
				return -1;
			arena_push(a, limits[k].list, t);
		}
	}
	for (size_t i = 0; i < o->blkio_weight_device.n; i++) {
		struct api_weight_device w;

		if (weight_parse(a, o->blkio_weight_device.v[i], &w, e) < 0)
			return -1;
		arena_push(a, &h->blkio_weight_device, w);
	}
	return 0;
}

int create_devices(struct arena *a, const struct call *call, struct api_create *out, struct err *e)
{
	const struct create_options *o = call->options;
	struct api_host_config *h = out->host_config;

	for (size_t i = 0; i < o->device.n; i++) {
		struct api_device_mapping d;

		if (device_parse(a, o->device.v[i], &d, e) < 0)
			return -1;
		arena_push(a, &h->devices, d);
	}
	for (size_t i = 0; i < o->gpus.n; i++) {
		struct api_device_request r;

		if (gpus_parse(a, o->gpus.v[i], &r, e) < 0)
			return -1;
		arena_push(a, &h->device_requests, r);
	}
	h->device_cgroup_rules = o->device_cgroup_rule;
	return block_limits(a, o, h, e);
}
