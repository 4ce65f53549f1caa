/* What the table of flags (flags_table.c), its values (flags_value.c) and its readers (flags.c)
 * share. */
#ifndef ENGINE_DAEMON_FLAGS_INTERNAL_H
#define ENGINE_DAEMON_FLAGS_INTERNAL_H

#include "engine/daemon/flags.h"

enum flag_kind {
	F_STR,
	F_BOOL,
	F_TRI, /* a boolean that remembers whether it was given */
	F_INT,
	F_BYTES,
	F_LIST,
	F_MAP,
	F_BOOLMAP, /* as F_MAP; the values are "true" and "false" */
	F_ULIMITS,
	F_RUNTIMES,
	F_POOLS,
	F_REFUSED,
};

/* Is this text a possible value? The error says why not, without the flag's name. */
typedef int flag_check(const char *text, struct err *e);

struct flag {
	enum flag_kind kind;
	size_t offset;    /* in struct options */
	const char *name; /* --name, or NULL */
	char letter;      /* -x, or 0 */
	const char *key;  /* in daemon.json ("group.key" within an object), or NULL */
	flag_check *check;
	const char *text;     /* help, NULL for what is not shown; of F_REFUSED: why */
	const char *harmless; /* of F_REFUSED: the value that changes nothing, or NULL */
};

extern const struct flag flag_table[];
extern const size_t flag_count;

/* By its name on the command line, its letter, its key in daemon.json; NULL when there is none. */
const struct flag *flag_by_name(const char *s, size_t n);
const struct flag *flag_by_letter(char c);
const struct flag *flag_by_key(const char *key);
/* Does a key of daemon.json hold keys of the table, as "proxies" does? */
bool flag_is_group(const char *key);

/* Does it need no value on the command line? */
bool flag_stands_alone(const struct flag *f);
/* Read again at SIGHUP. */
bool flag_is_live(const struct flag *f);

/* ---- flags_value.c ---- */

/* Stores one value given as text, after checking it. */
int flag_set(struct arena *a, const struct flag *f, struct options *o, const char *value,
             struct err *e) must_check;
/* Stores what stands in the file. */
int flag_set_json(struct arena *a, const struct flag *f, struct options *o,
                  const struct json_value *v, struct err *e) must_check;
/* A value as Go prints it: "true", "[a b]", "map[k:v]". */
void flag_print_json(struct buf *b, const struct json_value *v);

/* ---- flags_check.c ---- */

/* "http://host" and "https://host" -> "host". */
const char *registry_without_scheme(const char *s);

flag_check check_absolute, check_api_version, check_cgroupns, check_cidr, check_domain,
        check_feature, check_host, check_insecure, check_ip, check_ipc, check_label,
        check_log_format, check_log_level, check_mirror, check_mtu, check_namespace,
        check_oom_score, check_positive, check_proxy, check_seccomp, check_true;

#endif
