/*
 * The metadata database: SQLite in WAL mode, one connection that writes and one that reads, each
 * behind its lock. A transaction holds one of them from begin to end; it does no other I/O.
 *
 * Durability. A commit writes the WAL without waiting for the disk. A durable one waits afterwards,
 * outside the lock, until the WAL is on disk: commits that come close together share one sync.
 * Commits reach the disk in order, so whoever waits knows that all earlier ones are there too.
 */
#ifndef CONTAINERD_DB_H
#define CONTAINERD_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;

enum db_mode {
	DB_READ,
	DB_WRITE,   /* on disk before any later durable commit, or soon */
	DB_DURABLE, /* on disk when tx_commit returns: for what acknowledges something to a user */
};

struct tx {
	struct db *db;
	struct db_conn *conn; /* NULL when ended */
	enum db_mode mode;
};

#define _cleanup_tx_ cleanup_with(tx_end)

/* Opens or creates; a schema from the future is refused. */
struct db *db_open(const char *path, struct err *e) must_check;
void db_close(struct db *db);

/* Waits until everything that was committed so far is on disk. */
int db_sync(struct db *db, struct err *e) must_check;

int tx_begin(struct tx *tx, struct db *db, enum db_mode mode, struct err *e) must_check;
int tx_commit(struct tx *tx, struct err *e) must_check;
void tx_end(struct tx *tx); /* rolls back unless committed */

/*
 * Runs a statement that returns no rows; returns how many rows it changed. `types` has a letter for
 * each parameter: s (const char *, NULL is NULL), i (int64_t), b (struct slice).
 */
int tx_exec(struct tx *tx, struct err *e, const char *sql, const char *types, ...) must_check;
int64_t tx_last_id(struct tx *tx);

/*
 *     struct rows r;
 *     for (rows_open(&r, tx, "SELECT a, b FROM t WHERE c = ?", "s", c); rows_next(&r, e);)
 *             use(rows_text(&r, a, 0));
 *     if (r.failed) return -1;
 * Open results end with the transaction or with the next rows_open of the same text.
 */
struct rows {
	sqlite3_stmt *stmt;
	struct tx *tx;
	bool failed;
};
void rows_open(struct rows *r, struct tx *tx, const char *sql, const char *types, ...);
bool rows_next(struct rows *r, struct err *e);
void rows_close(struct rows *r); /* only needed when leaving before the end */
const char *rows_text(struct rows *r, struct arena *a, int column); /* NULL when NULL */
int64_t rows_int(struct rows *r, int column);
struct slice rows_blob(struct rows *r, struct arena *a, int column);

#endif
