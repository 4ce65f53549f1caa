/*
 * What this client says it is. Scripts compare it with releases of the original, so it begins with
 * the release whose flags and output it has, and ends with our own version.
 */
#ifndef CLI_SYSTEM_VERSION_H
#define CLI_SYSTEM_VERSION_H

#define VERSION_CLIENT "28.2.2+lighter." LIGHTER_VERSION
#define VERSION_BUILD  "lighter"

struct cli;
/* What `info` says of the client, as a JSON object in the cli's arena. */
const char *version_client_json(struct cli *cli);

#endif
