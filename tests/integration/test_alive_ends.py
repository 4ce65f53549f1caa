"""Containers that end while nobody looks: exit codes, times, restart policies."""

import datetime
import json
import time

import pytest

pytestmark = [pytest.mark.ours, pytest.mark.needs("dockerd", "containerd")]

# name, restart policy, program -> what `ps` says once the engine is back
ENDED = [("no", "no", "sleep 0.5; exit 7", "exited"),
         ("always", "always", "sleep 0.5; [ -e /again ] || { touch /again; exit 7; }; sleep 1000",
          "running"),
         ("unless", "unless-stopped",
          "sleep 0.5; [ -e /again ] || { touch /again; exit 0; }; sleep 1000", "running"),
         ("failed", "on-failure", "sleep 0.5; [ -e /again ] || { touch /again; exit 7; }; sleep 1000",
          "running"),
         ("fine", "on-failure", "sleep 0.5; exit 0", "exited"),
         ("often", "on-failure:1", "sleep 0.5; exit 9", "exited"),
         ("stays", "always", "sleep 1000", "running")]


def state_of(stack, name):
    return json.loads(stack.docker("inspect", name, check=True).stdout)[0]


def parse(text):
    return datetime.datetime.fromisoformat(text[:26].rstrip("Z") + "+00:00").timestamp()


@pytest.mark.parametrize("victims", [("dockerd",), ("dockerd", "containerd")], ids="+".join)
def test_ended_while_the_engine_was_down(fresh_stack, victims):
    stack = fresh_stack
    for name, policy, program, _ in ENDED:
        stack.docker("run", "-d", "--name", name, "--network=none", f"--restart={policy}", "busybox",
                     "sh", "-c", program, check=True)
    stack.docker("run", "-d", "--name", "stopped", "--network=none", "--restart=unless-stopped",
                 "busybox", "sleep", "1000", check=True)
    stack.docker("kill", "stopped", check=True)
    began = {name: parse(state_of(stack, name)["State"]["StartedAt"]) for name, *_ in ENDED}
    for victim in victims:
        assert stack.kill(victim) == 1
    time.sleep(1.5)
    stack.start_dockerd()
    wanted = {name: status for name, _, _, status in ENDED} | {"stopped": "exited"}

    def statuses():
        lines = stack.docker("ps", "-a", "--format", "{{.Names}} {{.State}}").stdout.splitlines()
        return dict(line.split() for line in lines)
    for _ in range(100):
        if statuses() == wanted:
            break
        time.sleep(0.1)
    assert statuses() == wanted
    done = state_of(stack, "no")["State"]
    assert done["ExitCode"] == 7
    assert 0.4 < parse(done["FinishedAt"]) - began["no"] < 1.2
    assert state_of(stack, "often")["State"]["ExitCode"] == 9
    assert state_of(stack, "often")["RestartCount"] == 1
    assert state_of(stack, "failed")["RestartCount"] == 1
    assert state_of(stack, "stays")["RestartCount"] == 0


def test_killed_between_the_end_and_its_record(fresh_stack):
    """An engine that is killed just after a container ended still knows the exit code."""
    stack = fresh_stack
    for n in range(8):
        name = f"box{n}"
        stack.docker("run", "-d", "--name", name, "--network=none", "busybox", "sh", "-c",
                     "trap 'exit 5' TERM; while :; do sleep 0.01; done", check=True)
        client = stack.docker_popen("stop", name, stdout=-3, stderr=-3)
        time.sleep(0.012 + 0.004 * n)
        stack.kill("dockerd")
        client.wait(10)
        stack.start_dockerd()
        state = stack.wait_for(lambda name=name: state_of(stack, name)["State"])
        if state["Status"] == "running":        # the signal had not been sent yet
            stack.docker("stop", name, check=True)
            state = state_of(stack, name)["State"]
        assert (state["Status"], state["ExitCode"]) == ("exited", 5), name
