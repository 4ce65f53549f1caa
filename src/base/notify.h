/*
 * Telling the service manager how we are: sd_notify(3), a datagram to $NOTIFY_SOCKET. Without it
 * nothing. A manager that cannot be reached finds out by itself, so there is no error.
 */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

/* Keeps the manager's address to ourselves: children do not inherit it. Before any thread. */
void notify_claim(void);

void notify_ready(void);
void notify_reloading(void); /* until the next notify_ready */
void notify_stopping(void);

/* How often the manager wants to hear notify_alive, in ms (half of WATCHDOG_USEC); 0: never, or
 * notify_claim was not called. */
int notify_alive_every(void);
void notify_alive(void);

#endif
