/* Statements and their rows. See db.h. */
#include "containerd/db_internal.h"

#include <stdarg.h>
#include <stdlib.h>

/* From the connection's cache, reset; NULL when the text is wrong. */
static sqlite3_stmt *statement(struct db_conn *c, const char *sql)
{
	sqlite3_stmt *s = map_get(&c->statements, sql);

	if (s) {
		sqlite3_reset(s);
		return s;
	}
	if (sqlite3_prepare_v3(c->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) !=
	    SQLITE_OK)
		return NULL;
	map_set(&c->statements, sql, s);
	return s;
}

/* Borrowed values: the caller's stay valid until the statement has run. */
static void bind(sqlite3_stmt *s, const char *types, va_list ap)
{
	for (int i = 1; *types; types++, i++) {
		struct slice b;
		const char *text;

		switch (*types) {
		case 's':
			text = va_arg(ap, const char *);
			sqlite3_bind_text(s, i, text, -1, SQLITE_STATIC);
			break;
		case 'i':
			sqlite3_bind_int64(s, i, va_arg(ap, int64_t));
			break;
		case 'b':
			b = va_arg(ap, struct slice);
			sqlite3_bind_blob64(s, i, b.data ? b.data : "", b.len, SQLITE_STATIC);
			break;
		default:
			abort();
		}
	}
}

int tx_exec(struct tx *tx, struct err *e, const char *sql, const char *types, ...)
{
	sqlite3_stmt *s = statement(tx->conn, sql);
	va_list ap;
	int r;

	if (!s)
		return db_fail(tx->conn, e, sql);
	va_start(ap, types);
	bind(s, types, ap);
	va_end(ap);
	r = sqlite3_step(s);
	if (r != SQLITE_DONE && r != SQLITE_ROW)
		return db_fail(tx->conn, e, "write");
	sqlite3_reset(s);
	return sqlite3_changes(tx->conn->sqlite);
}

int64_t tx_last_id(struct tx *tx)
{
	return sqlite3_last_insert_rowid(tx->conn->sqlite);
}

void rows_open(struct rows *r, struct tx *tx, const char *sql, const char *types, ...)
{
	va_list ap;

	*r = (struct rows){ .tx = tx, .stmt = statement(tx->conn, sql) };
	r->failed = !r->stmt;
	if (r->failed)
		return;
	va_start(ap, types);
	bind(r->stmt, types, ap);
	va_end(ap);
}

bool rows_next(struct rows *r, struct err *e)
{
	int code = r->stmt ? sqlite3_step(r->stmt) : SQLITE_ERROR;

	if (code == SQLITE_ROW)
		return true;
	if (code != SQLITE_DONE) {
		db_fail(r->tx->conn, e, "read");
		r->failed = true;
	}
	rows_close(r);
	return false;
}

void rows_close(struct rows *r)
{
	if (r->stmt)
		sqlite3_reset(r->stmt);
}

const char *rows_text(struct rows *r, struct arena *a, int column)
{
	return arena_strdup(a, (const char *)sqlite3_column_text(r->stmt, column));
}

int64_t rows_int(struct rows *r, int column)
{
	return sqlite3_column_int64(r->stmt, column);
}

struct slice rows_blob(struct rows *r, struct arena *a, int column)
{
	const void *p = sqlite3_column_blob(r->stmt, column);
	size_t n = (size_t)sqlite3_column_bytes(r->stmt, column);

	return (struct slice){ arena_memdup(a, p, n), n };
}
