/*
 * Credentials of registries: in config.json ("auths"), or with a helper ("credHelpers" for one
 * registry, "credsStore" for all). https://docs.docker.com/reference/cli/docker/login/
 */
#ifndef CLI_CLIENT_CREDENTIALS_H
#define CLI_CLIENT_CREDENTIALS_H

#include "cli/client/config.h"

#define CREDENTIALS_HUB "https://index.docker.io/v1/" /* the name of Docker Hub */

/* Empty when there are none. */
int credentials_get(struct arena *a, const struct config *c, const char *registry,
                    struct auth_entry *out, struct err *e) must_check;

/* The X-Registry-Auth header for an image reference: base64url of the credentials, or of {}. */
int credentials_header(struct arena *a, const struct config *c, const struct reference *ref,
                       const char **header, struct err *e) must_check;

/* *plain: the secret was written, without a helper, into the file. */
int credentials_store(struct arena *a, const struct config *c, const char *dir,
                      const char *registry, const struct auth_entry *entry, bool *plain,
                      struct err *e) must_check;
int credentials_erase(struct arena *a, const struct config *c, const char *dir,
                      const char *registry, struct err *e) must_check;

#endif
