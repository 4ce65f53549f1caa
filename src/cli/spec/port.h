/*
 * Published and exposed ports: -p [ip:][host[-end]:]container[-end][/proto], --expose.
 * https://docs.docker.com/engine/network/port-publishing/
 */
#ifndef CLI_SPEC_PORT_H
#define CLI_SPEC_PORT_H

#include "api/container.h"

/* What create sends: the exposed set, and the bindings of each. */
#define PORT_SETS(F)                       \
	F(SET, exposed, "ExposedPorts", 0) \
	F(OBJSMAP, bindings, "PortBindings", 0, api_port_binding)
JSON_STRUCT(port_sets, PORT_SETS)

int port_publish(struct arena *a, const char *text, struct port_sets *out, struct err *e)
        must_check;
int port_expose(struct arena *a, const char *text, struct port_sets *out, struct err *e) must_check;

#endif
