/*
 * Calls that Lighter does not make, turned into compile errors. The build includes this file
 * before every source file. Each has a bounded or error-reporting replacement in base/.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <signal.h>

#pragma GCC poison strcpy strcat strncpy strncat stpcpy sprintf vsprintf strtok gets
#pragma GCC poison atoi atol atoll gmtime localtime ctime asctime mktemp tmpnam

#endif
