/* What run's flags say: ports, mounts, networks, devices, environment. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/file.h"
#include "cli/container/create_body.h"
#include "cli/spec/csv.h"
#include "cli/spec/device.h"
#include "cli/spec/env.h"
#include "cli/spec/gpus.h"
#include "cli/spec/host.h"
#include "cli/spec/mount.h"
#include "cli/spec/network.h"
#include "cli/spec/port.h"
#include "cli/spec/ulimit.h"

static void test_ports(void **state unused_arg)
{
	static const struct {
		const char *text, *json; /* or an error without a brace */
	} cases[] = {
		{ "80", "{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"\"}]}" },
		{ "8080:80", "{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"}]}" },
		{ "53:53/UDP", "{\"53/udp\":[{\"HostIp\":\"\",\"HostPort\":\"53\"}]}" },
		{ "80:80/", "{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"80\"}]}" },
		{ "127.0.0.1::80", "{\"80/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"\"}]}" },
		{ "[::1]:81:80", "{\"80/tcp\":[{\"HostIp\":\"::1\",\"HostPort\":\"81\"}]}" },
		{ "::1:81:80", "{\"80/tcp\":[{\"HostIp\":\"::1\",\"HostPort\":\"81\"}]}" },
		{ "90-91:70-71", "{\"70/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"90\"}],"
		                 "\"71/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"91\"}]}" },
		{ "90-99:70", "{\"70/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"90-99\"}]}" },
		{ "published=8080,target=80,protocol=udp",
		  "{\"80/udp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"}]}" },
		{ "", "no port specified: <empty>" },
		{ "::", "no port specified: ::<empty>" },
		{ "x", "invalid containerPort: x" },
		{ "70000", "invalid containerPort: 70000" },
		{ "80-70", "invalid containerPort: 80-70" },
		{ "x:80", "invalid hostPort: x" },
		{ "80-81:80-90",
		  "invalid ranges specified for container and host Ports: 80-90 and 80-81" },
		{ "80/foo", "invalid proto: foo" },
		{ "1.2.3.4.5:1:1", "invalid IP address: 1.2.3.4.5" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct api_host_config h = { 0 };
		struct port_sets ports = { 0 };
		struct err e = { 0 };
		const char *json;

		if (port_publish(&a, cases[i].text, &ports, &e) < 0) {
			assert_string_equal(e.text, cases[i].json);
			continue;
		}
		memcpy(&h.port_bindings, &ports.bindings, sizeof(ports.bindings));
		json = strstr(json_text(&a, &api_host_config_type, &h), "\"PortBindings\":");
		json += strlen("\"PortBindings\":");
		assert_true(str_starts(json, cases[i].json));
	}
}

static void test_expose(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct port_sets ports = { 0 };

	assert_int_equal(port_expose(&a, "1-3", &ports, NULL), 0);
	assert_int_equal(port_expose(&a, "2/tcp", &ports, NULL), 0);
	assert_int_equal(port_expose(&a, "53/udp", &ports, NULL), 0);
	assert_int_equal(ports.exposed.n, 4);
	assert_string_equal(ports.exposed.v[3], "53/udp");
	assert_int_equal(port_expose(&a, "80:90", &ports, NULL), -1);
	assert_int_equal(port_expose(&a, "x", &ports, NULL), -1);
}

