/* The messages that containerd's events carry, by their names. See wkt.h. */
#include "base/macros.h"
#include "proto/images.pb-c.h"
#include "proto/service_events.pb-c.h"
#include "proto/task_events.pb-c.h"
#include "rpc/wkt.h"

static const ProtobufCMessageDescriptor *const event_types[] = {
	&events__task_create__descriptor,       &events__task_start__descriptor,
	&events__task_delete__descriptor,       &events__task_exit__descriptor,
	&events__task_oom__descriptor,          &events__task_exec_added__descriptor,
	&events__task_exec_started__descriptor, &events__task_paused__descriptor,
	&events__task_resumed__descriptor,      &events__task_checkpointed__descriptor,
	&events__container_create__descriptor,  &events__container_update__descriptor,
	&events__container_delete__descriptor,  &events__content_create__descriptor,
	&events__content_delete__descriptor,    &events__namespace_create__descriptor,
	&events__namespace_update__descriptor,  &events__namespace_delete__descriptor,
	&events__snapshot_prepare__descriptor,  &events__snapshot_commit__descriptor,
	&events__snapshot_remove__descriptor,   &images__image_create__descriptor,
	&images__image_update__descriptor,      &images__image_delete__descriptor,
};

void *wkt_event_unpack(struct arena *a, const Google__Any *any)
{
	struct err ignored = { 0 };

	for (size_t i = 0; any && i < ARRAY_LEN(event_types); i++)
		if (wkt_any_is(any, event_types[i]))
			return wkt_any_unpack(a, event_types[i], any, &ignored);
	return NULL;
}
