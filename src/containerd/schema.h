/*
 * The schema of the metadata database. Times are nanoseconds since 1970; labels and annotations
 * are packed lighter.StringMap messages. A change raises SCHEMA_VERSION and adds a step to schema.c.
 */
#ifndef CONTAINERD_SCHEMA_H
#define CONTAINERD_SCHEMA_H

#define SCHEMA_VERSION 1

extern const char schema_sql[]; /* makes an empty database version SCHEMA_VERSION */

#endif
