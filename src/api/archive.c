/* The tables of archive.h, and file modes as Go counts them. */
#include "api/archive.h"

#include <sys/stat.h>

JSON_TYPE(api_change, API_CHANGE)
JSON_TYPE(api_path_stat, API_PATH_STAT)

static const struct {
	unsigned mask, bits;
	uint64_t go;
} modes[] = {
	{ S_IFMT, S_IFDIR, GO_MODE_DIR },
	{ S_IFMT, S_IFLNK, GO_MODE_SYMLINK },
	{ S_IFMT, S_IFBLK, GO_MODE_DEVICE },
	{ S_IFMT, S_IFCHR, GO_MODE_DEVICE | GO_MODE_CHAR_DEVICE },
	{ S_IFMT, S_IFIFO, GO_MODE_PIPE },
	{ S_IFMT, S_IFSOCK, GO_MODE_SOCKET },
	{ S_ISUID, S_ISUID, GO_MODE_SETUID },
	{ S_ISGID, S_ISGID, GO_MODE_SETGID },
	{ S_ISVTX, S_ISVTX, GO_MODE_STICKY },
};

uint64_t api_go_mode(unsigned mode)
{
	uint64_t go = mode & 0777;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if ((mode & modes[i].mask) == modes[i].bits)
			go |= modes[i].go;
	return go;
}
