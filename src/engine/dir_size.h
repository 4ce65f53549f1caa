/* How many bytes lie below a directory, as `docker system df` counts them. */
#ifndef ENGINE_DIR_SIZE_H
#define ENGINE_DIR_SIZE_H

#include <stdint.h>

/* Sizes of all files, each inode once, directories not counted. What cannot be read counts nothing. */
int64_t dir_size(const char *path);

#endif
