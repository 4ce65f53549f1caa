/* Telling systemd how we are: sd_notify(3), a datagram to $NOTIFY_SOCKET. Without it nothing. */
#ifndef ENGINE_NOTIFY_H
#define ENGINE_NOTIFY_H

void notify_ready(void);
void notify_stopping(void);

#endif
