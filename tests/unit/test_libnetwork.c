/* libnetwork without a kernel: addresses, whose rules are whose, the files in /etc. */
#include "unit.h"

#include <string.h>
#include "libnetwork/files.h"
#include "libnetwork/firewall/rules.h"
#include "libnetwork/ipam/ipam.h"

/* ---- IPAM ---- */

static int host_has(void *ctx, int (*fn)(void *arg, const struct inet *net), void *arg,
                    unused_arg struct err *e)
{
	struct inet net;

	for (const char **p = ctx; *p; p++)
		if (inet_parse(*p, &net))
			fn(arg, &net);
	return 0;
}

static const char *pool(struct ipam *i, const char *wanted, const char *range,
                        struct ipam_pool *out, struct err *e)
{
	static char text[INET_TEXT_SIZE];
	struct ipam_pool_request r = { .pool = wanted, .range = range };

	if (ipam_default.request_pool(i, &r, out, e) < 0)
		return NULL;
	return inet_format_prefix(text, &out->net);
}

static const char *address(struct ipam *i, const struct ipam_pool *p, const char *wanted,
                           struct err *e)
{
	static char text[INET_TEXT_SIZE];
	struct inet want = { 0 }, got;

	if (wanted)
		assert_true(inet_parse(wanted, &want));
	if (ipam_default.request_address(i, p->id, &want, NULL, &got, e) < 0)
		return NULL;
	return inet_format(text, &got);
}

static void pools_avoid_the_host_and_each_other(unused_arg void **state)
{
	const char *taken[] = { "172.17.0.0/16", "172.19.128.0/20", NULL };
	struct ipam *i = ipam_new(host_has, taken);
	struct ipam_pool a, b, c;
	struct err e = { 0 };

	assert_string_equal(pool(i, NULL, NULL, &a, &e), "172.18.0.0/16");
	assert_string_equal(pool(i, NULL, NULL, &b, &e), "172.20.0.0/16");
	assert_string_equal(a.id, "LocalDefault/172.18.0.0/16");
	/* One that is asked for by name may be the host's own: that is the user's affair. */
	assert_string_equal(pool(i, "172.17.3.1/16", NULL, &c, &e), "172.17.0.0/16");
	assert_null(pool(i, "172.20.5.0/24", NULL, &c, &e));
	assert_int_equal(e.kind, ERR_PERMISSION);
	assert_string_equal(e.text, "Pool overlaps with other one on this address space");
	assert_int_equal(ipam_default.release_pool(i, b.id, &e), 0);
	assert_string_equal(pool(i, "172.20.5.0/24", NULL, &c, &e), "172.20.5.0/24");
	ipam_free(i);
}

static void all_pools_are_used_before_it_gives_up(unused_arg void **state)
{
	struct ipam *i = ipam_new(NULL, NULL);
	struct ipam_pool p;
	struct err e = { 0 };
	int n = 0;

	while (pool(i, NULL, NULL, &p, &e))
		n++;
	assert_int_equal(n, 3 + 3 * 4 + 16);
	assert_int_equal(e.kind, ERR_INVALID);
	ipam_free(i);
}

static void the_first_free_address_is_given(unused_arg void **state)
{
	struct ipam *i = ipam_new(NULL, NULL);
	struct ipam_pool p;
	struct err e = { 0 };
	struct inet ip;

	assert_non_null(pool(i, "10.0.0.0/29", NULL, &p, &e));
	assert_string_equal(address(i, &p, NULL, &e), "10.0.0.1");
	assert_string_equal(address(i, &p, "10.0.0.3", &e), "10.0.0.3");
	assert_string_equal(address(i, &p, NULL, &e), "10.0.0.2");
	assert_string_equal(address(i, &p, NULL, &e), "10.0.0.4");
	assert_true(inet_parse("10.0.0.2", &ip));
	assert_int_equal(ipam_default.release_address(i, p.id, &ip, &e), 0);
	assert_string_equal(address(i, &p, NULL, &e), "10.0.0.2");
	assert_string_equal(address(i, &p, NULL, &e), "10.0.0.5");
	assert_string_equal(address(i, &p, NULL, &e), "10.0.0.6");
	assert_null(address(i, &p, NULL, &e)); /* .7 is the broadcast address */
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
	assert_null(address(i, &p, "10.0.0.3", &e));
	assert_string_equal(e.text, "Address already in use");
	assert_null(address(i, &p, "10.0.0.9", &e));
	assert_int_equal(e.kind, ERR_INVALID);
	ipam_free(i);
}

