/*
 * netlink: messages, addresses, and rules in iptables' form. The bytes of the rules were recorded
 * from iptables 1.8.9 (nf_tables) with strace.
 */
#include "unit.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include "netlink/inet.h"
#include "netlink/iptables.h"
#include "netlink/link.h"
#include "netlink/socket.h"

/* ---- messages ---- */

static void messages_are_framed_and_read_back(unused_arg void **state)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct slice rest, body, t[4];
	struct nlmsghdr h;
	uint32_t header = 0x01020304, got = 0;
	char text[8];
	size_t nest;

	assert_int_equal(nl_begin(&m, 77, NLM_F_ACK, &header, sizeof(header)), 1);
	nest = nl_nest(&m, 1);
	nl_put_str(&m, 2, "abc");
	nl_put_be64(&m, 3, 0x0102030405060708);
	nl_nest_end(&m, nest);
	nl_end(&m);
	assert_int_equal(nl_begin(&m, 78, 0, &header, sizeof(header)), 2);
	nl_end(&m);
	assert_int_equal(m.acks, 1);
	rest = (struct slice){ m.b.data, m.b.len };
	assert_true(nl_next_message(&rest, &h, &body));
	assert_int_equal(h.nlmsg_type, 77);
	assert_int_equal(h.nlmsg_len, NLMSG_HDRLEN + 4 + 4 + 8 + 12);
	nl_attrs(nl_body(body, &got, sizeof(got)), t, 4);
	assert_int_equal(got, header);
	nl_attrs(t[1], t, 4);
	assert_true(nl_str(t[2], text, sizeof(text)));
	assert_string_equal(text, "abc");
	assert_true(nl_be64(t[3]) == 0x0102030405060708);
	assert_true(nl_next_message(&rest, &h, &body));
	assert_int_equal(h.nlmsg_seq, 2);
	assert_false(nl_next_message(&rest, &h, &body));
}

static void broken_messages_end_the_reading(unused_arg void **state)
{
	const struct nlmsghdr too_long = { .nlmsg_len = 64 }, too_short = { .nlmsg_len = 3 };
	const struct nlattr attr = { .nla_len = 9, .nla_type = 1 }, tiny = { .nla_len = 2 };
	struct slice rest, body, t[2];
	struct nl_attr a;
	struct nlmsghdr h;

	rest = (struct slice){ (const char *)&too_long, sizeof(too_long) };
	assert_false(nl_next_message(&rest, &h, &body));
	rest = (struct slice){ (const char *)&too_short, sizeof(too_short) };
	assert_false(nl_next_message(&rest, &h, &body));
	rest = (struct slice){ (const char *)&attr, sizeof(attr) };
	assert_false(nl_next_attr(&rest, &a));
	rest = (struct slice){ (const char *)&tiny, sizeof(tiny) };
	assert_false(nl_next_attr(&rest, &a));
	nl_attrs((struct slice){ NULL, 0 }, t, 2);
	assert_null(t[1].data);
	assert_int_equal(nl_u32(t[1]), 0);
	assert_int_equal(nl_be64((struct slice){ "abc", 3 }), 0);
}

static void refusals_have_the_kernels_words(unused_arg void **state)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct nlmsgerr ne = { .error = -ENODEV, .msg = { .nlmsg_len = 32 } };
	char request[16] = { 0 }, words[32];
	struct slice rest, body;
	struct nlmsghdr h;

	nl_begin(&m, NLMSG_ERROR, 0, &ne, sizeof(ne));
	nl_put_raw(&m, request, sizeof(request)); /* the rest of the request, not capped */
	nl_put_str(&m, NLMSGERR_ATTR_MSG, "no such thing");
	nl_end(&m);
	rest = (struct slice){ m.b.data, m.b.len };
	assert_true(nl_next_message(&rest, &h, &body));
	h.nlmsg_flags = NLM_F_ACK_TLVS;
	assert_int_equal(nl_error_of(&h, body, words, sizeof(words)), ENODEV);
	assert_string_equal(words, "no such thing");
}

