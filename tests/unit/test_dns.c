/* dns: questions, answers, and who is called what. */
#include "unit.h"

#include <string.h>
#include "libnetwork/dns/names.h"

/* "a.b" and a type as a question with id 7 that wants recursion. */
static struct slice question(struct buf *b, const char *name, unsigned type)
{
	static const char head[DNS_HEADER] = { 0, 7, 1, 0, 0, 1 };

	buf_reset(b);
	buf_add(b, head, sizeof(head));
	while (*name) {
		size_t n = strcspn(name, ".");

		buf_addc(b, (char)n);
		buf_add(b, name, n);
		name += n + (name[n] == '.');
	}
	buf_addc(b, '\0');
	buf_addc(b, (char)(type >> 8));
	buf_addc(b, (char)type);
	buf_add(b, "\0\1", 2);
	return (struct slice){ b->data, b->len };
}

static void questions_are_read(unused_arg void **state)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct slice m = question(&b, "Web.example", DNS_A);
	struct dns_query q;

	assert_int_equal(dns_read_query(m, &q), DNS_OK);
	assert_string_equal(q.name, "Web.example");
	assert_int_equal(q.id, 7);
	assert_int_equal(q.type, DNS_A);
	assert_int_equal(q.end, m.len);
	assert_int_equal(q.udp_size, 512);
	for (size_t n = 0; n < m.len; n++)
		assert_int_equal(dns_read_query((struct slice){ m.data, n }, &q),
		                 n < DNS_HEADER ? -1 : DNS_FORMERR);
}

static void the_asker_says_what_fits(unused_arg void **state)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct dns_query q;

	question(&b, "web", DNS_A);
	b.data[11] = 1;
	buf_add(&b, "\0\0\x29\x10\0\0\0\0\0\0\0", 11);
	assert_int_equal(dns_read_query((struct slice){ b.data, b.len }, &q), DNS_OK);
	assert_int_equal(q.udp_size, 4096);
}

static void names_that_are_no_text_match_nothing(unused_arg void **state)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct dns_query q;

	question(&b, "web", DNS_A);
	b.data[DNS_HEADER + 2] = '.';
	assert_int_equal(dns_read_query((struct slice){ b.data, b.len }, &q), DNS_OK);
	assert_string_equal(q.name, "");
	question(&b, "web", DNS_A);
	b.data[DNS_HEADER] = (char)0xc0;
	assert_int_equal(dns_read_query((struct slice){ b.data, b.len }, &q), DNS_FORMERR);
}

static void addresses_are_read_backwards(unused_arg void **state)
{
	uint32_t ip;

	assert_true(dns_reverse("4.3.2.1.in-addr.ARPA", &ip));
	assert_int_equal(ip, 0x01020304);
	assert_false(dns_reverse("4.3.2.256.in-addr.arpa", &ip));
	assert_false(dns_reverse("3.2.1.in-addr.arpa", &ip));
	assert_false(dns_reverse("4.3.2.1.ip6.arpa", &ip));
	assert_false(dns_reverse("4.3.2..in-addr.arpa", &ip));
}

/* ---- names ---- */

static void put(struct names *n, const char *owner, const char *network, const char *ip,
                const char *name)
{
	const char *called[] = { name, "all" };
	struct name_record r = {
		.network = network, .network_name = network, .address = ip, .names = { 2, called }
	};

	assert_int_equal(names_put(n, owner, &r, NULL), 0);
}

/* How many records the answer has, -1 when it is asked elsewhere; the last byte of the last one. */
static int count(const struct names *n, const char *name, unsigned type, int *last)
{
	static const char *on[] = { "n1", "n2" };
	static struct name_link link = { "n1", "db", "web" };
	struct name_resolver asker = { .networks = { 2, on }, .links = { 1, &link } };
	_cleanup_buf_ struct buf b = { 0 }, out = { 0 };
	struct slice m = question(&b, name, type);
	struct dns_query q;

	assert_int_equal(dns_read_query(m, &q), DNS_OK);
	if (!names_answer(n, &asker, m, &q, &out))
		return -1;
	assert_true(dns_is_answer_to((struct slice){ out.data, out.len }, m, &q));
	*last = (uint8_t)out.data[out.len - 1];
	return (uint8_t)out.data[7];
}

static void names_are_found_on_ones_networks(unused_arg void **state)
{
	struct names *n = names_new();
	int last = 0;

	put(n, "a", "n1", "10.1.0.2", "web");
	put(n, "b", "n2", "10.2.0.3", "two");
	put(n, "c", "n3", "10.3.0.4", "far");
	assert_int_equal(count(n, "WEB", DNS_A, &last), 1);
	assert_int_equal(last, 2);
	assert_int_equal(count(n, "db", DNS_A, &last), 1);
	assert_int_equal(last, 2);
	assert_int_equal(count(n, "all.n2", DNS_A, &last), 1);
	assert_int_equal(last, 3);
	assert_int_equal(count(n, "web", DNS_AAAA, &last), 0);
	assert_int_equal(count(n, "web.n2", DNS_A, &last), -1);
	assert_int_equal(count(n, "far", DNS_A, &last), -1);
	assert_int_equal(count(n, "4.0.3.10.in-addr.arpa", DNS_PTR, &last), -1);
	assert_int_equal(count(n, "3.0.2.10.in-addr.arpa", DNS_PTR, &last), 1);
	names_drop(n, "a");
	assert_int_equal(count(n, "web", DNS_A, &last), -1);
	names_drop(n, "b");
	names_drop(n, "c");
	assert_true(names_empty(n));
	names_free(n);
}

static void answers_are_cut_to_what_fits(unused_arg void **state)
{
	static const char *on[] = { "n1" };
	struct name_resolver asker = { .networks = { 1, on } };
	_cleanup_buf_ struct buf b = { 0 }, out = { 0 };
	struct names *n = names_new();
	struct dns_query q;
	struct slice m;
	char ip[16], owner[8];

	for (int i = 1; i <= 100; i++) {
		snprintf(owner, sizeof(owner), "%d", i);
		snprintf(ip, sizeof(ip), "10.0.0.%d", i);
		put(n, owner, "n1", ip, owner);
	}
	m = question(&b, "all", DNS_A);
	assert_int_equal(dns_read_query(m, &q), DNS_OK);
	assert_true(names_answer(n, &asker, m, &q, &out));
	assert_int_equal(out.data[7], 100);
	dns_answer_cut(&out, &q, 512);
	assert_true(out.len <= 512 && out.len > 512 - 16);
	assert_int_equal((out.len - q.end) / 16, out.data[7]);
	assert_true(out.data[2] & 2);
	names_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_are_read),
		cmocka_unit_test(the_asker_says_what_fits),
		cmocka_unit_test(names_that_are_no_text_match_nothing),
		cmocka_unit_test(addresses_are_read_backwards),
		cmocka_unit_test(names_are_found_on_ones_networks),
		cmocka_unit_test(answers_are_cut_to_what_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
