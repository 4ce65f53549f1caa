/* See log_config.h. */
#include "engine/container/log_config.h"

#include <stdlib.h>
#include "base/pattern.h"
#include "engine/container/create.h"

#define INIT_FAILED "failed to initialize logging driver: "

/* ---- values ---- */

/* "10m", "1.5 GiB": decimal or binary units, as go-units has them. */
static bool parse_size(const char *s, unsigned unit, int64_t *out)
{
	static const char letters[] = "kmgtp";
	double n, factor = 1;
	const char *found;
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	n = strtod(s, &end);
	end += *end == ' ';
	found = *end ? strchr(letters, *end | 0x20) : NULL;
	if (found) {
		for (const char *p = letters; p <= found; p++)
			factor *= unit;
		end++;
		end += *end == 'i' || *end == 'I';
	}
	end += *end == 'b' || *end == 'B';
	*out = n * factor < 9e18 ? (int64_t)(n * factor) : INT64_MAX;
	return *end == '\0';
}

static bool parse_bool(const char *s, bool *out)
{
	static const char *const words[] = { "0", "f", "F", "FALSE", "false", "False",
		                             "1", "t", "T", "TRUE",  "true",  "True" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq(words[i], s)) {
			*out = i >= ARRAY_LEN(words) / 2;
			return true;
		}
	}
	return false;
}

/* What the options say, with the driver's defaults. */
struct settings {
	enum log_driver driver;
	int64_t max_size;
	int64_t max_files;
	bool compress;
	bool non_blocking;
	int64_t buffer;
};

#define DECIMAL 1000
#define BINARY  1024

static int set_size(struct settings *s, const char *v, struct err *e)
{
	bool json = s->driver == LOG_DRIVER_JSON;

	if (!parse_size(v, json ? DECIMAL : BINARY, &s->max_size))
		return err_set(e, ERR_INVALID, INIT_FAILED "%s%s%sinvalid size: '%s'",
		               json ? "" : "invalid value for max-size: ", json ? "" : v,
		               json ? "" : ": ", v);
	if (json && s->max_size == 0)
		return err_set(e, ERR_INVALID, INIT_FAILED "max-size must be a positive number");
	return 0;
}

static int set_files(struct settings *s, const char *v, struct err *e)
{
	if (!str_i64(v, &s->max_files))
		return err_set(e, ERR_INVALID,
		               INIT_FAILED "strconv.Atoi: parsing \"%s\": invalid syntax", v);
	if (s->max_files < 1)
		return err_set(e, ERR_INVALID, INIT_FAILED "max-file cannot be less than 1");
	return 0;
}

static int set_compress(struct settings *s, const char *v, struct err *e)
{
	if (!parse_bool(v, &s->compress))
		return err_set(e, ERR_INVALID,
		               INIT_FAILED "strconv.ParseBool: parsing \"%s\": invalid syntax", v);
	return 0;
}

static int set_mode(struct settings *s, const char *v, struct err *e)
{
	s->non_blocking = str_eq(v, "non-blocking");
	if (!s->non_blocking && *v && !str_eq(v, "blocking"))
		return err_set(e, ERR_INVALID, "logger: logging mode not supported: %s", v);
	return 0;
}

static int set_buffer(struct settings *s, const char *v, struct err *e)
{
	if (!parse_size(v, BINARY, &s->buffer))
		return err_set(e, ERR_INVALID,
		               "error parsing option max-buffer-size: invalid size: '%s'", v);
	return 0;
}

static int check_regex(unused_arg struct settings *s, const char *v, struct err *e)
{
	regex_t re;

	if (!regex_compile(&re, v))
		return err_set(e, ERR_INVALID, INIT_FAILED "error parsing regexp: %s", v);
	regfree(&re);
	return 0;
}

static int check_tag(unused_arg struct settings *s, const char *v, struct err *e)
{
	return log_tag_check(v, e);
}

/* ---- options ---- */

#define JSON_ONLY (1 << LOG_DRIVER_JSON)
#define ALL_OF_US (JSON_ONLY | 1 << LOG_DRIVER_LOCAL)

static const struct {
	const char *name;
	unsigned drivers;
	int (*set)(struct settings *s, const char *value, struct err *e); /* or any text will do */
} options[] = {
	{ "max-size", ALL_OF_US, set_size },          { "max-file", ALL_OF_US, set_files },
	{ "compress", ALL_OF_US, set_compress },      { "mode", ALL_OF_US, set_mode },
	{ "max-buffer-size", ALL_OF_US, set_buffer }, { "labels", JSON_ONLY, NULL },
	{ "labels-regex", JSON_ONLY, check_regex },   { "env", JSON_ONLY, NULL },
	{ "env-regex", JSON_ONLY, check_regex },      { "tag", JSON_ONLY, check_tag },
};

