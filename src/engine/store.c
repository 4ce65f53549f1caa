/* SQLite behind store.h. */
#include "engine/store.h"

#include <pthread.h>
#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "sqlite/room.h"

#define SCHEMA_VERSION 1

static const char schema[] =
        "CREATE TABLE IF NOT EXISTS containers ("
        " id TEXT PRIMARY KEY, record TEXT NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS rows ("
        " kind TEXT, id TEXT, json TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;"
        "PRAGMA user_version = 1;";

/* Small caches: the tables are small, and memory is a promise. */
static const char settings[] = "PRAGMA journal_mode = WAL;"
                               "PRAGMA cache_size = -64;"
                               "PRAGMA wal_autocheckpoint = 200;"
                               "PRAGMA temp_store = MEMORY;";

enum statement { PUT, STATE, REMOVE, ALL, ROW_PUT, ROW_REMOVE, ROW_ALL, STATEMENTS };

static const char *const texts[STATEMENTS] = {
	[PUT] = "INSERT OR REPLACE INTO containers (id, record, state) VALUES (?1, ?2, ?3)",
	[STATE] = "UPDATE containers SET state = ?2 WHERE id = ?1",
	[REMOVE] = "DELETE FROM containers WHERE id = ?1",
	[ALL] = "SELECT id, record, state FROM containers",
	[ROW_PUT] = "INSERT OR REPLACE INTO rows (kind, id, json) VALUES (?1, ?2, ?3)",
	[ROW_REMOVE] = "DELETE FROM rows WHERE kind = ?1 AND id = ?2",
	[ROW_ALL] = "SELECT id, json FROM rows WHERE kind = ?1",
};

struct store {
	pthread_mutex_t lock;
	sqlite3 *db;
	sqlite3_stmt *stmt[STATEMENTS];
	enum store_durability durability;
};

static int fail(struct store *s, struct err *e, const char *what)
{
	return sqlite_failed(s->db, e, what);
}

static int exec(struct store *s, const char *sql, struct err *e)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return fail(s, e, "write the engine's database");
	return 0;
}

/* The schema that the file has: 0 when it is new. */
static int read_version(struct store *s, struct err *e)
{
	sqlite3_stmt *q;
	int version = -1;

	if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL) != SQLITE_OK)
		return fail(s, e, "read the engine's database");
	if (sqlite3_step(q) == SQLITE_ROW)
		version = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	if (version < 0)
		return fail(s, e, "read the engine's database");
	if (version > SCHEMA_VERSION)
		return err_set(
		        e, ERR_PRECONDITION,
		        "the database has schema %d and this engine knows %d: it was written "
		        "by a later version",
		        version, SCHEMA_VERSION);
	return version;
}

/* What is there already is not written again: an engine starts on a full disk too. */
static int set_up(struct store *s, struct err *e)
{
	int version = read_version(s, e);

	if (version < 0 || exec(s, settings, e) < 0 ||
	    (version < SCHEMA_VERSION && exec(s, schema, e) < 0) ||
	    exec(s, "PRAGMA synchronous = NORMAL", e) < 0)
		return -1;
	sqlite_reserve(s->db);
	return 0;
}

static int prepare(struct store *s, struct err *e)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(s->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &s->stmt[i],
		                       NULL) != SQLITE_OK)
			return fail(s, e, "prepare a statement");
	return 0;
}

struct store *store_open(const char *path, struct err *e)
{
	struct store *s = xalloc(sizeof(*s));

	pthread_mutex_init(&s->lock, NULL);
	if (file_make_private(path, e) < 0) {
		free(s);
		return NULL;
	}
	if (sqlite3_open_v2(path, &s->db,
	                    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
	                    NULL) != SQLITE_OK) {
		fail(s, e, "open the database");
	} else {
		sqlite3_busy_timeout(s->db, 5000);
		if (set_up(s, e) == 0 && prepare(s, e) == 0)
			return s;
	}
	err_wrap(e, "open %s", path);
	store_close(s);
	return NULL;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(s->stmt[i]);
	sqlite3_close(s->db);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* Before a transaction. */
static int get_ready(struct store *s, enum store_durability d, struct err *e)
{
	sqlite_make_room(s->db);
	if (s->durability == d)
		return 0;
	if (exec(s,
	         d == STORE_DURABLE ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
	         e) < 0)
		return -1;
	s->durability = d;
	return 0;
}

static void bind(sqlite3_stmt *q, int i, struct slice s)
{
	if (s.data)
		sqlite3_bind_text(q, i, s.data, (int)s.len, SQLITE_STATIC);
}

/* One writing statement with its parameters; the lock is held. */
static int write_row(struct store *s, enum statement which, const char *id, struct slice a,
                     struct slice b, struct err *e)
{
	sqlite3_stmt *q = s->stmt[which];
	int r;

