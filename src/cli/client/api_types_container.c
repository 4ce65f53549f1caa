/* GET /containers/ID/json, as Go types. */
#include "cli/client/api_types.h"

#define F  GO_FIELD
#define A  GO_FIELD_AS
#define O  GO_FIELD_OMIT
#define OA GO_FIELD_OMIT_AS

#define BOOL    (&go_bool)
#define INT     (&go_int)
#define STRING  (&go_string)
#define STRINGS GO_LIST_OF(&go_string)
#define MAP     GO_MAP_OF(&go_string)
#define SET     GO_MAP_OF(&go_empty_struct)

static const struct go_field health_result_fields[] = {
	F("Start", &go_time),
	F("End", &go_time),
	F("ExitCode", INT),
	F("Output", STRING),
};
static GO_STRUCT_TYPE(health_result, "container.HealthcheckResult", health_result_fields);

static const struct go_field health_fields[] = {
	F("Status", STRING),
	F("FailingStreak", INT),
	F("Log", GO_LIST_OF(GO_POINTER_TO(&health_result))),
};
static GO_STRUCT_TYPE(health, "container.Health", health_fields);

static const struct go_field state_fields[] = {
	F("Status", STRING),    F("Running", BOOL),      F("Paused", BOOL),
	F("Restarting", BOOL),  F("OOMKilled", BOOL),    F("Dead", BOOL),
	F("Pid", INT),          F("ExitCode", INT),      F("Error", STRING),
	F("StartedAt", STRING), F("FinishedAt", STRING), O("Health", GO_POINTER_TO(&health)),
};
static GO_STRUCT_TYPE(state, "container.State", state_fields);

static const struct go_field log_config_fields[] = { F("Type", STRING), F("Config", MAP) };
static GO_STRUCT_TYPE(log_config, "container.LogConfig", log_config_fields);

static const struct go_field port_binding_fields[] = {
	A("HostIP", "HostIp", STRING),
	F("HostPort", STRING),
};
static GO_STRUCT_TYPE(port_binding, "nat.PortBinding", port_binding_fields);
#define PORTS GO_MAP_OF(GO_LIST_OF(&port_binding))

static const struct go_field restart_policy_fields[] = {
	F("Name", STRING),
	F("MaximumRetryCount", INT),
};
static GO_STRUCT_TYPE(restart_policy, "container.RestartPolicy", restart_policy_fields);

static const struct go_field weight_device_fields[] = { F("Path", STRING), F("Weight", INT) };
static GO_STRUCT_TYPE(weight_device, "blkiodev.WeightDevice", weight_device_fields);

static const struct go_field throttle_device_fields[] = { F("Path", STRING), F("Rate", INT) };
static GO_STRUCT_TYPE(throttle_device, "blkiodev.ThrottleDevice", throttle_device_fields);
#define THROTTLES GO_LIST_OF(GO_POINTER_TO(&throttle_device))

static const struct go_field device_fields[] = {
	F("PathOnHost", STRING),
	F("PathInContainer", STRING),
	F("CgroupPermissions", STRING),
};
static GO_STRUCT_TYPE(device, "container.DeviceMapping", device_fields);

static const struct go_field device_request_fields[] = {
	F("Driver", STRING),     F("Count", INT),
	F("DeviceIDs", STRINGS), F("Capabilities", GO_LIST_OF(STRINGS)),
	F("Options", MAP),
};
static GO_STRUCT_TYPE(device_request, "container.DeviceRequest", device_request_fields);

static const struct go_field ulimit_fields[] = {
	F("Name", STRING),
	F("Hard", INT),
	F("Soft", INT),
};
static GO_STRUCT_TYPE(ulimit, "units.Ulimit", ulimit_fields);

