/*
 * Registries in the Engine API: X-Registry-Auth and POST /auth with its answer, GET /distribution/NAME/json.
 * Docker Engine API 1.24 to 1.51.
 */
#ifndef API_AUTH_H
#define API_AUTH_H

#include "base/json.h"

/* What `docker login` knows; members are NULL when it does not. */
#define REGISTRY_AUTH(F)                           \
	F(STR, username, "username", 0)            \
	F(STR, password, "password", 0)            \
	F(STR, auth, "auth", 0) /* both, base64 */ \
	F(STR, identity_token, "identitytoken", 0) \
	F(STR, registry_token, "registrytoken", 0) \
	F(STR, server, "serveraddress", 0)         \
	F(STR, email, "email", 0) /* of no use to anybody any more */
JSON_STRUCT(registry_auth, REGISTRY_AUTH)

#define API_AUTH_ANSWER(F)          \
	F(STR, status, "Status", 0) \
	F(STR, token, "IdentityToken", 0)
JSON_STRUCT(api_auth_answer, API_AUTH_ANSWER)

#endif
