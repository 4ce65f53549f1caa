/*
 * Regular expressions that come from outside: those of Go that are POSIX extended ones too. The C
 * library multiplies a repeated part out when it compiles: nested repetitions of a few dozen bytes
 * would take all memory. So what an expression can grow to is estimated first, and refused when it
 * is too much; so is, as in Go, a repetition of a repetition ("a++").
 */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <regex.h>
#include <stdbool.h>

/* Without captures. False when malformed or too complex; *out is regfree'd by the caller otherwise. */
bool regex_compile(regex_t *out, const char *pattern);

#endif
