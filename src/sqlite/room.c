/* Databases on a disk that gets full. See room.h. */
#include "sqlite/room.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include "base/arena.h"
#include "base/limits.h"

#define RESERVE_BYTES (128 * KIB)
#define LOW_BYTES     (2 * MIB) /* less room than this is "nearly full" */

#define PAGE_BYTES (4 * KIB)

/* Bytes that the file system of the database still has; plenty when it does not say. */
static uint64_t room_for(sqlite3 *db)
{
	const char *path = sqlite3_db_filename(db, "main");
	struct statvfs st;

	if (!path || statvfs(path, &st) < 0)
		return UINT64_MAX;
	return (uint64_t)st.f_bavail * st.f_frsize;
}

static int64_t ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t v = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return v;
}

static bool log_is_long_enough(sqlite3 *db)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct stat st;

	return stat(arena_printf(&a, "%s-wal", sqlite3_db_filename(db, "main")), &st) == 0 &&
	       st.st_size >= (off_t)RESERVE_BYTES;
}

/*
 * Pages that were written and freed stay in the file; the frames that brought them there stay in the
 * log. The checkpoint in between moves the bytes, so that the file has blocks and no holes.
 */
void sqlite_reserve(sqlite3 *db)
{
	static const char fill[] = "BEGIN; CREATE TABLE reserve (x);"
	                           "INSERT INTO reserve VALUES (zeroblob(131072)); COMMIT;"
	                           "PRAGMA wal_checkpoint(PASSIVE); DROP TABLE reserve";
	int keep_log = 1;

	sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep_log);
	if (log_is_long_enough(db) &&
	    ask(db, "PRAGMA freelist_count") >= (int64_t)(RESERVE_BYTES / PAGE_BYTES / 2))
		return;
	if (room_for(db) < LOW_BYTES)
		return;
	if (sqlite3_exec(db, fill, NULL, NULL, NULL) != SQLITE_OK && !sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

void sqlite_make_room(sqlite3 *db)
{
	if (room_for(db) < LOW_BYTES)
		sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
}

/* ---- errors ---- */

static const struct {
	int code;
	enum err_kind kind;
} kinds[] = {
	{ SQLITE_CONSTRAINT, ERR_ALREADY_EXISTS },
	{ SQLITE_CORRUPT, ERR_DATA_LOSS },
	{ SQLITE_NOTADB, ERR_DATA_LOSS },
	{ SQLITE_BUSY, ERR_UNAVAILABLE },
};

static bool disk_is_full(sqlite3 *db, int code)
{
	return code == SQLITE_FULL || (code == SQLITE_IOERR && sqlite3_system_errno(db) == ENOSPC);
}

int sqlite_failed(sqlite3 *db, struct err *e, const char *doing)
{
	int code = sqlite3_extended_errcode(db) & 0xff;
	enum err_kind kind = ERR_INTERNAL;

	if (disk_is_full(db, code))
		return err_errno(e, ENOSPC, "%s", doing);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].code == code)
			kind = kinds[i].kind;
	return err_set(e, kind, "%s: %s", doing, sqlite3_errmsg(db));
}