static void a_range_limits_what_is_given(unused_arg void **state)
{
	struct ipam *i = ipam_new(NULL, NULL);
	struct ipam_pool p;
	struct err e = { 0 };

	assert_non_null(pool(i, "10.0.0.0/16", "10.0.7.0/30", &p, &e));
	assert_string_equal(address(i, &p, "10.0.0.1", &e),
	                    "10.0.0.1"); /* the gateway may be out */
	assert_string_equal(address(i, &p, NULL, &e), "10.0.7.0");
	assert_string_equal(address(i, &p, NULL, &e), "10.0.7.1");
	assert_string_equal(address(i, &p, NULL, &e), "10.0.7.2");
	assert_string_equal(address(i, &p, NULL, &e), "10.0.7.3");
	assert_null(address(i, &p, NULL, &e));
	assert_null(pool(i, "10.1.0.0/16", "10.2.0.0/24", &p, &e));
	assert_null(pool(i, "0.0.0.0/0", NULL, &p, &e));
	assert_null(pool(i, "nonsense", NULL, &p, &e));
	ipam_free(i);
}

static void default_pools_can_be_given(unused_arg void **state)
{
	static const char *const bad[] = { "", "base=10.0.0.0/8", "base=10.0.0.0/8,size=4",
		                           "base=x,size=24", "base=10.0.0.0/8,size=31" };
	struct ipam *i = ipam_new(NULL, NULL);
	struct ipam_pool p;
	struct err e = { 0 };

	for (size_t k = 0; k < ARRAY_LEN(bad); k++)
		assert_int_equal(ipam_add_default(i, bad[k], &e), -1);
	assert_int_equal(ipam_add_default(i, "base=10.10.0.0/23,size=24", &e), 0);
	assert_string_equal(pool(i, NULL, NULL, &p, &e), "10.10.0.0/24");
	assert_string_equal(pool(i, NULL, NULL, &p, &e), "10.10.1.0/24");
	assert_null(pool(i, NULL, NULL, &p, &e));
	ipam_free(i);
}

/* ---- rules ---- */

static struct fw_network network(const char *bridge, unsigned flags)
{
	struct fw_network n = { .flags = flags };

	str_copy(n.bridge, sizeof(n.bridge), bridge);
	assert_true(inet_parse("172.18.0.0/16", &n.subnet));
	return n;
}

static void all_of_our_rules_are_known_as_ours(unused_arg void **state)
{
	static const unsigned flags[] = {
		FW_MASQUERADE | FW_ICC | FW_EXTERNAL | FW_PROXY,
		FW_MASQUERADE | FW_NO_ICC | FW_EXTERNAL | FW_NO_PROXY,
		FW_ICC | FW_INTERNAL | FW_PROXY,
	};
	struct fw_want want[FW_NETWORK_MAX];
	struct fw_port port = { .proto = IPPROTO_TCP, .host_port = 80, .container_port = 8080 };

	assert_true(inet_parse("172.18.0.2", &port.container));
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		struct fw_network n = network("br-0123456789ab", flags[i]);
		size_t count = fw_network_rules(&n, want);

		for (size_t k = 0; k < count; k++)
			assert_true(fw_rule_is_ours(&want[k].rule));
		count = fw_port_rules(&n, &port, want);
		for (size_t k = 0; k < count; k++)
			assert_true(fw_chain_is_ours(want[k].rule.table, want[k].rule.chain) ||
			            fw_rule_is_ours(&want[k].rule));
	}
}

static void other_rules_are_left_alone(unused_arg void **state)
{
	struct fw_network n = network("virbr0", FW_MASQUERADE | FW_ICC | FW_EXTERNAL | FW_PROXY);
	struct fw_want want[FW_NETWORK_MAX];
	struct ipt_rule r = { .table = "filter", .chain = "DOCKER-USER", .target = IPT_RETURN };
	size_t count = fw_network_rules(&n, want);

	for (size_t k = 0; k < count; k++)
		assert_false(fw_rule_is_ours(&want[k].rule));
	assert_false(fw_rule_is_ours(&r)); /* the users' chain, even the rule that we put there */
	assert_false(fw_chain_is_ours("filter", "DOCKER-USER"));
	assert_false(fw_chain_is_ours("filter", "FORWARD"));
	r = (struct ipt_rule){ .table = "nat", .chain = "POSTROUTING", .target = IPT_MASQUERADE };
	assert_false(fw_rule_is_ours(&r));
}