/* ---- addresses ---- */

static void addresses_are_parsed_whole(unused_arg void **state)
{
	static const char *const bad[] = { "",         "1.2.3",   "1.2.3.4/33", "1.2.3.4/",
		                           "1.2.3.4 ", "::1/129", "1.2.3.4/-1", "x" };
	struct inet a;
	char text[INET_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(inet_parse(bad[i], &a));
	assert_false(inet_parse(NULL, &a));
	assert_true(inet_parse("172.18.0.1/16", &a));
	assert_string_equal(inet_format_prefix(text, &a), "172.18.0.1/16");
	a = inet_subnet(&a);
	assert_string_equal(inet_format_prefix(text, &a), "172.18.0.0/16");
	assert_true(inet_parse("fe80::1", &a));
	assert_string_equal(inet_format_prefix(text, &a), "fe80::1/128");
}

static bool overlap(const char *a, const char *b)
{
	struct inet x, y;

	assert_true(inet_parse(a, &x) && inet_parse(b, &y));
	assert_int_equal(inet_overlap(&x, &y), inet_overlap(&y, &x));
	return inet_overlap(&x, &y);
}

static void networks_overlap_or_not(unused_arg void **state)
{
	assert_true(overlap("172.16.0.0/12", "172.18.0.0/16"));
	assert_true(overlap("10.0.0.0/23", "10.0.1.255"));
	assert_false(overlap("10.0.0.0/23", "10.0.2.0/24"));
	assert_true(overlap("0.0.0.0/0", "8.8.8.8"));
	assert_false(overlap("0.0.0.0/0", "::/0"));
}

static void macs_are_parsed(unused_arg void **state)
{
	uint8_t mac[MAC_SIZE];
	char text[MAC_TEXT_SIZE];

	assert_true(mac_parse("02:42:AC-12:00:0f", mac));
	assert_string_equal(mac_format(text, mac), "02:42:ac:12:00:0f");
	assert_false(mac_parse("02:42:ac:12:00", mac));
	assert_false(mac_parse("02:42:ac:12:00:0g", mac));
	assert_false(mac_parse("02.42:ac:12:00:0f", mac));
}

/* ---- rules ---- */

static const struct recorded {
	struct ipt_rule rule;
	const char *hex;
} recorded[] = {
	/* iptables -t nat -A POSTROUTING -s 172.18.0.0/16 ! -o docker0 -j MASQUERADE */
	{ { .table = "nat",
	    .chain = "POSTROUTING",
	    .src = { 0xac120000, 16, false },
	    .out = { "docker0", true },
	    .target = IPT_MASQUERADE },
	  "24000180090001006d65746100000000140002800800020000000007080001000000000130000180"
	  "08000100636d70002400028008000100000000010800020000000001100003800c000100646f636b"
	  "65723000340001800c0001007061796c6f6164002400028008000100000000010800020000000001"
	  "080003000000000c08000400000000022c00018008000100636d7000200002800800010000000001"
	  "08000200000000000c00038006000100ac1200002c0001800c000100636f756e746572001c000280"
	  "0c00010000000000000000000c0002000000000000000000480001800b0001007461726765740000"
	  "380002800f0001004d415351554552414445000008000200000000001c0003000100000000000000"
	  "00000000000000000000000000000000" },
	/* iptables -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER */
	{ { .table = "nat",
	    .chain = "OUTPUT",
	    .dst = { 0x7f000000, 8, true },
	    .dst_type = IPT_TYPE_LOCAL,
	    .target = IPT_JUMP,
	    .jump = "DOCKER" },
	  "340001800c0001007061796c6f616400240002800800010000000001080002000000000108000300"
	  "0000001008000400000000012c00018008000100636d700020000280080001000000000108000200"
	  "000000010c000380050001007f000000380001800a0001006d61746368000000280002800d000100"
	  "61646472747970650000000008000200000000010c00030000000400000000002c0001800c000100"
	  "636f756e746572001c0002800c00010000000000000000000c00020000000000000000003c000180"
	  "0e000100696d6d6564696174650000002800028008000100000000001c0002801800028008000100"
	  "fffffffd0b000200444f434b45520000" },
	/* iptables -t nat -A DOCKER -d 10.1.2.3/32 ! -i docker0 -p udp -m udp --dport 53 -j DNAT --to-destination 172.18.0.2:5353 */
	{ { .table = "nat",
	    .chain = "DOCKER",
	    .dst = { 0x0a010203, 32, false },
	    .in = { "docker0", true },
	    .proto = IPPROTO_UDP,
	    .dport = 53,
	    .target = IPT_DNAT,
	    .to_address = 0xac120002,
	    .to_port = 5353 },
	  "24000180090001006d65746100000000140002800800020000000006080001000000000130000180"
	  "08000100636d70002400028008000100000000010800020000000001100003800c000100646f636b"
	  "6572300024000180090001006d657461000000001400028008000200000000100800010000000001"
	  "2c00018008000100636d700020000280080001000000000108000200000000000c00038005000100"
	  "11000000340001800c0001007061796c6f6164002400028008000100000000010800020000000001"
	  "080003000000001008000400000000042c00018008000100636d7000200002800800010000000001"
	  "08000200000000000c000380080001000a010203340001800c0001007061796c6f61640024000280"
	  "08000100000000010800020000000002080003000000000208000400000000022c00018008000100"
	  "636d700020000280080001000000000108000200000000000c00038006000100003500002c000180"
	  "0c000100636f756e746572001c0002800c00010000000000000000000c0002000000000000000000"
	  "5c0001800b00010074617267657400004c00028009000100444e4154000000000800020000000002"
	  "3400030003000000ac120002000000000000000000000000ac120002000000000000000000000000"
	  "14e914e90000000000000000" },
	/* iptables -t filter -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT */
	{ { .table = "filter",
	    .chain = "FORWARD",
	    .out = { "docker0", false },
	    .states = IPT_STATE_RELATED | IPT_STATE_ESTABLISHED,
	    .target = IPT_ACCEPT },
	  "24000180090001006d65746100000000140002800800020000000007080001000000000130000180"
	  "08000100636d70002400028008000100000000010800020000000000100003800c000100646f636b"
	  "65723000d80001800a0001006d61746368000000c80002800e000100636f6e6e747261636b000000"
	  "0800020000000003ac00030000000000000000000000000000000000000000000000000000000000"
	  "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
	  "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
	  "00000000000000000000000000000000000000000000000000000000000000000000000000000100"
	  "00000600000000000000000000000000000000002c0001800c000100636f756e746572001c000280"
	  "0c00010000000000000000000c0002000000000000000000300001800e000100696d6d6564696174"
	  "650000001c0002800800010000000000100002800c0002800800010000000001" },
	/* iptables -t filter -A FORWARD ! -s 172.18.0.0/15 -i docker0 -p tcp -m tcp --sport 80 -j DROP */
	{ { .table = "filter",
	    .chain = "FORWARD",
	    .src = { 0xac120000, 15, true },
	    .in = { "docker0", false },
	    .proto = IPPROTO_TCP,
	    .sport = 80,
	    .target = IPT_DROP },
	  "24000180090001006d65746100000000140002800800020000000006080001000000000130000180"
	  "08000100636d70002400028008000100000000010800020000000000100003800c000100646f636b"
	  "6572300024000180090001006d657461000000001400028008000200000000100800010000000001"
	  "2c00018008000100636d700020000280080001000000000108000200000000000c00038005000100"
	  "06000000340001800c0001007061796c6f6164002400028008000100000000010800020000000001"
	  "080003000000000c0800040000000004440001800c00010062697477697365003400028008000100"
	  "00000001080002000000000108000300000000040c00048008000100fffe00000c00058008000100"
	  "000000002c00018008000100636d700020000280080001000000000108000200000000010c000380"
	  "08000100ac120000340001800c0001007061796c6f61640024000280080001000000000108000200"
	  "00000002080003000000000008000400000000022c00018008000100636d70002000028008000100"
	  "0000000108000200000000000c00038006000100005000002c0001800c000100636f756e74657200"
	  "1c0002800c00010000000000000000000c0002000000000000000000300001800e000100696d6d65"
	  "64696174650000001c0002800800010000000000100002800c0002800800010000000000" },
};

static void rules_are_what_iptables_writes(unused_arg void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(recorded); i++) {
		_cleanup_nl_batch_ struct nl_batch m = { 0 };
		char *hex;

		ipt_write(&m, &recorded[i].rule);
		hex = malloc(m.b.len * 2 + 1);
		hex_encode(hex, m.b.data, m.b.len);
		assert_string_equal(hex, recorded[i].hex);
		free(hex);
	}
}

