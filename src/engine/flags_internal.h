/* What the table of flags (flags_table.c) and its readers (flags.c) share. */
#ifndef ENGINE_FLAGS_INTERNAL_H
#define ENGINE_FLAGS_INTERNAL_H

#include "engine/flags.h"

enum flag_kind { F_STR, F_BOOL, F_TRI, F_INT, F_BYTES, F_LIST, F_MAP, F_UNSUPPORTED };

struct flag {
	const char *name; /* --name */
	char letter;      /* -x, or 0 */
	const char *key;  /* in daemon.json, or NULL */
	enum flag_kind kind;
	size_t offset;    /* in struct options */
	const char *text; /* help; for F_UNSUPPORTED the default that is accepted, or NULL */
};

extern const struct flag flag_table[];
extern const size_t flag_count;

/* By its name on the command line, its letter, its key in daemon.json; NULL when there is none. */
const struct flag *flag_by_name(const char *s, size_t n);
const struct flag *flag_by_letter(char c);
const struct flag *flag_by_key(const char *key);

/* Stores one value given as text. */
int flag_set(struct arena *a, const struct flag *f, struct options *o, const char *value,
             struct err *e) must_check;

#endif
