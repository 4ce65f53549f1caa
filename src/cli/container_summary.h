/* One element of GET /containers/json, as far as lists show it. */
#ifndef CLI_CONTAINER_SUMMARY_H
#define CLI_CONTAINER_SUMMARY_H

#include "base/json.h"

#define PORT_SUMMARY(F)                        \
	F(STR, ip, "IP", 0)                    \
	F(I64, private_port, "PrivatePort", 0) \
	F(I64, public_port, "PublicPort", 0)   \
	F(STR, type, "Type", 0)
JSON_STRUCT(port_summary, PORT_SUMMARY)

#define MOUNT_SUMMARY(F)            \
	F(STR, name, "Name", 0)     \
	F(STR, source, "Source", 0) \
	F(STR, driver, "Driver", 0)
JSON_STRUCT(mount_summary, MOUNT_SUMMARY)

#define ENDPOINT_SUMMARY(F) F(STR, id, "NetworkID", 0)
JSON_STRUCT(endpoint_summary, ENDPOINT_SUMMARY)

#define NETWORK_SUMMARY(F) F(OBJMAP, networks, "Networks", 0, endpoint_summary)
JSON_STRUCT(network_summary, NETWORK_SUMMARY)

#define CONTAINER_SUMMARY(F)                                            \
	F(STR, id, "Id", 0)                                             \
	F(STRS, names, "Names", 0)                                      \
	F(STR, image, "Image", 0)                                       \
	F(STR, image_id, "ImageID", 0)                                  \
	F(STR, command, "Command", 0)                                   \
	F(I64, created, "Created", 0)                                   \
	F(OBJS, ports, "Ports", 0, port_summary)                        \
	F(I64, size_rw, "SizeRw", 0)                                    \
	F(I64, size_root_fs, "SizeRootFs", 0)                           \
	F(MAP, labels, "Labels", 0)                                     \
	F(STR, state, "State", 0)                                       \
	F(STR, status, "Status", 0)                                     \
	F(OBJ, network_settings, "NetworkSettings", 0, network_summary) \
	F(OBJS, mounts, "Mounts", 0, mount_summary)
JSON_STRUCT(container_summary, CONTAINER_SUMMARY)

/* "0.0.0.0:8080->80/tcp, 127.0.0.1:90-92->90-92/tcp"; sorts the ports. */
const char *ports_display(struct arena *a, struct port_summary *v, size_t n);

#endif
