/* The tables of container.h. */
#include "api/container.h"

JSON_TYPE(api_healthcheck, API_HEALTHCHECK)
JSON_TYPE(api_config, API_CONFIG)
JSON_TYPE(api_log_config, API_LOG_CONFIG)
JSON_TYPE(api_port_binding, API_PORT_BINDING)
JSON_TYPE(api_restart_policy, API_RESTART_POLICY)
JSON_TYPE(api_weight_device, API_WEIGHT_DEVICE)
JSON_TYPE(api_throttle_device, API_THROTTLE_DEVICE)
JSON_TYPE(api_device_mapping, API_DEVICE_MAPPING)
JSON_TYPE(api_device_request, API_DEVICE_REQUEST)
JSON_TYPE(api_ulimit, API_ULIMIT)
JSON_TYPE(api_bind_options, API_BIND_OPTIONS)
JSON_TYPE(api_tmpfs_options, API_TMPFS_OPTIONS)
JSON_TYPE(api_mount, API_MOUNT)
JSON_TYPE(api_host_config, API_HOST_CONFIG)
JSON_TYPE(api_create, API_CREATE)
JSON_TYPE(api_update, API_UPDATE)
