/* Any bytes as config.json, through the tables and every check; what decodes must encode again. */
#include <stdint.h>
#include <stdlib.h>
#include "libcontainer/container.h"
#include "libcontainer/mount_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct slice text = { (const char *)data, size };
	struct mount_options options;
	struct oci_spec spec, again;
	struct err e = { 0 };

	if (container_parse_spec(&a, text, &spec, &e) < 0)
		return 0;
	for (size_t i = 0; i < spec.mounts.n; i++)
		mount_options_parse(&a, &spec.mounts.v[i].options, &options);
	if (json_decode(&a, &oci_spec_type, slice_of(json_text(&a, &oci_spec_type, &spec)), &again,
	                &e) < 0)
		abort();
	return 0;
}