static const struct go_field resources_fields[] = {
	A("CPUShares", "CpuShares", INT),
	F("Memory", INT),
	A("NanoCPUs", "NanoCpus", INT),
	F("CgroupParent", STRING),
	F("BlkioWeight", INT),
	F("BlkioWeightDevice", GO_LIST_OF(GO_POINTER_TO(&weight_device))),
	F("BlkioDeviceReadBps", THROTTLES),
	F("BlkioDeviceWriteBps", THROTTLES),
	F("BlkioDeviceReadIOps", THROTTLES),
	F("BlkioDeviceWriteIOps", THROTTLES),
	A("CPUPeriod", "CpuPeriod", INT),
	A("CPUQuota", "CpuQuota", INT),
	A("CPURealtimePeriod", "CpuRealtimePeriod", INT),
	A("CPURealtimeRuntime", "CpuRealtimeRuntime", INT),
	F("CpusetCpus", STRING),
	F("CpusetMems", STRING),
	F("Devices", GO_LIST_OF(&device)),
	F("DeviceCgroupRules", STRINGS),
	F("DeviceRequests", GO_LIST_OF(&device_request)),
	O("KernelMemory", INT),
	O("KernelMemoryTCP", INT),
	F("MemoryReservation", INT),
	F("MemorySwap", INT),
	F("MemorySwappiness", GO_POINTER_TO(INT)),
	F("OomKillDisable", GO_POINTER_TO(BOOL)),
	F("PidsLimit", GO_POINTER_TO(INT)),
	F("Ulimits", GO_LIST_OF(GO_POINTER_TO(&ulimit))),
	A("CPUCount", "CpuCount", INT),
	A("CPUPercent", "CpuPercent", INT),
	F("IOMaximumIOps", INT),
	F("IOMaximumBandwidth", INT),
};
static GO_STRUCT_TYPE(resources, "container.Resources", resources_fields);

static const struct go_field bind_options_fields[] = {
	O("Propagation", STRING),          O("NonRecursive", BOOL),
	O("CreateMountpoint", BOOL),       O("ReadOnlyNonRecursive", BOOL),
	O("ReadOnlyForceRecursive", BOOL),
};
static GO_STRUCT_TYPE(bind_options, "mount.BindOptions", bind_options_fields);

static const struct go_field driver_fields[] = { O("Name", STRING), O("Options", MAP) };
static GO_STRUCT_TYPE(driver, "mount.Driver", driver_fields);

static const struct go_field volume_options_fields[] = {
	O("NoCopy", BOOL),
	O("Labels", MAP),
	O("Subpath", STRING),
	O("DriverConfig", GO_POINTER_TO(&driver)),
};
static GO_STRUCT_TYPE(volume_options, "mount.VolumeOptions", volume_options_fields);

static const struct go_field image_options_fields[] = { O("Subpath", STRING) };
static GO_STRUCT_TYPE(image_options, "mount.ImageOptions", image_options_fields);

static const struct go_field tmpfs_options_fields[] = {
	O("SizeBytes", INT),
	O("Mode", INT),
	O("Options", GO_LIST_OF(STRINGS)),
};
static GO_STRUCT_TYPE(tmpfs_options, "mount.TmpfsOptions", tmpfs_options_fields);

static const struct go_field mount_fields[] = {
	O("Type", STRING),
	O("Source", STRING),
	O("Target", STRING),
	O("ReadOnly", BOOL),
	O("Consistency", STRING),
	O("BindOptions", GO_POINTER_TO(&bind_options)),
	O("VolumeOptions", GO_POINTER_TO(&volume_options)),
	O("ImageOptions", GO_POINTER_TO(&image_options)),
	O("TmpfsOptions", GO_POINTER_TO(&tmpfs_options)),
	O("ClusterOptions", GO_POINTER_TO(&go_empty_struct)),
};
static GO_STRUCT_TYPE(mount, "mount.Mount", mount_fields);

