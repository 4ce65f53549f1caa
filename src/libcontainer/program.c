/* Looking a program up. See program.h. */
#include "libcontainer/program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"

/* Why `path` is no program, or 0. `missing` tells a failed stat from the rest. */
static int program_error(const char *path, bool *missing)
{
	struct stat st;

	*missing = stat(path, &st) < 0;
	if (*missing)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if ((st.st_mode & 0111) == 0)
		return EACCES;
	/* A noexec mount, or not for this user. */
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 && errno != ENOSYS ? errno : 0;
}

static const char *search_path(struct arena *a, const char *name, const char *search)
{
	bool missing;

	while (search && *search) {
		size_t n = strcspn(search, ":");
		char *path = path_join(a, n ? arena_strndup(a, search, n) : ".", name);
		int error = program_error(path, &missing);

		if (error == 0)
			return path;
		search += n + (search[n] == ':');
	}
	return NULL;
}

const char *program_find(struct arena *a, const char *name, const char *search, struct err *e)
{
	const char *found;
	bool missing;
	int error;

	if (!strchr(name, '/')) {
		found = search_path(a, name, search);
		if (!found)
			err_set(e, ERR_NOT_FOUND,
			        "exec: \"%s\": executable file not found in $PATH", name);
		return found;
	}
	error = program_error(name, &missing);
	if (error == 0)
		return name;
	if (missing)
		err_errno(e, error, "exec: \"%s\": stat %s", name, name);
	else
		err_errno(e, error, "exec: \"%s\"", name);
	return NULL;
}