/* A rule whose expressions are those bytes. */
static struct nft_rule_info info_of(const struct ipt_rule *r, const struct nl_batch *m)
{
	struct nft_rule_info info = { .handle = 7, .expressions = { m->b.data, m->b.len } };

	str_copy(info.table, sizeof(info.table), r->table);
	str_copy(info.chain, sizeof(info.chain), r->chain);
	return info;
}

static void rules_are_read_back(unused_arg void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(recorded); i++) {
		_cleanup_nl_batch_ struct nl_batch m = { 0 };
		struct nft_rule_info info;
		struct ipt_rule r;

		ipt_write(&m, &recorded[i].rule);
		info = info_of(&recorded[i].rule, &m);
		assert_true(ipt_read(&info, &r));
		assert_true(ipt_equal(&r, &recorded[i].rule));
	}
}

/* Whatever is cut off or changed: it is read as another rule, or not at all; never as this one. */
static void other_peoples_rules_are_not_ours(unused_arg void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(recorded); i++) {
		_cleanup_nl_batch_ struct nl_batch m = { 0 };
		struct nft_rule_info info;
		struct ipt_rule r;

		ipt_write(&m, &recorded[i].rule);
		info = info_of(&recorded[i].rule, &m);
		for (size_t cut = 0; cut < m.b.len; cut += 4) {
			info.expressions.len = cut;
			assert_false(ipt_read(&info, &r) && ipt_equal(&r, &recorded[i].rule));
		}
		ipt_write(&m, &recorded[i].rule); /* twice: more than the form allows */
		info.expressions = (struct slice){ m.b.data, m.b.len };
		assert_false(ipt_read(&info, &r));
	}
}

static void interface_wildcards_are_not_read(unused_arg void **state)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct nft_rule_info info;
	struct ipt_rule r;
	char *name;

	ipt_write(&m, &recorded[0].rule);
	name = memmem(m.b.data, m.b.len, "docker0", 8);
	assert_non_null(name);
	name[7] = '1'; /* as `docker0+` would be: no NUL */
	info = info_of(&recorded[0].rule, &m);
	assert_false(ipt_read(&info, &r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_framed_and_read_back),
		cmocka_unit_test(broken_messages_end_the_reading),
		cmocka_unit_test(refusals_have_the_kernels_words),
		cmocka_unit_test(addresses_are_parsed_whole),
		cmocka_unit_test(networks_overlap_or_not),
		cmocka_unit_test(macs_are_parsed),
		cmocka_unit_test(rules_are_what_iptables_writes),
		cmocka_unit_test(rules_are_read_back),
		cmocka_unit_test(other_peoples_rules_are_not_ours),
		cmocka_unit_test(interface_wildcards_are_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
