"""Restart policies: when a container is started again, when it is not, and how long that takes."""

import json
import time
from datetime import datetime

import pytest

SH = ("busybox", "sh", "-c")


def run(docker, policy, script, *flags, name="box"):
    docker("run", "-d", "--name", name, "--network=none", "--restart", policy, *flags, *SH, script)


def starts(docker, name="box"):
    """How often it ran, by what it wrote."""
    return len(docker("logs", name).splitlines())


def state(docker, name="box"):
    found = json.loads(docker("inspect", name))[0]
    return {**found["State"], "RestartCount": found["RestartCount"]}


def settle(stack, docker, wanted="exited", name="box", patience=20):
    stack.wait_for(lambda: state(docker, name)["Status"] == wanted, patience=patience, every=0.1)


def moment(text):
    return datetime.fromisoformat(text.rstrip("Z")[:26])


def test_no(stack, docker):
    run(docker, "no", "echo x; exit 3")
    settle(stack, docker)
    time.sleep(0.5)
    assert starts(docker) == 1 and state(docker)["RestartCount"] == 0


def test_on_failure(stack, docker):
    """So many times again; the last exit code stays."""
    run(docker, "on-failure:3", "echo x; exit 7")
    stack.wait_for(lambda: starts(docker) == 4)
    settle(stack, docker)
    got = state(docker)
    assert (got["RestartCount"], got["ExitCode"], got["Running"]) == (3, 7, False)


def test_on_failure_and_success(stack, docker):
    run(docker, "on-failure", "echo x; [ -e /again ] || { touch /again; exit 1; }; exit 0")
    stack.wait_for(lambda: starts(docker) == 2)
    settle(stack, docker)
    assert state(docker)["RestartCount"] == 1 and state(docker)["ExitCode"] == 0


def test_always_after_success(stack, docker):
    run(docker, "always", "echo x; sleep 0.1")
    stack.wait_for(lambda: starts(docker) >= 3)
    assert state(docker)["RestartCount"] >= 2


def test_back_off_doubles(stack, docker):
    """100 ms, 200, 400, 800: between one end and the next start, and not much more."""
    run(docker, "always", "date +%s%N; exit 1")
    stack.wait_for(lambda: starts(docker) == 5, patience=20)
    docker("stop", "-t", "0", "box")
    lines = [line.split() for line in docker("logs", "-t", "box").splitlines()[:5]]
    times = [moment(line[0]) for line in lines]
    waits = [(b - a).total_seconds() for a, b in zip(times, times[1:])]
    for wait, least in zip(waits, (0.1, 0.2, 0.4, 0.8)):
        assert least <= wait < least + 1.5, waits


@pytest.mark.long
def test_ten_seconds_forget_the_back_off(stack, docker):
    """A container that ran so long begins with 100 ms again; the count goes on."""
    run(docker, "always", "echo x; n=$(wc -l < /count 2>/dev/null || echo 0); echo x >> /count; [ $n -lt 5 ] || sleep 10.5")
    stack.wait_for(lambda: starts(docker) == 6, patience=30)
    stack.wait_for(lambda: starts(docker) == 7, patience=20)
    times = [moment(line.split()[0]) for line in docker("logs", "-t", "box").splitlines()]
    assert (times[6] - times[5]).total_seconds() < 11.5
    assert state(docker)["RestartCount"] == 6


@pytest.mark.parametrize("policy", ["always", "unless-stopped", "on-failure"])
def test_stop_is_honoured(stack, docker, policy):
    run(docker, policy, "echo x; trap 'exit 1' TERM; while :; do sleep 0.1; done")
    stack.wait_for(lambda: starts(docker) == 1)
    docker("stop", "box")
    time.sleep(0.6)
    assert state(docker)["Status"] == "exited" and starts(docker) == 1


@pytest.mark.parametrize("signal", ["KILL", "TERM"])
def test_kill_is_honoured(stack, docker, signal):
    run(docker, "always", "echo x; trap 'exit 1' TERM; while :; do sleep 0.1; done")
    stack.wait_for(lambda: starts(docker) == 1)
    docker("kill", "-s", signal, "box")
    time.sleep(0.6)
    assert state(docker)["Status"] == "exited" and starts(docker) == 1


