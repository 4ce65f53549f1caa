/* Images, networks, volumes, the engine itself and its events, as Go types. See api_types.h. */
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
#define ANY     (&go_any)

/* --- images --- */

static const struct go_field graph_driver_fields[] = { F("Data", MAP), F("Name", STRING) };
GO_STRUCT_TYPE(api_graph_driver, "storage.DriverData", graph_driver_fields);

static const struct go_field platform_fields[] = {
	A("Architecture", "architecture", STRING), A("OS", "os", STRING),
	OA("OSVersion", "os.version", STRING),     OA("OSFeatures", "os.features", STRINGS),
	OA("Variant", "variant", STRING),
};
static GO_STRUCT_TYPE(platform, "v1.Platform", platform_fields);

static const struct go_field descriptor_fields[] = {
	A("MediaType", "mediaType", STRING),
	A("Digest", "digest", STRING),
	A("Size", "size", INT),
	OA("URLs", "urls", STRINGS),
	OA("Annotations", "annotations", MAP),
	OA("Data", "data", STRING),
	OA("Platform", "platform", GO_POINTER_TO(&platform)),
	OA("ArtifactType", "artifactType", STRING),
};
GO_STRUCT_TYPE(api_descriptor, "v1.Descriptor", descriptor_fields);

static const struct go_field oci_config_fields[] = {
	O("User", STRING),        O("ExposedPorts", SET), O("Env", STRINGS),
	O("Entrypoint", STRINGS), O("Cmd", STRINGS),      O("Volumes", SET),
	O("WorkingDir", STRING),  O("Labels", MAP),       O("StopSignal", STRING),
	O("ArgsEscaped", BOOL),
};
static GO_STRUCT_TYPE(oci_config, "v1.ImageConfig", oci_config_fields);

static const struct go_field config_ext_fields[] = {
	O("Healthcheck", GO_POINTER_TO(&api_health_config)),
	O("OnBuild", STRINGS),
	O("Shell", STRINGS),
};
static GO_STRUCT_TYPE(config_ext, "v1.DockerOCIImageConfigExt", config_ext_fields);

static const struct go_field image_config_fields[] = {
	GO_FIELD_EMBED("ImageConfig", &oci_config),
	GO_FIELD_EMBED("DockerOCIImageConfigExt", &config_ext),
};
static GO_STRUCT_TYPE(image_config, "v1.DockerOCIImageConfig", image_config_fields);

static const struct go_field root_fs_fields[] = { O("Type", STRING), O("Layers", STRINGS) };
static GO_STRUCT_TYPE(root_fs, "image.RootFS", root_fs_fields);

static const struct go_field metadata_fields[] = { O("LastTagTime", &go_time) };
static GO_STRUCT_TYPE(metadata, "image.Metadata", metadata_fields);

static const struct go_field image_fields[] = {
	A("ID", "Id", STRING),
	F("RepoTags", STRINGS),
	F("RepoDigests", STRINGS),
	F("Parent", STRING),
	F("Comment", STRING),
	O("Created", STRING),
	O("Container", STRING),
	O("ContainerConfig", GO_POINTER_TO(&api_container_config)),
	F("DockerVersion", STRING),
	F("Author", STRING),
	F("Config", GO_POINTER_TO(&image_config)),
	F("Architecture", STRING),
	O("Variant", STRING),
	F("Os", STRING),
	O("OsVersion", STRING),
	F("Size", INT),
	O("VirtualSize", INT),
	F("GraphDriver", &api_graph_driver),
	F("RootFS", &root_fs),
	F("Metadata", &metadata),
	O("Descriptor", GO_POINTER_TO(&api_descriptor)),
	O("Manifests", GO_LIST_OF(ANY)),
};
GO_STRUCT_TYPE(api_image, "image.InspectResponse", image_fields);

/* --- networks and volumes --- */

static const struct go_field pool_fields[] = {
	O("Subnet", STRING),
	O("IPRange", STRING),
	O("Gateway", STRING),
	OA("AuxAddress", "AuxiliaryAddresses", MAP),
};
static GO_STRUCT_TYPE(pool, "network.IPAMConfig", pool_fields);

static const struct go_field ipam_fields[] = {
	F("Driver", STRING),
	F("Options", MAP),
	F("Config", GO_LIST_OF(&pool)),
};
static GO_STRUCT_TYPE(ipam, "network.IPAM", ipam_fields);

static const struct go_field config_from_fields[] = { F("Network", STRING) };
static GO_STRUCT_TYPE(config_from, "network.ConfigReference", config_from_fields);

static const struct go_field attached_fields[] = {
	F("Name", STRING),        F("EndpointID", STRING),  F("MacAddress", STRING),
	F("IPv4Address", STRING), F("IPv6Address", STRING),
};
static GO_STRUCT_TYPE(attached, "network.EndpointResource", attached_fields);