static const struct go_field host_config_fields[] = {
	F("Binds", STRINGS),
	F("ContainerIDFile", STRING),
	F("LogConfig", &log_config),
	F("NetworkMode", STRING),
	F("PortBindings", PORTS),
	F("RestartPolicy", &restart_policy),
	F("AutoRemove", BOOL),
	F("VolumeDriver", STRING),
	F("VolumesFrom", STRINGS),
	F("ConsoleSize", GO_LIST_OF(INT)),
	O("Annotations", MAP),
	F("CapAdd", STRINGS),
	F("CapDrop", STRINGS),
	F("CgroupnsMode", STRING),
	A("DNS", "Dns", STRINGS),
	A("DNSOptions", "DnsOptions", STRINGS),
	A("DNSSearch", "DnsSearch", STRINGS),
	F("ExtraHosts", STRINGS),
	F("GroupAdd", STRINGS),
	F("IpcMode", STRING),
	F("Cgroup", STRING),
	F("Links", STRINGS),
	F("OomScoreAdj", INT),
	F("PidMode", STRING),
	F("Privileged", BOOL),
	F("PublishAllPorts", BOOL),
	F("ReadonlyRootfs", BOOL),
	F("SecurityOpt", STRINGS),
	O("StorageOpt", MAP),
	O("Tmpfs", MAP),
	F("UTSMode", STRING),
	F("UsernsMode", STRING),
	F("ShmSize", INT),
	O("Sysctls", MAP),
	O("Runtime", STRING),
	F("Isolation", STRING),
	GO_FIELD_EMBED("Resources", &resources),
	O("Mounts", GO_LIST_OF(&mount)),
	F("MaskedPaths", STRINGS),
	F("ReadonlyPaths", STRINGS),
	O("Init", GO_POINTER_TO(BOOL)),
};
static GO_STRUCT_TYPE(host_config, "container.HostConfig", host_config_fields);

static const struct go_field mount_point_fields[] = {
	O("Type", STRING),   O("Name", STRING), F("Source", STRING), F("Destination", STRING),
	O("Driver", STRING), F("Mode", STRING), F("RW", BOOL),       F("Propagation", STRING),
};
static GO_STRUCT_TYPE(mount_point, "container.MountPoint", mount_point_fields);

static const struct go_field health_config_fields[] = {
	O("Test", STRINGS),
	O("Interval", &go_duration),
	O("Timeout", &go_duration),
	O("StartPeriod", &go_duration),
	O("StartInterval", &go_duration),
	O("Retries", INT),
};
GO_STRUCT_TYPE(api_health_config, "v1.HealthcheckConfig", health_config_fields);

static const struct go_field config_fields[] = {
	F("Hostname", STRING),
	F("Domainname", STRING),
	F("User", STRING),
	F("AttachStdin", BOOL),
	F("AttachStdout", BOOL),
	F("AttachStderr", BOOL),
	O("ExposedPorts", SET),
	F("Tty", BOOL),
	F("OpenStdin", BOOL),
	F("StdinOnce", BOOL),
	F("Env", STRINGS),
	F("Cmd", STRINGS),
	O("Healthcheck", GO_POINTER_TO(&api_health_config)),
	O("ArgsEscaped", BOOL),
	F("Image", STRING),
	F("Volumes", SET),
	F("WorkingDir", STRING),
	F("Entrypoint", STRINGS),
	O("NetworkDisabled", BOOL),
	O("MacAddress", STRING),
	F("OnBuild", STRINGS),
	F("Labels", MAP),
	O("StopSignal", STRING),
	O("StopTimeout", GO_POINTER_TO(INT)),
	O("Shell", STRINGS),
};
GO_STRUCT_TYPE(api_container_config, "container.Config", config_fields);

static const struct go_field address_fields[] = { F("Addr", STRING), F("PrefixLen", INT) };
static GO_STRUCT_TYPE(address, "network.Address", address_fields);

static const struct go_field ipam_config_fields[] = {
	O("IPv4Address", STRING),
	O("IPv6Address", STRING),
	O("LinkLocalIPs", STRINGS),
};
static GO_STRUCT_TYPE(ipam_config, "network.EndpointIPAMConfig", ipam_config_fields);

