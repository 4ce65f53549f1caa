/*
 * Time: nanoseconds since 1970 (UTC) in an int64_t; monotonic milliseconds for deadlines.
 * 0 stands for Go's zero time, "0001-01-01T00:00:00Z", which the Docker API uses for "never".
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_S  1000000000LL
#define NS_PER_MS 1000000LL

#define CLOCK_TEXT_SIZE 48

int64_t clock_now_ns(void);  /* CLOCK_REALTIME */
int64_t clock_mono_ms(void); /* CLOCK_MONOTONIC */
int64_t clock_mono_ns(void);

/* RFC 3339 with nanoseconds, trailing zeros dropped as Go's RFC3339Nano does, zone "Z". */
const char *clock_format(char dst[CLOCK_TEXT_SIZE], int64_t ns);
/* The same with all nine digits, as json-file log lines and `docker logs -t` have it. */
const char *clock_format_fixed(char dst[CLOCK_TEXT_SIZE], int64_t ns);

/* RFC 3339 with any fraction and zone. False when malformed. */
bool clock_parse(const char *s, int64_t *ns);

/* As Go prints a duration: "1.5s", "1m0s", "300ms". */
const char *clock_format_duration(char dst[CLOCK_TEXT_SIZE], int64_t ns);

#endif