static const struct go_field network_fields[] = {
	F("Name", STRING),           A("ID", "Id", STRING),
	F("Created", &go_time),      F("Scope", STRING),
	F("Driver", STRING),         F("EnableIPv4", BOOL),
	F("EnableIPv6", BOOL),       F("IPAM", &ipam),
	F("Internal", BOOL),         F("Attachable", BOOL),
	F("Ingress", BOOL),          F("ConfigFrom", &config_from),
	F("ConfigOnly", BOOL),       F("Containers", GO_MAP_OF(&attached)),
	F("Options", MAP),           F("Labels", MAP),
	O("Peers", GO_LIST_OF(ANY)), O("Services", GO_MAP_OF(ANY)),
};
GO_STRUCT_TYPE(api_network, "network.Inspect", network_fields);

static const struct go_field usage_fields[] = { F("RefCount", INT), F("Size", INT) };
static GO_STRUCT_TYPE(usage, "volume.UsageData", usage_fields);

static const struct go_field volume_fields[] = {
	O("ClusterVolume", ANY),     O("CreatedAt", STRING),
	F("Driver", STRING),         F("Labels", MAP),
	F("Mountpoint", STRING),     F("Name", STRING),
	F("Options", MAP),           F("Scope", STRING),
	O("Status", GO_MAP_OF(ANY)), O("UsageData", GO_POINTER_TO(&usage)),
};
GO_STRUCT_TYPE(api_volume, "volume.Volume", volume_fields);

/* --- version: the client's half is of our own making --- */

static const struct go_field platform_name_fields[] = { F("Name", STRING) };
static GO_STRUCT_TYPE(platform_name, "struct { Name string }", platform_name_fields);

static const struct go_field client_version_fields[] = {
	O("Platform", GO_POINTER_TO(&platform_name)),
	F("Version", STRING),
	OA("APIVersion", "ApiVersion", STRING),
	O("DefaultAPIVersion", STRING),
	F("GitCommit", STRING),
	F("GoVersion", STRING),
	F("Os", STRING),
	F("Arch", STRING),
	O("BuildTime", STRING),
	F("Context", STRING),
};
static GO_STRUCT_TYPE(client_version, "system.clientVersion", client_version_fields);

static const struct go_field component_fields[] = {
	F("Name", STRING),
	F("Version", STRING),
	O("Details", MAP),
};
static GO_STRUCT_TYPE(component, "types.ComponentVersion", component_fields);

static const struct go_field server_fields[] = {
	O("Platform", &platform_name),
	O("Components", GO_LIST_OF(&component)),
	F("Version", STRING),
	A("APIVersion", "ApiVersion", STRING),
	O("MinAPIVersion", STRING),
	F("GitCommit", STRING),
	F("GoVersion", STRING),
	F("Os", STRING),
	F("Arch", STRING),
	O("KernelVersion", STRING),
	O("Experimental", BOOL),
	O("BuildTime", STRING),
};
static GO_STRUCT_TYPE(server, "types.Version", server_fields);

static const struct go_field version_fields[] = {
	F("Client", &client_version),
	F("Server", GO_POINTER_TO(&server)),
};
GO_STRUCT_TYPE(api_version, "system.versionInfo", version_fields);

/* --- info --- */

static const struct go_field plugins_fields[] = {
	F("Volume", STRINGS),
	F("Network", STRINGS),
	F("Authorization", STRINGS),
	F("Log", STRINGS),
};
static GO_STRUCT_TYPE(plugins, "system.PluginsInfo", plugins_fields);

/* The original writes these two sorted by name. */
static const struct go_field registry_index_fields[] = {
	F("Mirrors", STRINGS),
	F("Name", STRING),
	F("Official", BOOL),
	F("Secure", BOOL),
};
static GO_STRUCT_TYPE(registry_index, "registry.IndexInfo", registry_index_fields);

static const struct go_field registry_fields[] = {
	O("AllowNondistributableArtifactsCIDRs", STRINGS),
	O("AllowNondistributableArtifactsHostnames", STRINGS),
	F("IndexConfigs", GO_MAP_OF(GO_POINTER_TO(&registry_index))),
	F("InsecureRegistryCIDRs", STRINGS),
	F("Mirrors", STRINGS),
};
static GO_STRUCT_TYPE(registry, "registry.ServiceConfig", registry_fields);

static const struct go_field runtime_fields[] = {
	OA("Path", "path", STRING),
	OA("Args", "runtimeArgs", STRINGS),
	OA("Type", "runtimeType", STRING),
	OA("Options", "options", GO_MAP_OF(ANY)),
};
static GO_STRUCT_TYPE(runtime, "system.Runtime", runtime_fields);

static const struct go_field runtime_status_fields[] = {
	GO_FIELD_EMBED("Runtime", &runtime),
	OA("Status", "status", MAP),
};
static GO_STRUCT_TYPE(runtime_status, "system.RuntimeWithStatus", runtime_status_fields);

static const struct go_field swarm_fields[] = {
	F("NodeID", STRING),
	F("NodeAddr", STRING),
	F("LocalNodeState", STRING),
	F("ControlAvailable", BOOL),
	F("Error", STRING),
	F("RemoteManagers", GO_LIST_OF(ANY)),
	O("Nodes", INT),
	O("Managers", INT),
	O("Cluster", GO_POINTER_TO(ANY)),
	O("Warnings", STRINGS),
};
static GO_STRUCT_TYPE(swarm, "swarm.Info", swarm_fields);