static void test_mounts(void **state unused_arg)
{
	static const struct {
		const char *text, *json;
	} cases[] = {
		{ "type=bind,source=/a,target=/b,readonly",
		  "{\"Type\":\"bind\",\"Source\":\"/a\",\"Target\":\"/b\",\"ReadOnly\":true}" },
		{ "src=v,dst=/b", "{\"Type\":\"volume\",\"Source\":\"v\",\"Target\":\"/b\"}" },
		{ "type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=1770",
		  "{\"Type\":\"tmpfs\",\"Target\":\"/t\",\"TmpfsOptions\":{\"SizeBytes\":1048576,"
		  "\"Mode\":1016}}" },
		{ "type=bind,src=/a,dst=/b,bind-propagation=rshared,bind-recursive=disabled",
		  "{\"Type\":\"bind\",\"Source\":\"/a\",\"Target\":\"/b\",\"BindOptions\":{"
		  "\"Propagation\":\"rshared\",\"NonRecursive\":true}}" },
		{ "dst=/b,volume-driver=d,volume-opt=k=v,\"volume-opt=o=a,b\",volume-label=l=m,"
		  "volume-nocopy",
		  "{\"Type\":\"volume\",\"Target\":\"/b\",\"VolumeOptions\":{\"NoCopy\":true,"
		  "\"Labels\":{\"l\":\"m\"},\"DriverConfig\":{\"Name\":\"d\",\"Options\":{\"k\":"
		  "\"v\","
		  "\"o\":\"a,b\"}}}}" },
		{ "type=bind", "target is required" },
		{ "type=,target=/a", "type is required" },
		{ "x", "invalid field 'x' must be a key=value pair" },
		{ "x=y", "unexpected key 'x' in 'x=y'" },
		{ "readonly=x,target=/a", "invalid value for readonly: x" },
		{ "type=tmpfs,target=/a,tmpfs-mode=9", "invalid value for tmpfs-mode: 9" },
		{ "type=bind,source=/a,target=/b,tmpfs-size=1m",
		  "cannot mix 'tmpfs-*' options with mount type 'bind'" },
		{ "target=/a,\"x", "extraneous or missing \" in quoted-field: target=/a,\"x" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct api_mount m;
		struct err e = { 0 };

		if (mount_parse(&a, cases[i].text, &m, &e) < 0)
			assert_string_equal(e.text, cases[i].json);
		else
			assert_string_equal(json_text(&a, &api_mount_type, &m), cases[i].json);
	}
}

static void test_networks(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct network_spec n;
	struct err e = { 0 };

	assert_int_equal(network_parse(&a, "plain", &n, &e), 0);
	assert_string_equal(n.name, "plain");
	assert_int_equal(network_parse(&a, "container:x", &n, &e), 0);
	assert_string_equal(n.name, "container:x");
	assert_int_equal(
	        network_parse(&a, "name=n,alias=a,alias=b,ip=1.2.3.4,driver-opt=k=v", &n, &e), 0);
	assert_int_equal(n.endpoint.aliases.n, 2);
	assert_string_equal(n.endpoint.ipam_config->ipv4_address, "1.2.3.4");
	assert_string_equal(json_map_get(&n.endpoint.driver_opts, "k"), "v");
	assert_int_equal(network_parse(&a, "x=y", &n, &e), -1);
	assert_string_equal(e.text, "invalid field key x");
}

static void test_devices(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct api_device_mapping d;
	struct api_throttle_device t;
	struct api_weight_device w;
	struct api_device_request g;
	struct api_ulimit u;
	struct err e = { 0 };
	const char *host;

	assert_int_equal(device_parse(&a, "/dev/a", &d, &e), 0);
	assert_string_equal(d.path_in_container, "/dev/a");
	assert_string_equal(d.cgroup_permissions, "rwm");
	assert_int_equal(device_parse(&a, "/dev/a:rw", &d, &e), 0);
	assert_string_equal(d.path_in_container, "/dev/a");
	assert_string_equal(d.cgroup_permissions, "rw");
	assert_int_equal(device_parse(&a, "/dev/a:/dev/b:r", &d, &e), 0);
	assert_string_equal(d.path_in_container, "/dev/b");
	assert_int_equal(device_parse(&a, "dev", &d, &e), -1);
	assert_int_equal(throttle_parse(&a, "/dev/sda:1mb", true, &t, &e), 0);
	assert_int_equal(t.rate, 1 << 20);
	assert_int_equal(throttle_parse(&a, "/dev/sda:1mb", false, &t, &e), -1);
	assert_int_equal(throttle_parse(&a, "/dev/sda:7", false, &t, &e), 0);
	assert_int_equal(weight_parse(&a, "/dev/sda:10", &w, &e), 0);
	assert_int_equal(weight_parse(&a, "/dev/sda:5", &w, &e), -1);
	assert_int_equal(gpus_parse(&a, "all", &g, &e), 0);
	assert_int_equal(g.count, -1);
	assert_int_equal(gpus_parse(&a, "\"device=0,1\",driver=d,capabilities=utility", &g, &e), 0);
	assert_int_equal(g.device_ids.n, 2);
	assert_true(slice_eq(g.capabilities, "[[\"gpu\",\"utility\"]]"));
	assert_int_equal(ulimit_parse(&a, "nofile=1:2", &u, &e), 0);
	assert_true(u.soft == 1 && u.hard == 2);
	assert_int_equal(ulimit_parse(&a, "core=-1", &u, &e), 0);
	assert_int_equal(ulimit_parse(&a, "nofile=2:1", &u, &e), -1);
	assert_int_equal(ulimit_parse(&a, "file=1", &u, &e), -1);
	assert_int_equal(host_parse(&a, "h:::1", &host, &e), 0);
	assert_string_equal(host, "h:::1");
	assert_int_equal(host_parse(&a, "h=[::1]", &host, &e), 0);
	assert_string_equal(host, "h:::1");
	assert_int_equal(host_parse(&a, "h:host-gateway", &host, &e), 0);
	assert_int_equal(host_parse(&a, "h:x", &host, &e), -1);
}

static void test_environment(void **state unused_arg)
{
	static const char file[] =
	        "# comment\n\n  A=1\r\nLIGHTER_TEST_SET\nLIGHTER_TEST_UNSET\nB=x y=z\n";
	_cleanup_arena_ struct arena a = { 0 };
	char path[] = "/tmp/lighter-env-XXXXXX";
	int fd = mkstemp(path);
	const char *single_v[] = { "C=", "LIGHTER_TEST_SET", "LIGHTER_TEST_UNSET" };
	const char *path_v[] = { path };
	struct strs files = { 1, path_v }, single = { 3, single_v }, out = { 0 };
	static const char *const expected[] = {
		"A=1", "LIGHTER_TEST_SET=yes", "B=x y=z",
		"C=",  "LIGHTER_TEST_SET=yes", "LIGHTER_TEST_UNSET"
	};
	struct err e = { 0 };

	assert_true(fd >= 0);
	setenv("LIGHTER_TEST_SET", "yes", 1);
	assert_int_equal(file_write(AT_FDCWD, path, file, sizeof(file) - 1, 0600, &e), 0);
	assert_int_equal(env_collect(&a, &files, &single, &out, &e), 0);
	assert_int_equal(out.n, ARRAY_LEN(expected));
	for (size_t i = 0; i < out.n; i++)
		assert_string_equal(out.v[i], expected[i]);
	assert_int_equal(file_write(AT_FDCWD, path, "a b=1", 5, 0600, &e), 0);
	assert_int_equal(env_collect(&a, &files, &single, &out, &e), -1);
	unlink(path);
	close(fd);
	assert_int_equal(env_collect(&a, &files, &single, &out, &e), -1);
}

static void test_csv(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct strs f;

	assert_int_equal(csv_split(&a, "a,\"b,\"\"c\",,d", &f, NULL), 0);
	assert_int_equal(f.n, 4);
	assert_string_equal(f.v[1], "b,\"c");
	assert_string_equal(f.v[2], "");
	assert_int_equal(csv_split(&a, "", &f, NULL), 0);
	assert_int_equal(csv_split(&a, "\"a", &f, NULL), -1);
	assert_int_equal(csv_split(&a, "a\"b", &f, NULL), -1);
	assert_int_equal(csv_split(&a, "\"a\"b", &f, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),   cmocka_unit_test(test_expose),
		cmocka_unit_test(test_mounts),  cmocka_unit_test(test_networks),
		cmocka_unit_test(test_devices), cmocka_unit_test(test_environment),
		cmocka_unit_test(test_csv),
	};

	return cmocka_run_group_tests_name("cli_spec", tests, NULL, NULL);
}
