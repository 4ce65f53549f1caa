/*
 * DNS messages, RFC 1035: a query is read, an answer is written. Names are text without the last
 * dot. What comes from a client is never trusted: lengths first, no compression in a question.
 */
#ifndef LIBNETWORK_DNS_MESSAGE_H
#define LIBNETWORK_DNS_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

#define DNS_PORT      53
#define DNS_NAME_SIZE 256
#define DNS_UDP_MIN   512 /* what everybody takes in one datagram */
#define DNS_MESSAGE   65535
#define DNS_HEADER    12

enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_MX = 15, DNS_AAAA = 28, DNS_OPT = 41 };
#define DNS_CLASS_IN 1

enum dns_rcode { DNS_OK = 0, DNS_FORMERR = 1, DNS_SERVFAIL = 2, DNS_NOTIMP = 4, DNS_REFUSED = 5 };

struct dns_query {
	uint16_t id, type, class;
	bool wants_recursion;
	char name[DNS_NAME_SIZE]; /* "" for the root, and for names that are no text */
	size_t end;               /* of the question: what an answer repeats */
	size_t udp_size;          /* what the asker takes in one datagram */
};

/* DNS_OK, or the code of the answer that it deserves; what has no header deserves none (-1). */
int dns_read_query(struct slice m, struct dns_query *q);

/* Is it an answer to that query: same id, same question? */
bool dns_is_answer_to(struct slice answer, struct slice query, const struct dns_query *q);
enum dns_rcode dns_rcode_of(struct slice answer);

/*
 * An answer is begun, records are added, and it is cut to what fits. q->end 0: the question is left
 * out. An address is in host order.
 */
void dns_answer_begin(struct buf *b, struct slice query, const struct dns_query *q,
                      enum dns_rcode rcode);
void dns_answer_address(struct buf *b, uint32_t ip);
void dns_answer_name(struct buf *b, const char *name); /* PTR; text that is no name is left out */

/* Leaves out what is more than `limit` bytes, and says so. */
void dns_answer_cut(struct buf *b, const struct dns_query *q, size_t limit);

/* "4.3.2.1.in-addr.arpa" -> 1.2.3.4 */
bool dns_reverse(const char *name, uint32_t *ip);

#endif