static void bridges_have_our_names(unused_arg void **state)
{
	assert_true(fw_bridge_is_ours("docker0"));
	assert_true(fw_bridge_is_ours("br-0123456789ab"));
	assert_false(fw_bridge_is_ours("br-lan"));
	assert_false(fw_bridge_is_ours("br-0123456789abc"));
	assert_false(fw_bridge_is_ours(""));
}

/* ---- files ---- */

static void expect(const struct net_files *f, const char *hosts, const char *resolv,
                   const char *hostname)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct err e = { 0 };

	if (hosts) {
		assert_int_equal(net_hosts_render(&b, f, &e), 0);
		assert_string_equal(buf_cstr(&b), hosts);
	}
	buf_reset(&b);
	if (resolv) {
		assert_int_equal(net_resolv_render(&b, f, &e), 0);
		assert_string_equal(buf_cstr(&b), resolv);
	}
	buf_reset(&b);
	net_hostname_render(&b, f);
	assert_string_equal(buf_cstr(&b), hostname);
}

#define HOSTS_HEAD                                    \
	"127.0.0.1\tlocalhost\n"                      \
	"::1\tlocalhost ip6-localhost ip6-loopback\n" \
	"fe00::0\tip6-localnet\n"                     \
	"ff00::0\tip6-mcastprefix\n"                  \
	"ff02::1\tip6-allnodes\n"                     \
	"ff02::2\tip6-allrouters\n"

#define STRS(...)                                                              \
	{                                                                      \
		ARRAY_LEN(((const char *[]){ __VA_ARGS__ })), (const char *[]) \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}

/* The expected texts were printed by containers of Docker 20.10. */
static void files_on_the_default_bridge(unused_arg void **state)
{
	struct net_files f = { .mode = NET_MODE_BRIDGE,
		               .hostname = "bc69242a1994",
		               .addresses = STRS("172.18.0.2"),
		               .host_resolv = "nameserver 10.255.255.53\n" };

	expect(&f, HOSTS_HEAD "172.18.0.2\tbc69242a1994\n", "nameserver 10.255.255.53\n",
	       "bc69242a1994\n");
	f = (struct net_files){ .mode = NET_MODE_BRIDGE,
		                .hostname = "foo.bar",
		                .domainname = "ex.org",
		                .addresses = STRS("172.18.0.3"),
		                .extra_hosts = STRS("x:1.2.3.4", "gw:host-gateway", "six:fe80::1"),
		                .host_gateway = "172.18.0.1",
		                .dns = STRS("9.9.9.9"),
		                .host_resolv = "nameserver 10.255.255.53\nsearch a b\n" };
	expect(&f,
	       HOSTS_HEAD "1.2.3.4\tx\n172.18.0.1\tgw\nfe80::1\tsix\n"
	                  "172.18.0.3\tfoo.bar.ex.org foo\n",
	       "search a b\nnameserver 9.9.9.9\n", "foo.bar\n");
}

static void files_without_a_network(unused_arg void **state)
{
	struct net_files f = { .mode = NET_MODE_NONE,
		               .hostname = "foo.bar",
		               .extra_hosts = STRS("x:1.2.3.4"),
		               .dns = STRS("9.9.9.9"),
		               .dns_search = STRS("a.b"),
		               .dns_options = STRS("ndots:3"),
		               .host_resolv = "nameserver 10.255.255.53\n" };

	expect(&f, HOSTS_HEAD "1.2.3.4\tx\n", "search a.b\nnameserver 9.9.9.9\noptions ndots:3\n",
	       "foo.bar\n");
}

static void files_of_the_host(unused_arg void **state)
{
	struct net_files f = { .mode = NET_MODE_HOST,
		               .hostname = "stack",
		               .host_hosts = "127.0.0.1 localhost\n127.0.0.1 vm\n",
		               .host_resolv = "nameserver 127.0.0.53\n" };

	expect(&f, "127.0.0.1 localhost\n127.0.0.1 vm\n", "nameserver 127.0.0.53\n", "stack\n");
	f.extra_hosts = (struct strs)STRS("x:1.2.3.4");
	expect(&f, HOSTS_HEAD "1.2.3.4\tx\n", "nameserver 127.0.0.53\n", "stack\n");
}

