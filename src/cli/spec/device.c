/* See device.h. */
#include "cli/spec/device.h"

#include "cli/format/units.h"

static bool is_mode(const char *s)
{
	return *s && !s[strspn(s, "rwm")] && strlen(s) <= 3;
}

int device_parse(struct arena *a, const char *text, struct api_device_mapping *out, struct err *e)
{
	char *first = arena_strdup(a, text);
	char *second = strchr(first, ':'), *third = NULL;

	if (second)
		*second++ = '\0';
	if (second && (third = strchr(second, ':')))
		*third++ = '\0';
	if (first[0] != '/')
		return err_set(e, ERR_INVALID, "%s is not an absolute path", first);
	*out = (struct api_device_mapping){ first, second ? second : first, "rwm" };
	if (third && strchr(third, ':'))
		return err_set(e, ERR_INVALID, "invalid device specification: %s", text);
	if (second && !third && is_mode(second)) {
		out->path_in_container = first;
		out->cgroup_permissions = second;
	} else if (third) {
		out->cgroup_permissions = third;
	}
	return 0;
}

/* "PATH:VALUE" of a device below /dev. */
static int split(struct arena *a, const char *text, const char **path, const char **value,
                 struct err *e)
{
	const char *colon = strrchr(text, ':');

	if (!colon || colon == text)
		return err_set(e, ERR_INVALID, "bad format: %s", text);
	*path = arena_strndup(a, text, (size_t)(colon - text));
	*value = colon + 1;
	if (!str_starts(*path, "/dev/"))
		return err_set(e, ERR_INVALID, "bad format for device path: %s", text);
	return 0;
}

int weight_parse(struct arena *a, const char *text, struct api_weight_device *out, struct err *e)
{
	const char *value;

	if (split(a, text, &out->path, &value, e) < 0)
		return -1;
	if (!str_u64(value, &out->weight) ||
	    (out->weight && (out->weight < 10 || out->weight > 1000)))
		return err_set(e, ERR_INVALID, "invalid weight for device: %s", text);
	return 0;
}

int throttle_parse(struct arena *a, const char *text, bool bytes, struct api_throttle_device *out,
                   struct err *e)
{
	const char *value;
	int64_t size;

	if (split(a, text, &out->path, &value, e) < 0)
		return -1;
	if (!bytes && str_u64(value, &out->rate))
		return 0;
	if (!bytes || size_parse(value, &size, NULL) < 0)
		return err_set(e, ERR_INVALID,
		               "invalid rate for device: %s. The correct format is "
		               "<device-path>:<number>%s. Number must be a positive integer%s",
		               text, bytes ? "[<unit>]" : "",
		               bytes ? ". Unit is optional and can be kb, mb, or gb" : "");
	out->rate = (uint64_t)size;
	return 0;
}
