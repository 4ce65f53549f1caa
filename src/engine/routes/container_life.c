/* Creating, starting, stopping, removing containers: handlers around container/run.h. */
#include "base/log.h"
#include "base/proc.h"
#include "engine/routes/container.h"
#include "engine/container/create.h"
#include "engine/container/run.h"
#include "engine/daemon/host_check.h"

int api_container_create(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = NULL;
	struct api_create body;
	struct api_created answer = { 0 };

	if (api_body(c, &api_create_type, &body, false, e) < 0)
		return -1;
	box = container_create(c->engine, api_query(c, "name"), api_query(c, "platform"), &body,
	                       c->arena, &answer.warnings, e);
	if (!box)
		return -1;
	answer.id = box->id;
	return api_answer(c, 201, &api_created_type, &answer);
}

int api_container_start(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);

	if (!box)
		return -1;
	if (*api_query(c, "checkpoint"))
		return err_set(e, ERR_UNIMPLEMENTED, "checkpoints are not there yet");
	return container_start(box, e) < 0 ? -1 : api_answer_nothing(c, 204);
}

/* The `signal` parameter: 0 when absent. */
static int signal_query(struct api_call *c, int *signo, struct err *e)
{
	const char *name = api_query(c, "signal");

	*signo = 0;
	if (!*name)
		return 0;
	*signo = signal_parse(name);
	return *signo ? 0 : err_set(e, ERR_INVALID, "Invalid signal: %s", name);
}

static int stop_or_restart(struct api_call *c,
                           int (*fn)(struct container *, int, int64_t, struct err *), struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	int64_t seconds;
	int signo;

	if (!box || signal_query(c, &signo, e) < 0 ||
	    api_query_int(c, "t", STOP_TIMEOUT_OWN, &seconds, e) < 0)
		return -1;
	return fn(box, signo, seconds, e) < 0 ? -1 : api_answer_nothing(c, 204);
}

int api_container_stop(struct api_call *c, struct err *e)
{
	return stop_or_restart(c, container_stop, e);
}

int api_container_restart(struct api_call *c, struct err *e)
{
	return stop_or_restart(c, container_restart, e);
}

int api_container_kill(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	int signo;

	if (!box || signal_query(c, &signo, e) < 0)
		return -1;
	container_await_start(box);
	return container_kill(box, signo ? signo : SIGKILL, e) < 0 ? -1
	                                                           : api_answer_nothing(c, 204);
}

int api_container_pause(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);

	return !box || container_pause(box, true, e) < 0 ? -1 : api_answer_nothing(c, 204);
}

int api_container_unpause(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);

	return !box || container_pause(box, false, e) < 0 ? -1 : api_answer_nothing(c, 204);
}

int api_container_remove(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);

	if (!box)
		return -1;
	if (api_query_flag(c, "link"))
		return err_set(e, ERR_UNIMPLEMENTED, "links are not there yet");
	return container_remove(box, api_query_flag(c, "force"), api_query_flag(c, "v"), e) < 0
	               ? -1
	               : api_answer_nothing(c, 204);
}

int api_container_update(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	struct api_warnings answer = { 0 };
	struct api_update body;

	if (!box || api_body(c, &api_update_type, &body, false, e) < 0)
		return -1;
	host_discard(c->arena, &body.blkio_weight_device.n, &answer.warnings);
	if (container_update(box, &body, e) < 0)
		return -1;
	return api_answer(c, 200, &api_warnings_type, &answer);
}

int api_container_rename(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	const char *name = api_query(c, "name");

	return !box || container_rename(box, name, e) < 0 ? -1 : api_answer_nothing(c, 204);
}
