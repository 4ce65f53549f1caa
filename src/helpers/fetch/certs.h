/*
 * /etc/docker/certs.d/HOST: authorities to trust (*.crt, besides the system's) and a certificate
 * to show (the first *.cert that has a *.key beside it).
 */
#ifndef FETCH_CERTS_H
#define FETCH_CERTS_H

#include <curl/curl.h>

/* A folder that is not there is fine; `folder` may be NULL. */
void certs_apply(CURL *curl, const char *folder);

#endif
