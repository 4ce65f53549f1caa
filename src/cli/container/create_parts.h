/* Parts of the create body that take more than copying. See create_parts.c. */
#ifndef CLI_CONTAINER_CREATE_PARTS_H
#define CLI_CONTAINER_CREATE_PARTS_H

#include "cli/container/create_body.h"

int create_extra_hosts(struct arena *a, const struct create_options *o, struct api_host_config *h,
                       struct err *e) must_check;
/* "on-failure:3" */
int create_restart(struct arena *a, const char *text, struct api_restart_policy **out,
                   struct err *e) must_check;
int create_security(struct arena *a, const struct create_options *o, struct api_host_config *h,
                    struct err *e) must_check;
int create_namespaces(struct arena *a, const struct call *call, struct api_create *out,
                      struct err *e) must_check;
int create_devices(struct arena *a, const struct call *call, struct api_create *out, struct err *e)
        must_check;
int create_networks(struct arena *a, const struct call *call, struct api_create *out, struct err *e)
        must_check;

int create_resources(struct arena *a, const struct call *call, struct api_create *out,
                     struct err *e) must_check;

/* "net_admin" is CAP_NET_ADMIN; sorted, each once. */
struct strs create_capabilities(struct arena *a, const struct strs *names);

#endif
