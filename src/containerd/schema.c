/* The tables. See schema.h. */
#include "containerd/schema.h"

const char schema_sql[] =
        "BEGIN;"
        "CREATE TABLE namespaces ("
        "  name TEXT PRIMARY KEY, labels BLOB) WITHOUT ROWID;"

        "CREATE TABLE images ("
        "  ns TEXT, name TEXT, media_type TEXT, digest TEXT, size INTEGER, annotations BLOB,"
        "  labels BLOB, created INTEGER, updated INTEGER,"
        "  PRIMARY KEY (ns, name)) WITHOUT ROWID;"

        /* body: a packed Container without labels and times */
        "CREATE TABLE containers ("
        "  ns TEXT, id TEXT, snapshotter TEXT, snapshot_key TEXT, body BLOB,"
        "  labels BLOB, created INTEGER, updated INTEGER,"
        "  PRIMARY KEY (ns, id)) WITHOUT ROWID;"

        "CREATE TABLE content ("
        "  ns TEXT, digest TEXT, size INTEGER, labels BLOB, created INTEGER, updated INTEGER,"
        "  PRIMARY KEY (ns, digest)) WITHOUT ROWID;"
        "CREATE INDEX content_digest ON content (digest);"

        /* id is part of the directory's name; expires is 0 when a lease holds it */
        "CREATE TABLE ingests ("
        "  id INTEGER PRIMARY KEY AUTOINCREMENT, ns TEXT, ref TEXT, expires INTEGER,"
        "  UNIQUE (ns, ref));"

        /* id is the directory's name and is never used again; kind: 1 view, 2 active, 3 committed */
        "CREATE TABLE snapshots ("
        "  id INTEGER PRIMARY KEY AUTOINCREMENT, ns TEXT, snapshotter TEXT, key TEXT, parent TEXT,"
        "  kind INTEGER, size INTEGER, inodes INTEGER, labels BLOB, created INTEGER,"
        "  updated INTEGER, UNIQUE (ns, snapshotter, key));"
        "CREATE INDEX snapshots_parent ON snapshots (ns, snapshotter, parent);"

        "CREATE TABLE leases ("
        "  ns TEXT, id TEXT, labels BLOB, created INTEGER, PRIMARY KEY (ns, id)) WITHOUT ROWID;"
        "CREATE TABLE lease_resources ("
        "  ns TEXT, lease TEXT, type TEXT, id TEXT,"
        "  PRIMARY KEY (ns, lease, type, id)) WITHOUT ROWID;"
        "PRAGMA user_version = 1;"
        "COMMIT;";
