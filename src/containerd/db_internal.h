/* Shared by db.c and db_rows.c. */
#ifndef CONTAINERD_DB_INTERNAL_H
#define CONTAINERD_DB_INTERNAL_H

#include <pthread.h>
#include "base/map.h"
#include "containerd/db.h"

struct db_conn {
	pthread_mutex_t lock;
	sqlite3 *sqlite;
	struct map statements; /* SQL text -> sqlite3_stmt * */
};

/* SQLite's last error of the connection; a violated constraint is ERR_ALREADY_EXISTS. */
int db_fail(struct db_conn *c, struct err *e, const char *doing);

#endif
