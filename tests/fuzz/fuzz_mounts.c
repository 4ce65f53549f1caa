/*
 * Mounts as clients write them, in a create body: what is accepted has an absolute, clean place
 * that is not "/" and no other mount has.
 */
#include <stdint.h>
#include "api/container.h"
#include "base/file.h"
#include "engine/spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct api_config config = { 0 };
	struct api_host_config host;
	struct mount_points points;
	struct err e;

	if (json_decode(&a, &api_host_config_type, (struct slice){ (const char *)data, size },
	                &host, &e) < 0 ||
	    spec_points_parse(&a, &config, &host, &points, &e) < 0)
		return 0;
	for (size_t i = 0; i < points.n; i++) {
		const char *to = points.v[i].destination;

		if (to[0] != '/' || !to[1] || !str_eq(to, path_clean(&a, to)))
			__builtin_trap();
		for (size_t k = 0; k < i; k++)
			if (str_eq(to, points.v[k].destination))
				__builtin_trap();
	}
	return 0;
}
