"""Health checks: HEALTHCHECK of images, --health-* flags, what inspect, ps and events say of them."""

import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from stack.images import Image, busybox_layer

SLEEP = ("busybox", "sleep", "1000")


def start(docker, *flags, name="box", command=SLEEP):
    docker("run", "-d", "--name", name, *(flags if "--network=bridge" in flags else ("--network=none", *flags)), *command)


def health(docker, name="box"):
    return json.loads(docker("inspect", "-f", "{{json .State.Health}}", name))


def status(docker, name="box"):
    found = health(docker, name)
    return found and found["Status"]


def becomes(stack, docker, wanted, name="box", patience=15):
    stack.wait_for(lambda: status(docker, name) == wanted, patience=patience, every=0.1)


def create(stack, healthcheck, name="box"):
    return stack.api("POST", f"/v1.41/containers/create?name={name}",
                     {"Image": "busybox", "Cmd": ["sleep", "1000"], "Healthcheck": healthcheck,
                      "HostConfig": {"NetworkMode": "none"}})


def words(docker):
    return docker("ps", "-a", "--format", "{{.Status}}")


def test_no_check(docker):
    start(docker)
    assert health(docker) is None
    assert "(" not in words(docker)


def test_healthy(stack, docker):
    start(docker, "--health-cmd", "echo fine", "--health-interval", "1s")
    assert health(docker) == {"Status": "starting", "FailingStreak": 0, "Log": []}
    assert words(docker).endswith("(health: starting)")
    becomes(stack, docker, "healthy")
    assert words(docker).endswith("(healthy)")
    found = health(docker)
    assert found["FailingStreak"] == 0
    first = found["Log"][0]
    assert first["ExitCode"] == 0 and first["Output"] == "fine\n"
    assert first["Start"] < first["End"]


def test_unhealthy_after_retries_and_back(stack, docker):
    start(docker, "--health-cmd", "test -e /up", "--health-interval", "0.3s", "--health-retries", "3")
    stack.wait_for(lambda: health(docker)["FailingStreak"] >= 1)
    becomes(stack, docker, "unhealthy")
    found = health(docker)
    assert found["FailingStreak"] >= 3 and found["Log"][0]["ExitCode"] == 1
    assert words(docker).endswith("(unhealthy)")
    docker("exec", "box", "touch", "/up")
    becomes(stack, docker, "healthy")
    assert health(docker)["FailingStreak"] == 0


def test_last_five_results(stack, docker):
    start(docker, "--health-cmd", "date +%s%N", "--health-interval", "0.1s")
    stack.wait_for(lambda: len(health(docker)["Log"]) == 5)
    before = health(docker)["Log"]
    stack.wait_for(lambda: health(docker)["Log"][0] != before[0])
    log = health(docker)["Log"]
    assert len(log) == 5 and [r["Start"] for r in log] == sorted(r["Start"] for r in log)


def test_long_output_is_cut(stack, docker):
    start(docker, "--health-cmd", "head -c 6000 /dev/zero | tr '\\0' x", "--health-interval", "0.2s")
    becomes(stack, docker, "healthy")
    assert health(docker)["Log"][0]["Output"] == "x" * 4096 + "..."


def test_both_outputs_count(stack, docker):
    start(docker, "--health-cmd", "echo out; echo err >&2", "--health-interval", "0.2s")
    becomes(stack, docker, "healthy")
    assert sorted(health(docker)["Log"][0]["Output"].split()) == ["err", "out"]


def test_time_limit(stack, docker):
    start(docker, "--health-cmd", "echo slow; sleep 777", "--health-interval", "0.2s",
          "--health-timeout", "1s", "--health-retries", "1")
    becomes(stack, docker, "unhealthy")
    last = health(docker)["Log"][-1]
    assert last["ExitCode"] == -1
    assert last["Output"].startswith("Health check exceeded timeout (1s)")


@pytest.mark.ours
def test_time_limit_ends_the_process(stack, docker):
    start(docker, "--health-cmd", "exec sleep 777", "--health-interval", "0.2s", "--health-timeout",
          "0.3s", "--health-retries", "1")
    becomes(stack, docker, "unhealthy")
    docker("pause", "box")
    docker("unpause", "box")
    stack.wait_for(lambda: len(health(docker)["Log"]) >= 3)
    assert docker("top", "box").count("sleep 777") <= 1


