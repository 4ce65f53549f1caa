/* The names of Linux capabilities, in the order of their numbers: capabilities(7), config.md. */
#ifndef OCI_CAPABILITIES_H
#define OCI_CAPABILITIES_H

#define OCI_CAPABILITIES_COUNT 41 /* a kernel may know fewer: /proc/sys/kernel/cap_last_cap */

/* "CAP_CHOWN" of number 0, ...; NULL past the last. */
const char *capability_name(unsigned number);
/* -1 when unknown. */
int capability_number(const char *name);

#endif
