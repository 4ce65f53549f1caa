/* Human forms of sizes and times, as Docker's programs print and read them. */
#ifndef CLI_FORMAT_UNITS_H
#define CLI_FORMAT_UNITS_H

#include <stdint.h>
#include "base/err.h"

#define UNITS_TEXT 48

/* 1237000 with 3 digits: "1.24MB". Powers of 1000. */
const char *size_format(char dst[UNITS_TEXT], double bytes, int digits);
/* Powers of 1024, 4 digits: "1.953GiB". */
const char *size_format_binary(char dst[UNITS_TEXT], double bytes);

/* "Less than a second", "About a minute", "3 hours": of a non-negative duration in ns. */
const char *duration_human(char dst[UNITS_TEXT], int64_t ns);

/* "512m", "1.5GiB", "10 kb": powers of 1024. */
int size_parse(const char *s, int64_t *bytes, struct err *e) must_check;

/* Go's time.ParseDuration: "1h30m", "-1.5s". */
int duration_parse(const char *s, int64_t *ns, struct err *e) must_check;

/* Numbers with the messages of Go's strconv. */
int number_parse(const char *s, int64_t min, int64_t max, const char *go_function, int64_t *out,
                 struct err *e) must_check;
int float_parse(const char *s, double *out, struct err *e) must_check;

#endif