def test_stop_while_it_waits(stack, docker):
    run(docker, "always", "echo x; exit 1")
    settle(stack, docker, "restarting")
    stack.wait_for(lambda: starts(docker) >= 4)
    docker("stop", "box")
    count = starts(docker)
    assert state(docker)["Status"] == "exited"
    time.sleep(2)
    assert starts(docker) == count


def test_while_it_waits(stack, docker, refused):
    """It counts as running: exec and rm are refused, start does nothing, rm -f works."""
    run(docker, "always", "echo x; exit 1")
    stack.wait_for(lambda: starts(docker) >= 5)
    settle(stack, docker, "restarting")
    assert docker("ps", "--format", "{{.Status}}").startswith("Restarting (1)")
    assert "restarting" in refused(1, "exec", "box", "true").lower()
    assert "force remove" in refused(1, "rm", "box").lower()
    docker("rm", "-f", "box")
    assert docker("ps", "-aq") == ""


def test_start_by_hand_counts_anew(stack, docker):
    run(docker, "on-failure:2", "echo x; exit 1")
    stack.wait_for(lambda: starts(docker) == 3)
    settle(stack, docker)
    docker("start", "box")
    stack.wait_for(lambda: starts(docker) == 6)
    settle(stack, docker)
    assert state(docker)["RestartCount"] == 2


def test_update_of_the_policy(stack, docker):
    run(docker, "no", "echo x; while [ ! -e /go ]; do sleep 0.1; done; rm /go; exit 1")
    docker("update", "--restart", "on-failure:1", "box")
    docker("exec", "box", "touch", "/go")
    stack.wait_for(lambda: starts(docker) == 2)
    docker("update", "--restart", "no", "box")
    docker("exec", "box", "touch", "/go")
    settle(stack, docker)
    time.sleep(0.5)
    assert starts(docker) == 2


def test_events_and_wait(stack, docker):
    """Each end is one `die`, each new start one `start`; who waits gets the first code."""
    began = docker("run", "--rm", "--network=none", "busybox", "date", "+%s")
    run(docker, "on-failure:2", "echo x; sleep 0.5; exit 4")
    assert docker("wait", "box") == "4"
    stack.wait_for(lambda: starts(docker) == 3)
    settle(stack, docker)
    until = docker("run", "--rm", "--network=none", "busybox", "date", "+%s")
    ident = docker("inspect", "-f", "{{.Id}}", "box")   # an older box may have ended in the same second
    events = docker("events", "--since", began, "--until", str(int(until) + 1), "-f", f"container={ident}",
                    "--format", "{{.Action}}").splitlines()
    assert events.count("die") == 3 and events.count("start") == 3 and "restart" not in events


@pytest.mark.parametrize("flags, message", [
    (["--rm", "--restart", "always"], "conflicting options"),
    (["--restart", "sometimes"], "sometimes"),
    (["--restart", "always:3"], "maximum"),
    (["--restart", "on-failure:x"], "maximum retry count must be an integer"),
], ids=str)
def test_refused(stack, flags, message):
    done = stack.docker("create", *flags, "busybox", "true")
    assert done.returncode and message in done.stderr.lower()


@pytest.mark.parametrize("policy, message", [
    ({"Name": "sometimes"}, "invalid restart policy"),
    ({"Name": "always", "MaximumRetryCount": 3}, "maximum retry count"),
    ({"Name": "on-failure", "MaximumRetryCount": -1}, "maximum retry count cannot be negative"),
])
def test_refused_by_the_api(stack, policy, message):
    answer = stack.api("POST", "/v1.41/containers/create", {
        "Image": "busybox", "Cmd": ["true"], "HostConfig": {"RestartPolicy": policy}})
    assert answer.status == 400 and message in answer.json["message"]


def test_refused_with_auto_remove(stack):
    answer = stack.api("POST", "/v1.41/containers/create", {
        "Image": "busybox", "Cmd": ["true"],
        "HostConfig": {"AutoRemove": True, "RestartPolicy": {"Name": "always"}}})
    assert answer.status in (400, 409)
    assert answer.json["message"] == "can't create 'AutoRemove' container with restart policy"


# ---- the engine ends and comes back ----

POLICIES = ("no", "on-failure", "unless-stopped", "always")