static const struct go_field commit_fields[] = { F("ID", STRING), O("Expected", STRING) };
static GO_STRUCT_TYPE(commit, "system.Commit", commit_fields);

static const struct go_field address_pool_fields[] = { F("Base", STRING), F("Size", INT) };
static GO_STRUCT_TYPE(address_pool, "system.NetworkAddressPool", address_pool_fields);

static const struct go_field server_info_fields[] = {
	F("ID", STRING),
	F("Containers", INT),
	F("ContainersRunning", INT),
	F("ContainersPaused", INT),
	F("ContainersStopped", INT),
	F("Images", INT),
	F("Driver", STRING),
	F("DriverStatus", GO_LIST_OF(STRINGS)),
	O("SystemStatus", GO_LIST_OF(STRINGS)),
	F("Plugins", &plugins),
	F("MemoryLimit", BOOL),
	F("SwapLimit", BOOL),
	O("KernelMemory", BOOL),
	O("KernelMemoryTCP", BOOL),
	A("CPUCfsPeriod", "CpuCfsPeriod", BOOL),
	A("CPUCfsQuota", "CpuCfsQuota", BOOL),
	F("CPUShares", BOOL),
	F("CPUSet", BOOL),
	F("PidsLimit", BOOL),
	F("IPv4Forwarding", BOOL),
	F("Debug", BOOL),
	F("NFd", INT),
	F("OomKillDisable", BOOL),
	F("NGoroutines", INT),
	F("SystemTime", STRING),
	F("LoggingDriver", STRING),
	F("CgroupDriver", STRING),
	O("CgroupVersion", STRING),
	F("NEventsListener", INT),
	F("KernelVersion", STRING),
	F("OperatingSystem", STRING),
	F("OSVersion", STRING),
	F("OSType", STRING),
	F("Architecture", STRING),
	F("IndexServerAddress", STRING),
	F("RegistryConfig", GO_POINTER_TO(&registry)),
	F("NCPU", INT),
	F("MemTotal", INT),
	F("GenericResources", GO_LIST_OF(ANY)),
	F("DockerRootDir", STRING),
	A("HTTPProxy", "HttpProxy", STRING),
	A("HTTPSProxy", "HttpsProxy", STRING),
	F("NoProxy", STRING),
	F("Name", STRING),
	F("Labels", STRINGS),
	F("ExperimentalBuild", BOOL),
	F("ServerVersion", STRING),
	F("Runtimes", GO_MAP_OF(&runtime_status)),
	F("DefaultRuntime", STRING),
	F("Swarm", &swarm),
	F("LiveRestoreEnabled", BOOL),
	F("Isolation", STRING),
	F("InitBinary", STRING),
	F("ContainerdCommit", &commit),
	F("RuncCommit", &commit),
	F("InitCommit", &commit),
	F("SecurityOptions", STRINGS),
	O("ProductLicense", STRING),
	O("DefaultAddressPools", GO_LIST_OF(&address_pool)),
	O("FirewallBackend", GO_POINTER_TO(ANY)),
	F("CDISpecDirs", STRINGS),
	O("DiscoveredDevices", GO_LIST_OF(ANY)),
	O("Containerd", GO_POINTER_TO(ANY)),
	F("Warnings", STRINGS),
};
static GO_STRUCT_TYPE(server_info, "system.Info", server_info_fields);

static const struct go_field plugin_fields[] = {
	O("SchemaVersion", STRING), O("Vendor", STRING),
	O("Version", STRING),       O("ShortDescription", STRING),
	O("URL", STRING),           O("Hidden", BOOL),
	O("Name", STRING),          O("Path", STRING),
	O("Err", STRING),
};
static GO_STRUCT_TYPE(plugin, "manager.Plugin", plugin_fields);

static const struct go_field client_info_fields[] = {
	F("Debug", BOOL),
	GO_FIELD_EMBED("clientVersion", &client_version),
	F("Plugins", GO_LIST_OF(&plugin)),
	F("Warnings", STRINGS),
};
static GO_STRUCT_TYPE(client_info, "system.clientInfo", client_info_fields);

static const struct go_field info_fields[] = {
	GO_FIELD_EMBED("Info", GO_POINTER_TO(&server_info)),
	OA("ClientInfo", "ClientInfo", GO_POINTER_TO(&client_info)),
};
GO_STRUCT_TYPE(api_info, "system.dockerInfo", info_fields);

/* --- events --- */

static const struct go_field actor_fields[] = { F("ID", STRING), F("Attributes", MAP) };
static GO_STRUCT_TYPE(actor, "events.Actor", actor_fields);

static const struct go_field event_fields[] = {
	OA("Status", "status", STRING),
	OA("ID", "id", STRING),
	OA("From", "from", STRING),
	F("Type", STRING),
	F("Action", STRING),
	F("Actor", &actor),
	OA("Scope", "scope", STRING),
	OA("Time", "time", INT),
	OA("TimeNano", "timeNano", INT),
};
GO_STRUCT_TYPE(api_event, "*events.Message", event_fields);
