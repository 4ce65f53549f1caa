/*
 * Image references: "busybox", "host:5000/team/name:tag@sha256:...".
 *
 * Docker's "familiar" form leaves out docker.io, library/ and :latest; the stores and registries
 * use the full one. The grammar is the distribution project's (reference/reference.go, its
 * comment).
 */
#ifndef OCI_REFERENCE_H
#define OCI_REFERENCE_H

#include <stdbool.h>
#include "base/arena.h"
#include "base/err.h"

#define REFERENCE_DEFAULT_DOMAIN "docker.io"
#define REFERENCE_DEFAULT_TAG    "latest"

struct reference {
	const char *domain; /* "docker.io", "127.0.0.1:5000" */
	const char *path;   /* "library/busybox" */
	const char *tag;    /* or NULL */
	const char *digest; /* or NULL */
};

/* Parses either form into the full one; the strings live in the arena. ERR_INVALID, Docker's words.
 */
int reference_parse(struct arena *a, const char *text, struct reference *out, struct err *e)
        must_check;

/* Gives a reference that has neither tag nor digest the tag "latest". */
void reference_default_tag(struct reference *r);

/* "docker.io/library/busybox" and with ":tag" and "@digest". */
char *reference_name(struct arena *a, const struct reference *r);
char *reference_text(struct arena *a, const struct reference *r);

/* "busybox" and with ":tag" and "@digest"; "docker.io/team/name" is "team/name". */
char *reference_familiar_name(struct arena *a, const struct reference *r);
char *reference_familiar(struct arena *a, const struct reference *r);

bool reference_tag_is_valid(const char *tag);

#endif