def statuses(docker, prefix):
    return {policy: state(docker, f"{prefix}-{policy}")["Running"] for policy in POLICIES}


@pytest.fixture
def own(make):
    stack = make(daemon_json={"live-restore": False})

    def docker(*args):
        done = stack.docker(*args)
        assert done.returncode == 0, f"{args}: {done.stdout}{done.stderr}"
        return done.stdout.strip()
    return stack, docker


def test_engine_stops_its_containers(own):
    """What ran when the engine stopped it is started with it, but by `no`; what was stopped by hand
    only by `always`."""
    stack, docker = own
    for policy in POLICIES:
        for prefix in ("ran", "stopped"):
            run(docker, policy, "sleep 1000", "--stop-timeout", "1", name=f"{prefix}-{policy}")
    docker("stop", "-t", "0", *[f"stopped-{policy}" for policy in POLICIES])
    docker("create", "--name", "never", "--restart", "always", "busybox", "sleep", "1000")
    stack.restart()
    stack.wait_for(lambda: statuses(docker, "stopped")["always"])
    time.sleep(1)
    assert statuses(docker, "ran") == {"no": False, "on-failure": True, "unless-stopped": True, "always": True}
    found = statuses(docker, "stopped")
    del found["on-failure"]     # the original starts it, against its documentation
    assert found == {"no": False, "unless-stopped": False, "always": True}
    assert state(docker, "never")["Status"] == "created"


@pytest.mark.ours
def test_stopped_by_hand_with_on_failure_stays_stopped(own):
    stack, docker = own
    run(docker, "on-failure", "sleep 1000")
    docker("stop", "-t", "0", "box")
    stack.restart()
    time.sleep(0.5)
    assert state(docker)["Status"] == "exited"


@pytest.mark.ours
def test_ended_while_the_engine_was_away(stack, docker):
    """True exit codes, and each policy does what it says once the engine is back."""
    for policy in POLICIES:
        run(docker, policy, "echo x; [ -e /again ] && exec sleep 1000; touch /again; sleep 1; exit 5", name=f"box-{policy}")
    stack.kill("dockerd")
    time.sleep(1.5)
    stack.start_dockerd()
    for policy in POLICIES[1:]:
        stack.wait_for(lambda: state(docker, f"box-{policy}")["Status"] == "running")
        assert state(docker, f"box-{policy}")["RestartCount"] == 1
    got = state(docker, "box-no")
    assert (got["Status"], got["ExitCode"]) == ("exited", 5)


@pytest.mark.ours
def test_killed_while_it_waits(stack, docker):
    """The restart that was due comes after the engine's own."""
    run(docker, "always", "echo x; exit 1")
    stack.wait_for(lambda: starts(docker) >= 5)
    stack.wait_for(lambda: state(docker)["Status"] == "restarting")
    stack.kill("dockerd")
    stack.start_dockerd()
    count = starts(docker)
    stack.wait_for(lambda: starts(docker) > count)
    docker("stop", "box")


# ---- remove-on-exit ----

@pytest.mark.ours
def test_auto_remove_while_the_engine_was_away(stack, docker, no_leaks):
    docker("run", "-d", "--rm", "--name", "box", "-p", "998:998", *SH, "sleep 0.5")
    stack.kill("dockerd")
    time.sleep(1)
    stack.start_dockerd()
    stack.wait_for(lambda: docker("ps", "-aq") == "")


@pytest.mark.ours
def test_auto_remove_under_kills(stack, docker, no_leaks):
    """Killed at any moment around its end: it is gone afterwards, with everything of it."""
    for i in range(8):
        docker("run", "-d", "-i", "--rm", "--name", f"box{i}", "-p", "998:998", *SH, "read x")
        process = stack.docker_popen("kill", f"box{i}")
        time.sleep(0.012 + 0.006 * i)
        stack.kill("dockerd")
        process.wait(20)
        stack.start_dockerd()
        if f"box{i}" in docker("ps", "--format", "{{.Names}}"):
            docker("kill", f"box{i}")      # it never heard of the signal
        stack.wait_for(lambda: docker("ps", "-aq") == "")
    docker("run", "--rm", "-p", "998:998", "busybox", "true")   # the port server is there, as before
