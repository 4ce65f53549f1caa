/* Mutexes that are released where their variable ends. */
#ifndef LIBNETWORK_LOCK_H
#define LIBNETWORK_LOCK_H

#include <pthread.h>
#include "base/macros.h"

#define _cleanup_unlock_ unused_arg cleanup_with(lock_cleanup)

static inline pthread_mutex_t *lock_take(pthread_mutex_t *m)
{
	pthread_mutex_lock(m);
	return m;
}

static inline void lock_cleanup(pthread_mutex_t **m)
{
	if (*m)
		pthread_mutex_unlock(*m);
}

#endif