static const struct go_field endpoint_fields[] = {
	F("IPAMConfig", GO_POINTER_TO(&ipam_config)),
	F("Links", STRINGS),
	F("Aliases", STRINGS),
	F("MacAddress", STRING),
	F("DriverOpts", MAP),
	F("GwPriority", INT),
	F("NetworkID", STRING),
	F("EndpointID", STRING),
	F("Gateway", STRING),
	F("IPAddress", STRING),
	F("IPPrefixLen", INT),
	F("IPv6Gateway", STRING),
	F("GlobalIPv6Address", STRING),
	F("GlobalIPv6PrefixLen", INT),
	F("DNSNames", STRINGS),
};
static GO_STRUCT_TYPE(endpoint, "network.EndpointSettings", endpoint_fields);

static const struct go_field network_base_fields[] = {
	F("Bridge", STRING),
	F("SandboxID", STRING),
	F("SandboxKey", STRING),
	F("Ports", PORTS),
	F("HairpinMode", BOOL),
	F("LinkLocalIPv6Address", STRING),
	F("LinkLocalIPv6PrefixLen", INT),
	F("SecondaryIPAddresses", GO_LIST_OF(&address)),
	F("SecondaryIPv6Addresses", GO_LIST_OF(&address)),
};
static GO_STRUCT_TYPE(network_base, "container.NetworkSettingsBase", network_base_fields);

static const struct go_field network_default_fields[] = {
	F("EndpointID", STRING),       F("Gateway", STRING),    F("GlobalIPv6Address", STRING),
	F("GlobalIPv6PrefixLen", INT), F("IPAddress", STRING),  F("IPPrefixLen", INT),
	F("IPv6Gateway", STRING),      F("MacAddress", STRING),
};
static GO_STRUCT_TYPE(network_default, "container.DefaultNetworkSettings", network_default_fields);

static const struct go_field network_settings_fields[] = {
	GO_FIELD_EMBED("NetworkSettingsBase", &network_base),
	GO_FIELD_EMBED("DefaultNetworkSettings", &network_default),
	F("Networks", GO_MAP_OF(GO_POINTER_TO(&endpoint))),
};
static GO_STRUCT_TYPE(network_settings, "container.NetworkSettings", network_settings_fields);

static const struct go_field base_fields[] = {
	A("ID", "Id", STRING),
	F("Created", STRING),
	F("Path", STRING),
	F("Args", STRINGS),
	F("State", GO_POINTER_TO(&state)),
	F("Image", STRING),
	F("ResolvConfPath", STRING),
	F("HostnamePath", STRING),
	F("HostsPath", STRING),
	F("LogPath", STRING),
	F("Name", STRING),
	F("RestartCount", INT),
	F("Driver", STRING),
	F("Platform", STRING),
	F("MountLabel", STRING),
	F("ProcessLabel", STRING),
	F("AppArmorProfile", STRING),
	F("ExecIDs", STRINGS),
	F("HostConfig", GO_POINTER_TO(&host_config)),
	F("GraphDriver", &api_graph_driver),
	O("SizeRw", GO_POINTER_TO(INT)),
	O("SizeRootFs", GO_POINTER_TO(INT)),
};
static GO_STRUCT_TYPE(base, "container.ContainerJSONBase", base_fields);

static const struct go_field container_fields[] = {
	GO_FIELD_EMBED("ContainerJSONBase", GO_POINTER_TO(&base)),
	F("Mounts", GO_LIST_OF(&mount_point)),
	F("Config", GO_POINTER_TO(&api_container_config)),
	F("NetworkSettings", GO_POINTER_TO(&network_settings)),
	O("ImageManifestDescriptor", GO_POINTER_TO(&api_descriptor)),
};
GO_STRUCT_TYPE(api_container, "container.InspectResponse", container_fields);
