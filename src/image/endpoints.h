/*
 * Where a registry answers. docker.io has another address, and mirrors; a registry on loopback, or
 * one that the configuration calls insecure, may have a certificate that nobody knows, or speak
 * plain HTTP.
 */
#ifndef IMAGE_ENDPOINTS_H
#define IMAGE_ENDPOINTS_H

#include "image/fetch.h"
#include "oci/reference.h"

struct registry_config {
	struct strs mirrors;  /* of docker.io: "https://mirror.example", http allowed */
	struct strs insecure; /* "host", "host:port", "10.0.0.0/8" */
};

/* Fills endpoints, repository and certs. */
void registry_endpoints(struct arena *a, const struct reference *ref,
                        const struct registry_config *c, struct fetch_setup *out);

/* Is this "host:port" on loopback or in the list? */
bool registry_is_insecure(const char *domain, const struct strs *insecure);

#endif
