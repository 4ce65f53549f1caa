/*
 * Telling the service manager how we are: sd_notify(3), a datagram to $NOTIFY_SOCKET. Without it
 * nothing. A manager that cannot be reached finds out by itself, so there is no error.
 */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

void notify_ready(void);
void notify_stopping(void);

#endif
