/*
 * Shims that died without having been asked to. Their `delete` program ends what is left of the
 * container and says how it ended (from the record in the bundle, if the container had ended
 * before); then the world is told, as the shim would have done.
 */
#include "base/clock.h"
#include "base/log.h"
#include "containerd/bundle.h"
#include "containerd/exchange.h"
#include "containerd/task.h"
#include "proto/task_events.pb-c.h"
#include "rpc/wkt.h"

/* What is said when even `delete` fails: killed, now. */
#define STATUS_KILLED (128 + 9)

static void publish_end(const struct shim_command *c, struct arena *a,
                        const Shim__DeleteResponse *end)
{
	Events__TaskExit exit = EVENTS__TASK_EXIT__INIT;
	Events__TaskDelete deleted = EVENTS__TASK_DELETE__INIT;
	Google__Timestamp *at =
	        end && end->exited_at ? end->exited_at : wkt_timestamp(a, clock_now_ns());
	uint32_t status = end ? end->exit_status : STATUS_KILLED;

	exit.container_id = exit.id = deleted.container_id = c->id;
	pb_set(&exit, pid, end ? end->pid : 0);
	pb_set(&exit, exit_status, status);
	exit.exited_at = at;
	exchange_publish(c->d->events, c->ns, "/tasks/exit", &exit);
	pb_set(&deleted, pid, exit.pid);
	pb_set(&deleted, exit_status, status);
	deleted.exited_at = at;
	exchange_publish(c->d->events, c->ns, "/tasks/delete", &deleted);
}

void task_bury_bundle(const struct shim_command *c)
{
	_cleanup_arena_ struct arena a = { 0 };
	Shim__DeleteResponse *end = NULL;
	struct err e = { 0 };

	log_warn("cleaning up after dead shim of %s in namespace %s", c->id, c->ns);
	if (c->binary) {
		end = shim_delete(c, &a, &e);
		if (!end)
			log_warn_of(&e, "clean up after dead shim");
	}
	shim_remove_socket(c);
	if (bundle_remove(c->d->config, c->ns, c->id, &e) < 0)
		log_warn_of(&e, "clean up after dead shim");
	tasks_release(c->d->tasks, c->ns, c->id); /* who hears of the end may start it again */
	publish_end(c, &a, end);
}

void task_bury(void *arg)
{
	struct task *task = arg;
	struct shim_command c = task_command(task);

	if (task_take_out(task))
		task_bury_bundle(&c);
	task_unref(task);
}
