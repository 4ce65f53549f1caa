/* Connections, transactions, the sync that commits share. See db.h. */
#include "containerd/db_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "containerd/schema.h"
#include "sqlite/room.h"

struct db {
	struct db_conn writer, reader;
	uint64_t committed; /* commits so far; under writer.lock */
	pthread_mutex_t sync_lock;
	uint64_t synced; /* commits that are on disk; under sync_lock */
	int wal;
};

int db_fail(struct db_conn *c, struct err *e, const char *doing)
{
	sqlite_failed(c->sqlite, e, doing);
	return err_wrap(e, "metadata");
}

/* ---- connections ---- */

/* Small caches: rows are few and the kernel keeps the file's pages. */
static const char pragmas[] = "PRAGMA busy_timeout = 10000;"
                              "PRAGMA journal_mode = WAL;"
                              "PRAGMA synchronous = NORMAL;"
                              "PRAGMA cache_size = -256;"
                              "PRAGMA temp_store = MEMORY;";

static int conn_open(struct db_conn *c, const char *path, struct err *e)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

	pthread_mutex_init(&c->lock, NULL);
	if (file_make_private(path, e) < 0)
		return -1;
	if (sqlite3_open_v2(path, &c->sqlite, flags, NULL) != SQLITE_OK ||
	    sqlite3_exec(c->sqlite, pragmas, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(c, e, path);
	return 0;
}

static void conn_close(struct db_conn *c)
{
	const char *sql;
	void *stmt;

	for (size_t i = 0; map_next(&c->statements, &i, &sql, &stmt);)
		sqlite3_finalize(stmt);
	map_free(&c->statements);
	sqlite3_close(c->sqlite);
}

static int64_t user_version(struct db_conn *c)
{
	sqlite3_stmt *s = NULL;
	int64_t v = -1;

	if (sqlite3_prepare_v2(c->sqlite, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return v;
}

static int migrate(struct db_conn *c, struct err *e)
{
	int64_t version = user_version(c);

	if (version > SCHEMA_VERSION)
		return err_set(e, ERR_PRECONDITION,
		               "metadata: schema version %lld is newer than this program's (%d)",
		               (long long)version, SCHEMA_VERSION);
	if (version == SCHEMA_VERSION)
		return 0;
	if (sqlite3_exec(c->sqlite, schema_sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(c, e, "create schema");
	return 0;
}

/* The file's own descriptor, for the shared sync; SQLite keeps the WAL while it is open. */
static int open_wal(struct db *db, const char *path, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const char *wal = arena_printf(&a, "%s-wal", path);

	db->wal = open(wal, O_RDONLY | O_CLOEXEC);
	return db->wal < 0 ? err_errno(e, errno, "open %s", wal) : 0;
}

struct db *db_open(const char *path, struct err *e)
{
	struct db *db = xalloc(sizeof(*db));

	db->wal = -1;
	pthread_mutex_init(&db->sync_lock, NULL);
	if (conn_open(&db->writer, path, e) < 0 || migrate(&db->writer, e) < 0 ||
	    conn_open(&db->reader, path, e) < 0 || open_wal(db, path, e) < 0) {
		db_close(db);
		return NULL;
	}
	sqlite_reserve(db->writer.sqlite);
	return db;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	conn_close(&db->reader);
	conn_close(&db->writer);
	fd_close(&db->wal);
	free(db);
}

/* ---- transactions ---- */

static int exec_plain(struct db_conn *c, const char *sql, struct err *e)
{
	return sqlite3_exec(c->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(c, e, sql);
}

int tx_begin(struct tx *tx, struct db *db, enum db_mode mode, struct err *e)
{
	struct db_conn *c = mode == DB_READ ? &db->reader : &db->writer;

	*tx = (struct tx){ .db = db, .conn = c, .mode = mode };
	pthread_mutex_lock(&c->lock);
	if (mode != DB_READ)
		sqlite_make_room(c->sqlite);
	if (exec_plain(c, mode == DB_READ ? "BEGIN" : "BEGIN IMMEDIATE", e) == 0)
		return 0;
	tx->conn = NULL;
	pthread_mutex_unlock(&c->lock);
	return -1;
}

static void reset_statements(struct db_conn *c)
{
	const char *sql;
	void *stmt;

	for (size_t i = 0; map_next(&c->statements, &i, &sql, &stmt);) {
		sqlite3_reset(stmt);
		sqlite3_clear_bindings(stmt);
	}
}

void tx_end(struct tx *tx)
{
	struct db_conn *c = tx->conn;

	if (!c)
		return;
	tx->conn = NULL;
	reset_statements(c);
	if (!sqlite3_get_autocommit(c->sqlite))
		sqlite3_exec(c->sqlite, "ROLLBACK", NULL, NULL, NULL);
	pthread_mutex_unlock(&c->lock);
}

static int sync_to(struct db *db, uint64_t commit, struct err *e)
{
	uint64_t upto;
	int r = 0;

	pthread_mutex_lock(&db->sync_lock);
	if (db->synced < commit) {
		pthread_mutex_lock(&db->writer.lock);
		upto = db->committed;
		pthread_mutex_unlock(&db->writer.lock);
		r = fdatasync(db->wal);
		if (r == 0)
			db->synced = upto;
	}
	pthread_mutex_unlock(&db->sync_lock);
	return r < 0 ? err_errno(e, errno, "metadata: sync") : 0;
}

int db_sync(struct db *db, struct err *e)
{
	uint64_t commit;

	pthread_mutex_lock(&db->writer.lock);
	commit = db->committed;
	pthread_mutex_unlock(&db->writer.lock);
	return sync_to(db, commit, e);
}

int tx_commit(struct tx *tx, struct err *e)
{
	struct db_conn *c = tx->conn;
	uint64_t commit;

	reset_statements(c);
	if (exec_plain(c, "COMMIT", e) < 0)
		return -1;
	commit = ++tx->db->committed;
	tx_end(tx);
	return tx->mode == DB_DURABLE ? sync_to(tx->db, commit, e) : 0;
}
