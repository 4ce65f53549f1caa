/* rpc: the table of methods, messages in arenas, well-known types. */
#include "unit.h"

#include "proto/shim.pb-c.h"
#include "rpc/call.h"
#include "rpc/wkt.h"

static void every_method_has_its_messages(void **state)
{
	(void)state;
	for (int i = 0; i < RPC_METHODS; i++) {
		assert_non_null(rpc_methods[i].service);
		assert_int_equal(rpc_methods[i].req->magic, PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC);
		assert_int_equal(rpc_methods[i].resp->magic, PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC);
	}
	assert_string_equal(rpc_methods[RPC_TASK_V3_CREATE].service, "containerd.task.v3.Task");
	assert_string_equal(rpc_methods[RPC_TASK_V2_CREATE].req->name,
	                    "containerd.task.v2.CreateTaskRequest");
}

static void a_message_survives_the_wire(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	Shim__StateResponse *in = pb_new(&a, shim__state_response, Shim__StateResponse), *out;
	struct slice wire;
	struct err e = { 0 };

	(void)state;
	in->id = "caf\xc3\xa9";
	pb_set(in, pid, 42);
	in->exited_at = wkt_timestamp(&a, 1700000000123456789);
	wire = pb_pack(&a, in);
	out = rpc_unpack(&a, &shim__state_response__descriptor, wire.data, wire.len, &e);
	assert_non_null(out);
	assert_string_equal(out->id, in->id);
	assert_int_equal(out->pid, 42);
	assert_int_equal(wkt_timestamp_ns(out->exited_at), 1700000000123456789);
	assert_false(out->has_exit_status);
}

static void strings_must_be_text(void **state)
{
	static const struct slice bad[] = {
		{ "\x0a\x02\xff\xfe", 4 }, /* id: not UTF-8 */
		{ "\x0a\x03"
		  "a\0b",
		  5 },                                  /* id: NUL inside */
		{ "\x0a\x7f", 2 },                      /* longer than the message */
		{ "\x1a\x06\x0a\x04\xed\xa0\x80x", 8 }, /* rootfs[0].type: a surrogate */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct err e = { 0 };

		assert_null(rpc_unpack(&a, &shim__create_task_request__descriptor, bad[i].data,
		                       bad[i].len, &e));
		assert_int_equal(e.kind, ERR_INVALID);
	}
}

static void an_any_is_opened_by_its_name_only(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	Shim__StartResponse *in = pb_new(&a, shim__start_response, Shim__StartResponse), *out;
	Google__Any *any;
	struct err e = { 0 };

	(void)state;
	pb_set(in, pid, 7);
	any = wkt_any(&a, in);
	assert_string_equal(any->type_url, "containerd.task.v2.StartResponse");
	out = wkt_any_unpack(&a, &shim__start_response__descriptor, any, &e);
	assert_int_equal(out->pid, 7);
	any->type_url = "type.googleapis.com/containerd.task.v2.StartResponse";
	assert_non_null(wkt_any_unpack(&a, &shim__start_response__descriptor, any, &e));
	assert_null(wkt_any_unpack(&a, &shim__wait_response__descriptor, any, &e));
	assert_int_equal(e.kind, ERR_INVALID);
}

static void timestamps_before_1970_and_never(void **state)
{
	_cleanup_arena_ struct arena a = { 0 };
	Google__Timestamp far = GOOGLE__TIMESTAMP__INIT;

	(void)state;
	assert_null(wkt_timestamp(&a, 0));
	assert_int_equal(wkt_timestamp_ns(NULL), 0);
	assert_int_equal(wkt_timestamp(&a, -1)->nanos, 999999999);
	assert_int_equal(wkt_timestamp_ns(wkt_timestamp(&a, -1)), -1);
	far.seconds = -62135596800;
	assert_int_equal(wkt_timestamp_ns(&far), 0);
}

static void routes_are_found_by_service_and_method(void **state)
{
	static const struct rpc_route routes[] = { { RPC_TASK_V2_WAIT, NULL },
		                                   { RPC_FORWARD, NULL } };
	struct err e = { 0 };

	(void)state;
	assert_ptr_equal(rpc_route_find(routes, 2, slice_of("containerd.task.v2.Task"),
	                                slice_of("Wait"), &e),
	                 &routes[0]);
	assert_null(rpc_route_find(routes, 2, slice_of("containerd.task.v3.Task"), slice_of("Wait"),
	                           &e));
	assert_int_equal(e.kind, ERR_UNIMPLEMENTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_method_has_its_messages),
		cmocka_unit_test(a_message_survives_the_wire),
		cmocka_unit_test(strings_must_be_text),
		cmocka_unit_test(an_any_is_opened_by_its_name_only),
		cmocka_unit_test(timestamps_before_1970_and_never),
		cmocka_unit_test(routes_are_found_by_service_and_method),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
