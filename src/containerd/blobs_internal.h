/* Shared by blobs.c and ingest.c. */
#ifndef CONTAINERD_BLOBS_INTERNAL_H
#define CONTAINERD_BLOBS_INTERNAL_H

#include <pthread.h>
#include "base/map.h"
#include "containerd/blobs.h"

struct blobs {
	int dir, ingest; /* blobs/sha256 and ingest, open for the life of the store */
	pthread_mutex_t lock;
	struct map pins;    /* digest -> count as a pointer */
	struct map writers; /* names of ingests that are open -> any pointer */
};

#endif