static void loopback_servers_are_left_out(unused_arg void **state)
{
	struct net_files f = { .mode = NET_MODE_BRIDGE,
		               .hostname = "c",
		               .host_resolv =
		                       "# mine\nnameserver 127.0.0.53\nnameserver fe80::1%eth0\n"
		                       "nameserver ::1\nsearch x\nnameserver 10.1.1.1" };

	expect(&f, NULL, "# mine\nsearch x\nnameserver 10.1.1.1\n", "c\n");
	f.host_resolv = "nameserver 127.0.0.53\noptions edns0\n";
	expect(&f, NULL, "options edns0\nnameserver 8.8.8.8\nnameserver 8.8.4.4\n", "c\n");
	f.dns_search = (struct strs)STRS(".");
	expect(&f, NULL, "nameserver 8.8.8.8\nnameserver 8.8.4.4\noptions edns0\n", "c\n");
	f.host_resolv = NULL;
	expect(&f, NULL, "nameserver 8.8.8.8\nnameserver 8.8.4.4\n", "c\n");
}

static void files_on_a_network_of_a_user(unused_arg void **state)
{
	struct net_files f = { .mode = NET_MODE_USER,
		               .hostname = "c",
		               .host_resolv = "search x\nnameserver 127.0.0.53\noptions edns0\n" };

	expect(&f, NULL, "search x\nnameserver 127.0.0.11\noptions edns0 ndots:0\n", "c\n");
	assert_false(net_resolv_has_ndots(&f));
	f.dns = (struct strs)STRS("9.9.9.9");
	f.dns_options = (struct strs)STRS("timeout:1", "ndots:2");
	expect(&f, NULL, "search x\nnameserver 127.0.0.11\noptions timeout:1 ndots:2\n", "c\n");
	assert_true(net_resolv_has_ndots(&f));
}

static void the_embedded_server_asks_those_of_the_host(unused_arg void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct net_files f = { .host_resolv = "nameserver 127.0.0.53\nnameserver ::1\n" };
	struct strs out;

	net_resolv_servers(&f, &a, &out);
	assert_int_equal(out.n, 1);
	assert_string_equal(out.v[0], "127.0.0.53");
	f.dns = (struct strs)STRS("9.9.9.9", "1.1.1.1");
	net_resolv_servers(&f, &a, &out);
	assert_int_equal(out.n, 2);
	net_resolv_servers(&(struct net_files){ 0 }, &a, &out);
	assert_int_equal(out.n, 2);
	assert_string_equal(out.v[0], "8.8.8.8");
}

static void hosts_in_use_keep_what_is_not_ours(unused_arg void **state)
{
	struct net_files f = { .hostname = "c", .addresses = STRS("10.1.0.2", "10.3.0.2") };
	struct strs was = STRS("10.1.0.2", "10.2.0.2");
	_cleanup_buf_ struct buf b = { 0 };

	net_hosts_change(&b, "# mine\n10.1.0.2\tc\n10.2.0.2\tc\n10.2.0.22 other", &was, &f);
	assert_string_equal(buf_cstr(&b), "# mine\n10.1.0.2\tc\n10.2.0.22 other\n10.3.0.2\tc\n");
}

static void nonsense_is_refused(unused_arg void **state)
{
	static const char *const bad[] = { "x",       "x:",          ":1.2.3.4",
		                           "x:1.2.3", "x:1.2.3.4/8", "x:host-gateway" };
	_cleanup_buf_ struct buf b = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct net_files f = { .extra_hosts = { 1, (const char **)&bad[i] } };

		assert_int_equal(net_hosts_render(&b, &f, &e), -1);
	}
	assert_int_equal(net_resolv_render(&b, &(struct net_files){ .dns = STRS("x") }, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pools_avoid_the_host_and_each_other),
		cmocka_unit_test(all_pools_are_used_before_it_gives_up),
		cmocka_unit_test(the_first_free_address_is_given),
		cmocka_unit_test(a_range_limits_what_is_given),
		cmocka_unit_test(default_pools_can_be_given),
		cmocka_unit_test(all_of_our_rules_are_known_as_ours),
		cmocka_unit_test(other_rules_are_left_alone),
		cmocka_unit_test(bridges_have_our_names),
		cmocka_unit_test(files_on_the_default_bridge),
		cmocka_unit_test(files_without_a_network),
		cmocka_unit_test(files_on_a_network_of_a_user),
		cmocka_unit_test(the_embedded_server_asks_those_of_the_host),
		cmocka_unit_test(hosts_in_use_keep_what_is_not_ours),
		cmocka_unit_test(files_of_the_host),
		cmocka_unit_test(loopback_servers_are_left_out),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