	bind(q, 1, slice_of(id));
	bind(q, 2, a);
	bind(q, 3, b);
	r = sqlite3_step(q) == SQLITE_DONE ? 0 : fail(s, e, "write the engine's database");
	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	return r;
}

/* The same alone in its transaction. */
static int run(struct store *s, enum statement which, const char *id, struct slice a,
               struct slice b, enum store_durability d, struct err *e)
{
	int r = -1;

	pthread_mutex_lock(&s->lock);
	if (get_ready(s, d, e) == 0)
		r = write_row(s, which, id, a, b, e);
	pthread_mutex_unlock(&s->lock);
	return r;
}

static int write_change(struct store *s, const struct store_change *c, struct err *e)
{
	if (c->container && write_row(s, PUT, c->container, c->record, c->state, e) < 0)
		return -1;
	for (size_t i = 0; i < c->rows.n; i++) {
		const struct store_row *r = &c->rows.v[i];

		if (write_row(s, r->json.data ? ROW_PUT : ROW_REMOVE, r->kind, slice_of(r->id),
		              r->json, e) < 0)
			return -1;
	}
	return 0;
}

int store_change(struct store *s, const struct store_change *c, struct err *e)
{
	struct err ignored = { 0 };
	int r = -1;

	pthread_mutex_lock(&s->lock);
	if (get_ready(s, STORE_DURABLE, e) == 0 && exec(s, "BEGIN IMMEDIATE", e) == 0) {
		r = write_change(s, c, e);
		if (r == 0)
			r = exec(s, "COMMIT", e);
		if (r < 0 && !sqlite3_get_autocommit(s->db))
			(void)!exec(s, "ROLLBACK", &ignored);
	}
	pthread_mutex_unlock(&s->lock);
	return r;
}

int store_container_put(struct store *s, const char *id, struct slice record, struct slice state,
                        enum store_durability d, struct err *e)
{
	return run(s, PUT, id, record, state, d, e);
}

int store_container_state(struct store *s, const char *id, struct slice state,
                          enum store_durability d, struct err *e)
{
	return run(s, STATE, id, state, (struct slice){ 0 }, d, e);
}

int store_container_remove(struct store *s, const char *id, enum store_durability d, struct err *e)
{
	return run(s, REMOVE, id, (struct slice){ 0 }, (struct slice){ 0 }, d, e);
}

static struct slice column(sqlite3_stmt *q, int i)
{
	const char *text = (const char *)sqlite3_column_text(q, i);

	return (struct slice){ text ? text : "", (size_t)sqlite3_column_bytes(q, i) };
}

struct row {
	struct slice column[3];
};
struct rows {
	size_t n;
	struct row *v;
};

/* Reads all rows of a query: who gets them may write to the store meanwhile. */
static int collect(struct store *s, enum statement which, const char *kind, struct arena *a,
                   struct rows *out, struct err *e)
{
	sqlite3_stmt *q = s->stmt[which];
	int r;

	pthread_mutex_lock(&s->lock);
	bind(q, 1, slice_of(kind));
	while ((r = sqlite3_step(q)) == SQLITE_ROW) {
		struct row row = { 0 };

		for (int i = 0; i < sqlite3_column_count(q); i++) {
			struct slice c = column(q, i);

			row.column[i] = (struct slice){ arena_strndup(a, c.data, c.len), c.len };
		}
		arena_push(a, out, row);
	}
	r = r == SQLITE_DONE ? 0 : fail(s, e, "read the engine's database");
	sqlite3_reset(q);
	pthread_mutex_unlock(&s->lock);
	return r;
}

int store_containers(struct store *s,
                     int (*fn)(void *arg, const char *id, struct slice record, struct slice state),
                     void *arg, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct rows rows = { 0 };

	if (collect(s, ALL, NULL, &a, &rows, e) < 0)
		return -1;
	for (size_t i = 0; i < rows.n; i++) {
		const struct slice *c = rows.v[i].column;

		if (fn(arg, c[0].data, c[1], c[2]) != 0)
			break;
	}
	return 0;
}

/* ---- rows of one document ---- */

int store_row_put(struct store *s, const char *kind, const char *id, struct slice json,
                  enum store_durability d, struct err *e)
{
	return run(s, ROW_PUT, kind, slice_of(id), json, d, e);
}

int store_row_remove(struct store *s, const char *kind, const char *id, enum store_durability d,
                     struct err *e)
{
	return run(s, ROW_REMOVE, kind, slice_of(id), (struct slice){ 0 }, d, e);
}

int store_rows(struct store *s, const char *kind,
               int (*fn)(void *arg, const char *id, struct slice json), void *arg, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct rows rows = { 0 };

	if (collect(s, ROW_ALL, kind, &a, &rows, e) < 0)
		return -1;
	for (size_t i = 0; i < rows.n; i++)
		if (fn(arg, rows.v[i].column[0].data, rows.v[i].column[1]) != 0)
			break;
	return 0;
}
