/*
 * Netlink messages: written into a buffer, read out of a slice. No system calls.
 *
 * Protocol: netlink(7), RFC 3549. A batch is several messages one behind the other; each has a
 * number (seq), counted from 1, by which its answer is known. Reading never goes beyond the slice:
 * a malformed rest ends the iteration.
 */
#ifndef NETLINK_MESSAGE_H
#define NETLINK_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/netlink.h>
#include "base/str.h"

struct nl_batch {
	struct buf b;
	uint32_t count; /* messages begun; the last one's number */
	uint32_t acks;  /* of them, those that ask for an acknowledgement */
	size_t start;   /* of the message being written */
};
#define _cleanup_nl_batch_ cleanup_with(nl_batch_free)
void nl_batch_free(struct nl_batch *m);

/* Starts a message; `header` is the family's own (struct ifinfomsg, nfgenmsg, ...). Returns its
 * number. */
uint32_t nl_begin(struct nl_batch *m, uint16_t type, uint16_t flags, const void *header, size_t n);
void nl_end(struct nl_batch *m);

void nl_put(struct nl_batch *m, uint16_t type, const void *value, size_t n);
void nl_put_str(struct nl_batch *m, uint16_t type, const char *s); /* with its NUL */
void nl_put_u8(struct nl_batch *m, uint16_t type, uint8_t v);
void nl_put_u16(struct nl_batch *m, uint16_t type, uint16_t v);
void nl_put_u32(struct nl_batch *m, uint16_t type, uint32_t v);
void nl_put_be16(struct nl_batch *m, uint16_t type, uint16_t v);
void nl_put_be32(struct nl_batch *m, uint16_t type, uint32_t v);
void nl_put_be64(struct nl_batch *m, uint16_t type, uint64_t v);
void nl_put_raw(struct nl_batch *m, const void *p, size_t n); /* bytes, no attribute; padded */

/* Attributes between the two calls are nested in one of `type`. */
size_t nl_nest(struct nl_batch *m, uint16_t type);
void nl_nest_end(struct nl_batch *m, size_t nest);

struct nl_attr {
	uint16_t type; /* without the flag bits */
	struct slice value;
};

/* Takes the first attribute off `rest`; false at the end. */
bool nl_next_attr(struct slice *rest, struct nl_attr *out);

/* table[type] for the types below n; an absent one has data NULL. The last of a kind counts. */
void nl_attrs(struct slice attrs, struct slice *table, size_t n);

/* Values; zero when the attribute is absent or shorter. */
uint8_t nl_u8(struct slice v);
uint32_t nl_u32(struct slice v);
uint16_t nl_be16(struct slice v);
uint32_t nl_be32(struct slice v);
uint64_t nl_be64(struct slice v);
bool nl_str(struct slice v, char *dst, size_t size); /* false: absent, not terminated or too long */

/* Takes the first message off `rest`; `body` is what follows its header. False at the end. */
bool nl_next_message(struct slice *rest, struct nlmsghdr *h, struct slice *body);

/* What follows the family's header of n bytes; its bytes are copied to `header` (zero if shorter).
 */
struct slice nl_body(struct slice body, void *header, size_t n);

#endif
