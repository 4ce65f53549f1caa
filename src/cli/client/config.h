/*
 * ~/.docker/config.json, and the credentials it leads to.
 * Format: https://docs.docker.com/reference/cli/docker/#configuration-files
 */
#ifndef CLI_CLIENT_CONFIG_H
#define CLI_CLIENT_CONFIG_H

#include "base/json.h"
#include "oci/reference.h"

#define AUTH_ENTRY(F)                                                  \
	F(STR, auth, "auth", OMIT_EMPTY) /* base64 of user:password */ \
	F(STR, username, "username", OMIT_EMPTY)                       \
	F(STR, password, "password", OMIT_EMPTY)                       \
	F(STR, identitytoken, "identitytoken", OMIT_EMPTY)             \
	F(STR, registrytoken, "registrytoken", OMIT_EMPTY)             \
	F(STR, serveraddress, "serveraddress", OMIT_EMPTY)
JSON_STRUCT(auth_entry, AUTH_ENTRY)

#define PROXY_ENTRY(F)                          \
	F(STR, http, "httpProxy", OMIT_EMPTY)   \
	F(STR, https, "httpsProxy", OMIT_EMPTY) \
	F(STR, no, "noProxy", OMIT_EMPTY)       \
	F(STR, ftp, "ftpProxy", OMIT_EMPTY)     \
	F(STR, all, "allProxy", OMIT_EMPTY)
JSON_STRUCT(proxy_entry, PROXY_ENTRY)

#define CONFIG_FILE(F)                                \
	F(OBJMAP, auths, "auths", 0, auth_entry)      \
	F(MAP, http_headers, "HttpHeaders", 0)        \
	F(STR, ps_format, "psFormat", 0)              \
	F(STR, images_format, "imagesFormat", 0)      \
	F(STR, networks_format, "networksFormat", 0)  \
	F(STR, volumes_format, "volumesFormat", 0)    \
	F(STR, stats_format, "statsFormat", 0)        \
	F(STRS, prune_filters, "pruneFilters", 0)     \
	F(STR, detach_keys, "detachKeys", 0)          \
	F(STR, creds_store, "credsStore", 0)          \
	F(MAP, cred_helpers, "credHelpers", 0)        \
	F(OBJMAP, proxies, "proxies", 0, proxy_entry) \
	F(STR, current_context, "currentContext", 0)  \
	F(STRS, plugin_dirs, "cliPluginsExtraDirs", 0)
JSON_STRUCT(config, CONFIG_FILE)

/* A missing file is an empty configuration. */
int config_load(struct arena *a, const char *dir, struct config *out, struct err *e) must_check;

/* Changes "auths" in the file: the entry of a registry as JSON, NULL takes it out. All else stays. */
int config_set_auth(struct arena *a, const char *dir, const char *registry, const char *entry,
                    struct err *e) must_check;

/* The proxies for containers of the daemon at this address, or NULL. */
const struct proxy_entry *config_proxies(const struct config *c, const char *address);

#endif