def test_command_that_is_not_there(stack, docker):
    assert create(stack, {"Test": ["CMD", "nofile"], "Interval": 200_000_000, "Retries": 1}).status == 201
    docker("start", "box")
    becomes(stack, docker, "unhealthy")
    last = health(docker)["Log"][-1]
    assert last["ExitCode"] == -1
    assert 'exec: "nofile": executable file not found in $PATH' in last["Output"]


def test_start_period(stack, docker):
    """Failures while it starts do not count; the first success ends the start."""
    start(docker, "--health-cmd", "test -e /up", "--health-interval", "0.2s", "--health-retries", "1",
          "--health-start-period", "4s")
    time.sleep(1.5)
    assert status(docker) == "starting" and health(docker)["FailingStreak"] == 0
    docker("exec", "box", "touch", "/up")
    becomes(stack, docker, "healthy")
    docker("exec", "box", "rm", "/up")
    becomes(stack, docker, "unhealthy")


@pytest.mark.ours
def test_start_interval(stack, docker):
    """Checks come faster while the container starts (newer engines)."""
    check = {"Test": ["CMD", "true"], "Interval": 60_000_000_000, "StartPeriod": 60_000_000_000,
             "StartInterval": 300_000_000}
    assert create(stack, check).status == 201
    docker("start", "box")
    becomes(stack, docker, "healthy", patience=5)


def test_check_of_the_image(stack, docker, registry):
    check = {"Test": ["CMD-SHELL", "echo of the image"], "Interval": 200_000_000}
    image = Image([busybox_layer()], config={"Healthcheck": check, "Cmd": ["sleep", "1000"]})
    image.push(registry, "checked")
    checked = registry.name("checked")
    docker("pull", checked)
    start(docker, command=(checked,))
    becomes(stack, docker, "healthy")
    assert health(docker)["Log"][0]["Output"] == "of the image\n"
    assert json.loads(docker("inspect", "-f", "{{json .Config.Healthcheck}}", "box")) == check
    start(docker, "--no-healthcheck", name="without", command=(checked,))
    assert health(docker, "without") is None
    start(docker, "--health-retries", "7", name="mixed", command=(checked,))
    mixed = json.loads(docker("inspect", "-f", "{{json .Config.Healthcheck}}", "mixed"))
    assert mixed == {**check, "Retries": 7}


def test_shell_and_user_of_the_container(stack, docker):
    start(docker, "--health-cmd", "id -u; pwd; echo $MOOD", "--health-interval", "0.2s", "--user", "7",
          "-w", "/tmp", "-e", "MOOD=good")
    becomes(stack, docker, "healthy")
    assert health(docker)["Log"][0]["Output"].split() == ["7", "/tmp", "good"]


def test_events(stack, docker):
    process = stack.docker_popen("events", "--since", str(time.time()), "--filter", "type=container",
                                 "--format", "{{.Action}}", stdout=subprocess.PIPE, text=True)
    start(docker, "--health-cmd", "test ! -e /down", "--health-interval", "0.5s", "--health-retries",
          "1")
    becomes(stack, docker, "healthy")
    docker("exec", "box", "touch", "/down")
    lines = []
    while "health_status: unhealthy" not in lines:
        lines.append(process.stdout.readline().rstrip())
    process.terminate()
    process.communicate(timeout=10)
    assert [line for line in lines if line.startswith("health_status")] == [
        "health_status: healthy", "health_status: unhealthy"]
    check = "/bin/sh -c test ! -e /down"
    assert lines.index(f"exec_create: {check}") < lines.index(f"exec_start: {check}")


def test_filters_of_ps(stack, docker):
    start(docker, "--health-cmd", "true", "--health-interval", "0.2s", name="good")
    start(docker, "--health-cmd", "false", "--health-interval", "0.2s", "--health-retries", "1",
          name="bad")
    start(docker, "--health-cmd", "true", "--health-interval", "1h", name="early")
    start(docker, name="plain")
    becomes(stack, docker, "healthy", "good")
    becomes(stack, docker, "unhealthy", "bad")
    for value, name in [("healthy", "good"), ("unhealthy", "bad"), ("starting", "early"),
                        ("none", "plain")]:
        assert docker("ps", "-f", f"health={value}", "--format", "{{.Names}}") == name
    wrong = stack.docker("ps", "-f", "health=fine", check=False)
    assert re.search("invalid filter 'health=fine'|Unrecognised filter value for health: fine", wrong.stderr)


