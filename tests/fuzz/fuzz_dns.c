/* Any bytes as a question to the embedded name server, and as what somebody else answers. */
#include <stdint.h>
#include <stdlib.h>
#include "libnetwork/dns/names.h"

static struct names *table(void)
{
	static const char *called[] = { "web", "www", "a.b", "0123456789ab" };
	struct name_record r = { .network = "n1",
		                 .network_name = "net.one",
		                 .address = "10.9.0.2",
		                 .names = { ARRAY_LEN(called), called } };
	struct names *n = names_new();

	if (names_put(n, "one", &r, NULL) < 0)
		abort();
	r.address = "10.9.0.3";
	if (names_put(n, "two", &r, NULL) < 0)
		abort();
	return n;
}

static void answer(const struct names *n, bool qualified, struct slice m, const struct dns_query *q)
{
	static const char *on[] = { "n1", "n2" };
	static struct name_link link = { "n1", "db", "web" };
	struct name_resolver asker = { .networks = { 2, on },
		                       .links = { 1, &link },
		                       .qualified = qualified };
	_cleanup_buf_ struct buf b = { 0 };
	struct dns_query again;

	if (!names_answer(n, &asker, m, q, &b))
		return;
	if (!dns_is_answer_to((struct slice){ b.data, b.len }, m, q))
		abort();
	dns_answer_cut(&b, q, q->udp_size);
	if (b.len > q->udp_size || dns_read_query((struct slice){ b.data, b.len }, &again) >= 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct names *n;
	struct slice m = { (const char *)data, size };
	_cleanup_buf_ struct buf b = { 0 };
	struct dns_query q;
	int rcode = dns_read_query(m, &q);

	if (!n)
		n = table();
	if (rcode < 0)
		return 0;
	dns_answer_begin(&b, m, &q, DNS_SERVFAIL);
	if (b.len > DNS_HEADER + q.end)
		abort();
	if (rcode != DNS_OK)
		return 0;
	answer(n, false, m, &q);
	answer(n, true, m, &q);
	if (dns_is_answer_to(m, m, &q))
		abort();
	return 0;
}
