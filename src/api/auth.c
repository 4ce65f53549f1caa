/* Tables of auth.h. */
#include "api/auth.h"

JSON_TYPE(registry_auth, REGISTRY_AUTH)
JSON_TYPE(api_auth_answer, API_AUTH_ANSWER)
