/* GET /containers/ID/json, as far as commands look into it. */
#ifndef CLI_CONTAINER_JSON_H
#define CLI_CONTAINER_JSON_H

#include "cli/cli.h"
#include "cli/spec/port.h"

#define CONTAINER_STATE(F)             \
	F(BOOL, running, "Running", 0) \
	F(BOOL, paused, "Paused", 0)   \
	F(BOOL, restarting, "Restarting", 0)
JSON_STRUCT(container_state, CONTAINER_STATE)

#define CONTAINER_CONFIG(F)    \
	F(BOOL, tty, "Tty", 0) \
	F(BOOL, open_stdin, "OpenStdin", 0)
JSON_STRUCT(container_config, CONTAINER_CONFIG)

#define CONTAINER_NETWORK(F) F(OBJSMAP, ports, "Ports", 0, api_port_binding)
JSON_STRUCT(container_network, CONTAINER_NETWORK)

#define CONTAINER_HOST(F) F(BOOL, auto_remove, "AutoRemove", 0)
JSON_STRUCT(container_host, CONTAINER_HOST)

#define CONTAINER_JSON(F)                                    \
	F(STR, id, "Id", 0)                                  \
	F(OBJ, state, "State", REQUIRED, container_state)    \
	F(OBJ, config, "Config", REQUIRED, container_config) \
	F(OBJ, host, "HostConfig", REQUIRED, container_host) \
	F(OBJ, network, "NetworkSettings", REQUIRED, container_network)
JSON_STRUCT(container_json, CONTAINER_JSON)

int container_get(struct cli *cli, const char *name, struct container_json *out, struct err *e)
        must_check;

/* Hijacks the container's streams; `wanted` are STREAM_ bits. */
enum { STREAM_IN = 1, STREAM_OUT = 2, STREAM_ERR = 4 };
int container_attach_streams(struct cli *cli, const char *id, int wanted, const char *keys,
                             struct api_stream *out, struct err *e) must_check;

#endif