static int set_option(struct settings *s, const struct json_pair *o, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (!str_eq(options[i].name, o->key) || !(options[i].drivers & 1U << s->driver))
			continue;
		return options[i].set ? options[i].set(s, o->value, e) : 0;
	}
	return err_set(e, ERR_INVALID,
	               s->driver == LOG_DRIVER_JSON
	                       ? "unknown log opt '%s' for json-file log driver"
	                       : "unknown log opt '%s' for log driver local",
	               o->key);
}

static int check_together(const struct settings *s, struct err *e)
{
	if (s->buffer > 0 && !s->non_blocking)
		return err_set(e, ERR_INVALID,
		               "logger: max-buffer-size option is only supported with "
		               "'mode=non-blocking'");
	if (s->compress && s->driver == LOG_DRIVER_JSON && (s->max_files < 2 || s->max_size <= 0))
		return err_set(e, ERR_INVALID,
		               INIT_FAILED "compress cannot be true when max-file is less than 2 "
		                           "or max-size is not set");
	if (s->compress && s->driver == LOG_DRIVER_LOCAL && s->max_files < 2)
		return err_set(e, ERR_INVALID,
		               INIT_FAILED
		               "compression cannot be enabled when max file count is 1");
	return 0;
}

static int read_settings(const struct api_log_config *log, struct settings *s, struct err *e)
{
	static const struct settings defaults[] = {
		[LOG_DRIVER_JSON] = { .driver = LOG_DRIVER_JSON, .max_files = 1 },
		[LOG_DRIVER_LOCAL] = { .driver = LOG_DRIVER_LOCAL,
		                       .max_size = 20 << 20,
		                       .max_files = 5,
		                       .compress = true },
	};

	*s = defaults[str_eq(log->type, "local") ? LOG_DRIVER_LOCAL : LOG_DRIVER_JSON];
	for (size_t i = 0; i < log->config.n; i++)
		if (set_option(s, &log->config.v[i], e) < 0)
			return -1;
	return check_together(s, e);
}

/* ---- drivers ---- */

void log_config_defaults(struct arena *a, const struct options *o, struct api_log_config *log)
{
	if (str_empty(log->type))
		log->type = o->log_driver;
	for (size_t i = 0; str_eq(log->type, o->log_driver) && i < o->log_opts.n; i++)
		if (!json_map_get(&log->config, o->log_opts.v[i].key))
			json_map_set(a, &log->config, o->log_opts.v[i].key, o->log_opts.v[i].value);
}

int log_config_check(const struct api_log_config *log, struct err *e)
{
	static const char *const later[] = { "awslogs",  "fluentd",    "gcplogs", "gelf",
		                             "journald", "logentries", "splunk",  "syslog" };
	struct settings s;

	for (size_t i = 0; i < ARRAY_LEN(later); i++)
		if (str_eq(log->type, later[i]))
			return err_set(e, ERR_UNIMPLEMENTED,
			               "the logging driver %s is not there yet: json-file, local "
			               "and none are",
			               log->type);
	if (str_eq(log->type, "none"))
		return 0;
	if (!str_eq(log->type, "json-file") && !str_eq(log->type, "local"))
		return err_set(e, ERR_INVALID,
		               "error looking up logging plugin %s: plugin \"%s\" not found",
		               log->type, log->type);
	return read_settings(log, &s, e);
}

char *log_config_path(struct engine *g, struct arena *a, const struct container_record *r,
                      enum log_driver *driver)
{
	const char *type = r->host->log_config->type;

	*driver = LOG_DRIVER_JSON;
	if (str_eq(type, "none"))
		return NULL;
	if (!str_eq(type, "local"))
		return container_log_path(g, a, r->id);
	*driver = LOG_DRIVER_LOCAL;
	return container_path(g, a, r->id, "local-logs/container.log");
}

void log_config_apply(struct engine *g, struct arena *a, const struct container_record *r,
                      struct stdio_config *out)
{
	struct settings s;

	out->log_path = log_config_path(g, a, r, &out->driver);
	if (!out->log_path || read_settings(r->host->log_config, &s, NULL) < 0)
		return; /* of an engine that took more: everything is kept */
	out->max_size = s.max_size;
	out->max_files = (unsigned)MIN(s.max_files, INT32_MAX);
	out->compress = s.compress;
	out->buffer = s.non_blocking ? (s.buffer > 0 ? s.buffer : 1 << 20) : 0;
	out->attrs = s.driver == LOG_DRIVER_JSON ? log_attrs(a, r) : NULL;
}
