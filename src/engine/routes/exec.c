/* The four operations of exec. */
#include <unistd.h>
#include "base/fd.h"
#include "engine/routes/container.h"
#include "engine/container/exec.h"

int api_exec_create(struct api_call *c, struct err *e)
{
	_cleanup_container_ struct container *box = api_container(c, e);
	_cleanup_exec_ struct exec *x = NULL;
	struct api_exec_create body;
	struct api_id answer;

	if (!box || api_body(c, &api_exec_create_type, &body, false, e) < 0)
		return -1;
	if (body.cmd.n == 0)
		return err_set(e, ERR_INVALID, "No exec command specified");
	if (detach_keys_check(api_detach_keys(true, body.detach_keys), e) < 0)
		return -1;
	container_await_start(box);
	x = exec_create(box, &body, e);
	if (!x)
		return -1;
	exec_created(x);
	answer.id = x->id;
	return api_answer(c, 201, &api_id_type, &answer);
}

static int start_attached(struct api_call *c, struct exec *x, struct err *e)
{
	const struct api_exec_create *config = &x->config;
	_cleanup_buf_ struct buf early = { 0 };
	_cleanup_close_ int fd = -1;
	struct stdio_client client = {
		.in = config->attach_stdin,
		.out = config->attach_stdout,
		.err = config->attach_stderr,
		.wire = config->tty ? STDIO_RAW : STDIO_MUX,
		.close_stdin = !config->tty,
		.detach_keys = api_detach_keys(config->tty, config->detach_keys),
	};

	fd = http_reply_hijack(c->reply, api_stream_type(c, config->tty), &early, e);
	if (fd < 0)
		return -1;
	client.fd = fd;
	client.early = early.data;
	client.early_len = early.len;
	if (exec_run(x, &client, e) < 0)
		api_stream_error(fd, !config->tty, e);
	else
		take_fd(&fd);
	return 0;
}

int api_exec_start(struct api_call *c, struct err *e)
{
	_cleanup_exec_ struct exec *x = execs_find(c->engine->execs, api_param(c, "id"), e);
	struct api_exec_start body;
	struct container_state s;

	if (!x || api_body(c, &api_exec_start_type, &body, true, e) < 0)
		return -1;
	container_get_state(x->container, &s);
	if (s.status == CONTAINER_PAUSED)
		return err_set(e, ERR_PRECONDITION, "Container %s is paused", x->container->id);
	if (s.status != CONTAINER_RUNNING)
		return err_set(e, ERR_PRECONDITION, "Container %s is not running",
		               x->container->id);
	if (exec_claim(x, &body, e) < 0)
		return -1;
	if (!body.detach)
		return start_attached(c, x, e);
	return exec_run(x, NULL, e) < 0 ? -1 : api_answer_nothing(c, 200);
}

int api_exec_resize(struct api_call *c, struct err *e)
{
	_cleanup_exec_ struct exec *x = execs_find(c->engine->execs, api_param(c, "id"), e);
	unsigned w, h;

	if (!x || api_window(c, &w, &h, e) < 0 || exec_resize(x, w, h, e) < 0)
		return -1;
	return api_answer_nothing(c, 200);
}

int api_exec_inspect(struct api_call *c, struct err *e)
{
	_cleanup_exec_ struct exec *x = execs_find(c->engine->execs, api_param(c, "id"), e);
	const struct api_exec_create *config;
	struct api_exec_process process;
	struct api_exec_inspect out;

	if (!x)
		return -1;
	config = &x->config;
	process = (struct api_exec_process){ .entrypoint = config->cmd.v[0],
		                             .arguments = { config->cmd.n - 1, config->cmd.v + 1 },
		                             .privileged = { true, config->privileged },
		                             .tty = config->tty,
		                             .user = config->user };
	pthread_mutex_lock(&x->lock);
	out = (struct api_exec_inspect){
		.id = x->id,
		.running = x->status == EXEC_RUNNING || x->status == EXEC_STARTING,
		.exit_code = { x->status == EXEC_EXITED, x->exit_code },
		.process = &process,
		.open_stdin = config->attach_stdin,
		.open_stdout = config->attach_stdout,
		.open_stderr = config->attach_stderr,
		.container_id = x->container->id,
		.detach_keys = config->detach_keys,
		.pid = x->pid,
	};
	pthread_mutex_unlock(&x->lock);
	return api_answer(c, 200, &api_exec_inspect_type, &out);
}
