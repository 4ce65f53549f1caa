/* docker update: new limits and another restart policy for containers, running or not. */
#include <stdio.h>

#include "api/container.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/container/create_parts.h"

#define API_UPDATED(F) F(STRS, warnings, "Warnings", 0)
JSON_STRUCT(updated, API_UPDATED)
JSON_TYPE(updated, API_UPDATED)

struct update_options {
	int64_t blkio_weight, cpu_period, cpu_quota, cpu_rt_period, cpu_rt_runtime, cpu_shares;
	int64_t cpus, kernel_memory, memory, memory_reservation, memory_swap, pids_limit;
	const char *cpuset_cpus, *cpuset_mems, *restart;
};

#define ROW(...) FLAG(update_options, __VA_ARGS__)
static const struct flag update_flag_rows[] = {
	ROW(UINT16, blkio_weight, "blkio-weight", 0,
	    "Relative weight of block IO, 10 to 1000, 0 for none", .shown = "0"),
	ROW(INT, cpu_period, "cpu-period", 0, "Period of the CPU quota, in microseconds"),
	ROW(INT, cpu_quota, "cpu-quota", 0, "CPU time in each period, in microseconds"),
	ROW(INT, cpu_rt_period, "cpu-rt-period", 0, "Real-time period, in microseconds",
	    .since = 25),
	ROW(INT, cpu_rt_runtime, "cpu-rt-runtime", 0,
	    "Real-time CPU time in each period, in microseconds", .since = 25),
	ROW(INT, cpu_shares, "cpu-shares", 'c', "Relative weight of CPU time"),
	ROW(DECIMAL, cpus, "cpus", 0, "Number of CPUs", .since = 29),
	ROW(STR, cpuset_cpus, "cpuset-cpus", 0, "CPUs to run on (0-3, 0,1)"),
	ROW(STR, cpuset_mems, "cpuset-mems", 0, "Memory nodes to use (0-3, 0,1)"),
	ROW(BYTES, kernel_memory, "kernel-memory", 0, "Limit of kernel memory (has no effect)",
	    .attrs = FLAG_HIDDEN),
	ROW(BYTES, memory, "memory", 'm', "Limit of memory"),
	ROW(BYTES, memory_reservation, "memory-reservation", 0, "Soft limit of memory"),
	ROW(SWAP, memory_swap, "memory-swap", 0,
	    "Limit of memory and swap together; '-1' for no limit of swap"),
	ROW(INT, pids_limit, "pids-limit", 0, "Limit of processes (-1 for none)", .since = 40),
	ROW(STR, restart, "restart", 0, "What to do when the container ends"),
};
const struct flags update_flags = FLAGS(update_options, update_flag_rows);

/* What was not given is 0, which the engine leaves as it is. */
static int body_of(struct arena *a, const struct call *call, struct api_update *out, struct err *e)
{
	const struct update_options *o = call->options;

	*out = (struct api_update){
		.blkio_weight = (uint64_t)o->blkio_weight,
		.cpu_period = o->cpu_period,
		.cpu_quota = o->cpu_quota,
		.cpu_realtime_period = o->cpu_rt_period,
		.cpu_realtime_runtime = o->cpu_rt_runtime,
		.cpu_shares = o->cpu_shares,
		.nano_cpus = o->cpus,
		.cpuset_cpus = o->cpuset_cpus,
		.cpuset_mems = o->cpuset_mems,
		.memory = o->memory,
		.memory_reservation = o->memory_reservation,
		.memory_swap = o->memory_swap,
		.pids_limit = { GIVEN(call, update_options, pids_limit), o->pids_limit },
	};
	return str_empty(o->restart) ? 0 : create_restart(a, o->restart, &out->restart_policy, e);
}

static int update_one(struct cli *cli, const char *name, struct slice body, struct strs *warnings,
                      struct err *e)
{
	_cleanup_path_ struct api_path path = { 0 };
	struct api_request rq = { .method = "POST", .body = body };
	struct updated answer;
	struct slice text;

	api_path_start(&path, "/containers/", name, "/update");
	rq.path = buf_cstr(&path.b);
	if (api_call(cli, &rq, &text, e) < 0 ||
	    json_decode(&cli->arena, &updated_type, text, &answer, e) < 0)
		return -1;
	puts(name);
	for (size_t i = 0; i < answer.warnings.n; i++)
		arena_push(&cli->arena, warnings, answer.warnings.v[i]);
	return 0;
}

static bool nothing_given(const struct call *call)
{
	for (size_t i = 0; i < flags_count(call->command->flags); i++)
		if (call->given[i])
			return false;
	return true;
}

int container_update(struct cli *cli, struct call *call, struct err *e)
{
	_cleanup_buf_ struct buf body = { 0 };
	struct strs warnings = { 0 };
	struct api_update update;
	int code = 0;

	if (nothing_given(call))
		return err_set(e, ERR_INVALID,
		               "you must provide one or more flags when using this command");
	if (body_of(&cli->arena, call, &update, e) < 0)
		return -1;
	json_encode(&body, &api_update_type, &update);
	for (size_t i = 0; i < call->args.n; i++) {
		if (update_one(cli, call->args.v[i], (struct slice){ body.data, body.len },
		               &warnings, e) == 0)
			continue;
		cli_print_error(cli, e);
		err_clear(e);
		code = 1;
	}
	for (size_t i = 0; i < warnings.n; i++) /* on stdout, as the original has it */
		puts(warnings.v[i]);
	return code;
}