@pytest.mark.parametrize("check, message", [
    ({"Test": ["CMD", "true"], "Interval": 1000}, "Interval in Healthcheck cannot be less than 1ms"),
    ({"Test": ["CMD", "true"], "Timeout": -1}, "Timeout in Healthcheck cannot be less than 1ms"),
    ({"Test": ["CMD", "true"], "StartPeriod": 1}, "StartPeriod in Healthcheck cannot be less than 1ms"),
    ({"Test": ["CMD", "true"], "Retries": -1}, "Retries in Healthcheck cannot be negative"),
])
def test_refused_at_create(stack, check, message):
    answer = create(stack, check)
    assert (answer.status, answer.json["message"]) == (400, message)


@pytest.mark.ours
def test_check_without_a_command_is_refused(stack):
    """The original takes it, and dies at the first check."""
    answer = create(stack, {"Test": ["CMD"]})
    assert (answer.status, answer.json["message"]) == (400, "Test in Healthcheck has no command")


def test_kinds_of_tests_that_are_none(stack, docker):
    assert create(stack, {"Test": ["NONE"]}, "none").status == 201
    assert create(stack, {"Test": ["WHAT", "true"]}, "what").status == 201
    docker("start", "none", "what")
    assert health(docker, "none") is None and health(docker, "what") is None


def test_stop_and_start_again(stack, docker):
    start(docker, "--health-cmd", "true", "--health-interval", "1s")
    becomes(stack, docker, "healthy")
    docker("stop", "-t", "0", "box")
    assert status(docker) == "unhealthy"
    assert "health" not in words(docker)
    docker("start", "box")
    assert status(docker) == "starting"
    becomes(stack, docker, "healthy")


def test_pause(stack, docker):
    """A paused container is not checked, and becomes healthy again by its next check."""
    start(docker, "--health-cmd", "true", "--health-interval", "0.5s")
    becomes(stack, docker, "healthy")
    docker("pause", "box")
    assert status(docker) == "unhealthy"
    time.sleep(1)
    count = health(docker)["Log"]
    time.sleep(1)
    assert health(docker)["Log"] == count
    docker("unpause", "box")
    becomes(stack, docker, "healthy")


@pytest.mark.ours
def test_engine_killed(stack, docker):
    """Status and results are there again, the next check comes when it is due."""
    start(docker, "--health-cmd", "true", "--health-interval", "1h", "--health-start-period", "1h",
          name="early")
    start(docker, "--health-cmd", "false", "--health-interval", "0.3s", "--health-retries", "2",
          name="bad")
    start(docker, "--health-cmd", "exec sleep 555", "--health-interval", "0.2s", "--health-timeout",
          "10m", name="busy")
    becomes(stack, docker, "unhealthy", "bad")
    stack.wait_for(lambda: "sleep 555" in docker("top", "busy"))
    before = health(docker, "bad")
    stack.kill("dockerd")
    stack.start_dockerd()
    after = health(docker, "bad")
    assert after["Status"] == "unhealthy" and after["FailingStreak"] >= before["FailingStreak"]
    assert before["Log"][-1]["Start"] in [r["Start"] for r in after["Log"]]
    assert status(docker, "early") == "starting"
    stack.wait_for(lambda: health(docker, "bad")["FailingStreak"] > after["FailingStreak"])
    # The check that ran when the engine died is put away, another takes its place.
    stack.wait_for(lambda: docker("top", "busy").count("sleep 555") == 1)
    time.sleep(1)
    assert docker("top", "busy").count("sleep 555") == 1


@pytest.mark.ours
def test_containerd_killed(stack, docker):
    start(docker, "--health-cmd", "true", "--health-interval", "0.3s", "--health-retries", "1")
    becomes(stack, docker, "healthy")
    stack.kill("containerd")
    last = health(docker)["Log"][-1]["Start"]
    stack.wait_for(lambda: health(docker)["Log"][-1]["Start"] > last)
    becomes(stack, docker, "healthy")


@pytest.mark.ours
def test_checks_leave_nothing(stack, docker, no_leaks):
    start(docker, "--health-cmd", "true", "--health-interval", "0.05s", "--network=bridge", "-p", "998:998")
    stack.wait_for(lambda: len(health(docker)["Log"]) == 5)

    def fds():
        return len(stack.exec(["sh", "-c", "ls /proc/$(pidof dockerd)/fd"]).stdout.split())
    before = fds()
    time.sleep(3)
    assert 3 < fds() < before + 8
    folder = json.loads(docker("inspect", "box"))[0]["Id"]
    docker("pause", "box")
    time.sleep(0.5)
    run = Path(stack.sandbox.path(f"/run/docker/containerd/{folder}"))
    assert sorted(p.name for p in run.iterdir()) == ["health.json", "init"]
    docker("rm", "-f", "box")
