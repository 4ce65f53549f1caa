/*
 * Databases on a disk that gets full: what the daemons' databases (SQLite in WAL mode) do so that
 * removing still works when nothing else does.
 *
 * A database keeps a reserve: free pages in its file, and a log (WAL) file that is never cut shorter.
 * While the disk is nearly full each write begins with a checkpoint, so that the log is written from
 * its start again instead of growing. https://sqlite.org/wal.html has the log's life.
 */
#ifndef SQLITE_ROOM_H
#define SQLITE_ROOM_H

#include <sqlite3.h>
#include "base/err.h"

/* After opening, with WAL on: makes the reserve, if there is room for it. Never fails. */
void sqlite_reserve(sqlite3 *db);

/* Before a transaction that writes. */
void sqlite_make_room(sqlite3 *db);

/* Fills *e with SQLite's last error ("doing: text") and returns -1; a full disk reads as write(2)'s. */
int sqlite_failed(sqlite3 *db, struct err *e, const char *doing);

#endif
