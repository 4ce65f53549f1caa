/*
 * --log-driver and --log-opt: what is refused at create, and what a container's streams are told
 * (engine/stdio/pump.h). Names, defaults and words: Docker's json-file and local drivers.
 */
#ifndef ENGINE_CONTAINER_LOG_CONFIG_H
#define ENGINE_CONTAINER_LOG_CONFIG_H

#include "engine/container/container.h"
#include "engine/stdio/pump.h"

/* Fills in what the daemon's own configuration says. */
void log_config_defaults(struct arena *a, const struct options *o, struct api_log_config *log);

/* Refuses drivers that are not there, options that a driver does not know, and wrong values. */
int log_config_check(const struct api_log_config *log, struct err *e) must_check;

/* The file that is written, in the arena; NULL when the driver keeps none. */
char *log_config_path(struct engine *g, struct arena *a, const struct container_record *r,
                      enum log_driver *driver);

/* Everything about the log in a stdio's configuration; strings in the arena. */
void log_config_apply(struct engine *g, struct arena *a, const struct container_record *r,
                      struct stdio_config *out);

/* ---- log_attrs.c ---- */

/* "{{.Name}}/{{.ID}}" and the other fields of Docker's log tags. */
int log_tag_check(const char *tag, struct err *e) must_check;
/* The JSON object of options labels, env, their -regex forms and tag; NULL when there is nothing. */
char *log_attrs(struct arena *a, const struct container_record *r);

#endif
